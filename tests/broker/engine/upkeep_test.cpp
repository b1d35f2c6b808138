// What the engine does by time, and what it refuses to write in halves.
#include <array>

#include <gtest/gtest.h>

#include "broker/engine/engine.hpp"
#include "common/base/bytes.hpp"
#include "tests/broker/engine/chunked_log.hpp"
#include "tests/broker/engine/memory_log.hpp"

namespace esteira::engine {
namespace {

using namespace std::chrono_literals;
using dialogue::Code;
using dialogue::Verdict;

class UpkeepTest : public testing::Test {
protected:
    UpkeepTest() { engine_.recovered(now_); }

    dialogue::Answer ask(const dialogue::Operation& operation) {
        ++ticket_;
        engine_.execute(ticket_, {Bytes16{std::byte{1}}, ticket_, operation}, ticket_, now_);
        dialogue::Answer answer = std::move(engine_.answers().back().response.answer);
        engine_.end_turn();
        return answer;
    }
    dialogue::Receipt receive(const char* queue, std::uint32_t count = 1) {
        return std::get<dialogue::ReceiveReply>(ask(dialogue::Receive{queue, count})).receipt;
    }
    void pass(Millis time) {
        now_.broker += time;
        now_.wall += time;
    }

    ChunkedLog log_;
    NoTools tools_;
    Engine engine_{log_, tools_, 7};
    Now now_{Time{Millis{3'600'000}}, WallTime{Millis{1'700'000'000'000}}};
    std::uint64_t ticket_ = 0;
};

TEST_F(UpkeepTest, TheLogIsNotKeptForADeduplicationIdThatIsOver) {
    const std::array<std::byte, 1> body{};
    dialogue::SendEntry entry{body};
    entry.group = "g";
    entry.dedup = "1";
    ask(dialogue::CreateQueue{"q.fifo", {{"FifoQueue", "true"}}, {}});
    ask(dialogue::Send{"q.fifo", {entry}});
    ask(dialogue::Settle{{{receive("q.fifo"), 0, 1, Verdict::done}}, {}});
    ++log_.open;
    engine_.sweep(now_);
    EXPECT_EQ(engine_.first_needed(log_.open), 1U);
    pass(limits::kDedupKept);
    engine_.sweep(now_);
    EXPECT_EQ(engine_.first_needed(log_.open), log_.open);
}

TEST_F(UpkeepTest, AWorkerIsNotSilentForWhatCameInALongTurn) {
    ask(dialogue::CreateQueue{"q", {}, {}});
    ask(dialogue::Hello{"w", "pool", "host", 1});
    const std::array<std::byte, 1> body{};
    ask(dialogue::Send{"q", {{body}}});
    receive("q");
    // The turn takes a while, and a sign of life that comes in it is noted with its beginning.
    engine_.sweep(now_);
    ask(dialogue::Beat{});
    pass(limits::kWorkerSilentMax + 3s);
    engine_.sweep(now_);
    EXPECT_EQ(engine_.find_queue("q")->leases().in_flight(), 1U);
    // But it is, when nothing comes after that.
    for (Millis silent{0}; silent <= limits::kWorkerSilentMax; silent += 1s) {
        pass(1s);
        engine_.sweep(now_);
    }
    EXPECT_EQ(engine_.find_queue("q")->total(Total::worker_dead), 1U);
}

TEST_F(UpkeepTest, AVerdictWhoseSendsDoNotFitAFrameDoesNothing) {
    ask(dialogue::CreateQueue{"q", {}, {}});
    ask(dialogue::CreateQueue{"next", {}, {}});
    const std::vector<std::byte> body(1'000'000, std::byte{'x'});
    ask(dialogue::Send{"q", {{std::span(body).first(1)}}});
    const dialogue::Receipt receipt = receive("q");
    const auto settle = [&](std::size_t sends) {
        dialogue::VerdictEntry verdict{receipt, 0, 1, Verdict::done};
        for (std::size_t i = 0; i < sends; ++i) {
            verdict.sends.emplace_back("next", dialogue::SendEntry{body});
        }
        const auto answer = ask(dialogue::Settle{{verdict}, {}});
        return std::get<dialogue::SettleReply>(answer).results.at(0).code;
    };
    EXPECT_EQ(settle(5), Code::too_large);
    EXPECT_EQ(engine_.find_queue("next")->messages(), 0U);
    EXPECT_EQ(engine_.find_queue("q")->messages(), 1U);
    EXPECT_EQ(settle(3), Code::ok);
    EXPECT_EQ(engine_.find_queue("next")->messages(), 3U);
    EXPECT_EQ(engine_.find_queue("q")->messages(), 0U);
}

TEST_F(UpkeepTest, WhatAVerdictSendsOnCountsTogetherTowardsTheCap) {
    ask(dialogue::CreateQueue{"q", {}, {}});
    ask(dialogue::CreateQueue{"next", {{"MaxMessages", "2"}}, {}});
    const std::array<std::byte, 1> body{};
    ask(dialogue::Send{"q", {{body}}});
    dialogue::VerdictEntry verdict{receive("q"), 0, 1, Verdict::done};
    verdict.sends.assign(3, {"next", dialogue::SendEntry{body}});
    auto answer = ask(dialogue::Settle{{verdict}, {}});
    EXPECT_EQ(std::get<dialogue::SettleReply>(answer).results.at(0).code, Code::queue_full);
    EXPECT_EQ(engine_.find_queue("next")->messages(), 0U);
    verdict.sends.pop_back();
    answer = ask(dialogue::Settle{{verdict}, {}});
    EXPECT_EQ(std::get<dialogue::SettleReply>(answer).results.at(0).code, Code::ok);
}

TEST_F(UpkeepTest, ACapOfNoBytesIsNone) {
    ask(dialogue::CreateQueue{"q", {{"MaxBytes", "0"}}, {}});
    const std::array<std::byte, 1> body{};
    const auto answer = ask(dialogue::Send{"q", {{body}}});
    EXPECT_EQ(std::get<dialogue::SendReply>(answer).results.at(0).code, Code::ok);
}

}  // namespace
}  // namespace esteira::engine
