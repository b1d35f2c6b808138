#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/journal/local/local_journal.hpp"
#include "broker/server/ops.hpp"
#include "common/base/bytes.hpp"
#include "tests/support/sim_disk.hpp"

namespace esteira::broker {

// A broker without sockets: turns over a journal on a simulated disk, and operators who ask.
class Room {
public:
    Room() { start(); }

    // Also after a crash of the process: what was answered is still there.
    void start() {
        ops_.reset();
        core_.reset();
        journal_.reset();
        journal::LocalOptions options;
        options.segment_bytes = 16 << 20;
        options.frame_bytes = 4 << 20;
        options.tail_bytes = 1 << 20;
        options.random = [this] { return ++epoch_ * 0x9E3779B97F4A7C15ULL; };
        journal_ = std::make_unique<journal::LocalJournal>(disk_, options);
        core_ = std::make_unique<Core>(*journal_, 0xABCD);
        core_->recover();
        core_->start(now());
        ops_ = std::make_unique<Ops>(*core_, *journal_, stats);
    }

    Now now() const { return {Time{Millis{ms_}}, WallTime{Millis{1'700'000'000'000 + ms_}}}; }
    void wait(Millis time) { ms_ += time.count(); }

    // `tickets`: the clients that got an answer in the same turn; nobody does, if not given.
    std::string raw(std::string_view request, std::vector<std::uint64_t>* tickets = nullptr) {
        core_->begin_turn(now());
        std::string answer = ops_->handle(request, now());
        std::vector<std::uint64_t> answered;
        core_->finish_turn([&](std::vector<engine::Answered>& answers) {
            for (const engine::Answered& one : answers) {
                answered.push_back(one.ticket);
            }
        });
        if (tickets != nullptr) {
            *tickets = answered;
        } else {
            EXPECT_TRUE(answered.empty()) << "an operator's answer was left among the clients'";
        }
        return answer;
    }
    Json ask(const std::string& command, Json arguments = Json::object()) {
        const Json request{{"command", command}, {"arguments", std::move(arguments)}};
        return Json::parse(raw(request.dump(-1, ' ', false, Json::error_handler_t::replace)));
    }
    // The result of what must succeed.
    Json good(const std::string& command, Json arguments = Json::object()) {
        const Json answer = ask(command, std::move(arguments));
        EXPECT_EQ(answer.at("ok"), true) << answer;
        return answer.value("result", Json());
    }
    std::string code(const std::string& command, Json arguments = Json::object()) {
        const Json answer = ask(command, std::move(arguments));
        EXPECT_EQ(answer.at("ok"), false) << answer;
        return answer.value("code", "");
    }

    // As a client: one request, one turn, one answer.
    dialogue::Answer request(dialogue::Operation operation) {
        core_->begin_turn(now());
        core_->engine().execute(1, {kClient, ++number_, std::move(operation)}, number_, now());
        dialogue::Answer answer;
        core_->finish_turn([&](std::vector<engine::Answered>& answers) {
            if (!answers.empty()) {
                answer = std::move(answers.front().response.answer);
            }
        });
        return answer;
    }
    void send(std::string_view queue, const std::vector<std::string>& bodies) {
        dialogue::Send send{queue, {}};
        for (const std::string& body : bodies) {
            send.entries.emplace_back().body = as_bytes(body);
        }
        ASSERT_TRUE(std::holds_alternative<dialogue::SendReply>(request(std::move(send))));
    }
    dialogue::Receipt receive(std::string_view queue, std::uint32_t count) {
        dialogue::Receive receive;
        receive.queue = queue;
        receive.count = count;
        const auto answer = request(receive);
        const auto* reply = std::get_if<dialogue::ReceiveReply>(&answer);
        return reply == nullptr ? dialogue::Receipt{} : reply->receipt;
    }
    void bury(std::string_view queue, std::uint32_t count, std::string_view reason) {
        dialogue::VerdictEntry verdict;
        verdict.receipt = receive(queue, count);
        verdict.count = verdict.receipt.count;
        ASSERT_EQ(verdict.count, count);
        verdict.verdict = dialogue::Verdict::dead;
        verdict.reason = reason;
        const auto answer = request(dialogue::Settle{{verdict}, std::nullopt});
        ASSERT_EQ(std::get<dialogue::SettleReply>(answer).results.at(0).code, dialogue::Code::ok);
    }
    engine::Engine& engine() { return core_->engine(); }

    ServerStats stats;

private:
    static constexpr Bytes16 kClient{std::byte{1}};

    journal::SimDisk disk_;
    std::uint64_t epoch_ = 0;
    std::int64_t ms_ = 1'000;
    std::uint64_t number_ = 0;
    std::unique_ptr<journal::LocalJournal> journal_;
    std::unique_ptr<Core> core_;
    std::unique_ptr<Ops> ops_;
};

}  // namespace esteira::broker
