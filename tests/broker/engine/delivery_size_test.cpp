#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/engine/engine.hpp"
#include "common/base/bytes.hpp"
#include "tests/broker/engine/memory_log.hpp"

namespace esteira::engine {
namespace {

using dialogue::Verdict;

// Small messages with long stories: what is told of them has to fit an answer as their bodies do.
TEST(DeliverySize, StoriesCountAsBodiesDo) {
    constexpr std::uint32_t kMessages = 6'000;
    constexpr int kAttempts = 8;
    MemoryLog log;
    const NoTools tools;
    Engine engine(log, tools, 7);
    Now now{Time{Millis{3'600'000}}, WallTime{Millis{1'700'000'000'000}}};
    engine.recovered(now);
    std::uint64_t number = 0;
    const auto ask = [&](const dialogue::Operation& operation) {
        ++number;
        engine.execute(number, {Bytes16{std::byte{1}}, number, operation}, number, now);
        dialogue::Answer answer = std::move(engine.answers().back().response.answer);
        return answer;
    };
    ask(dialogue::CreateQueue{"q", {}, {}});
    const std::string body = "x";
    const std::vector<dialogue::SendEntry> some(1'000, {as_bytes(body)});
    for (std::uint32_t sent = 0; sent < kMessages; sent += 1'000) {
        ask(dialogue::Send{"q", some});
    }
    const std::string reason(limits::kReasonBytesMax, 'r');
    const dialogue::Receive receive{"q", limits::kReceiveCountMax, Millis{0}, Millis{60'000}};
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        // As many answers as it takes.
        for (std::uint32_t seen = 0; seen < kMessages;) {
            const auto answer = ask(receive);
            const auto& reply = std::get<dialogue::ReceiveReply>(answer);
            ASSERT_FALSE(reply.messages.empty());
            std::size_t bytes = 0;
            for (const dialogue::Delivery& delivery : reply.messages) {
                bytes += delivery.body.size() + delivery.reason.size() + delivery.history.size();
            }
            ASSERT_LE(bytes, limits::kReceiveBytesMax) << "attempt " << attempt;
            seen += reply.receipt.count;
            ask(dialogue::Settle{
                {{reply.receipt, 0, reply.receipt.count, Verdict::retry, Millis{1'000}, reason}},
                {}});
            engine.end_turn();
        }
        now.broker += Millis{1'000};
        now.wall += Millis{1'000};
    }
}

}  // namespace
}  // namespace esteira::engine
