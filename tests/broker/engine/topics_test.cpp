#include <gtest/gtest.h>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "common/base/bytes.hpp"
#include "tests/broker/engine/chunked_log.hpp"
#include "tests/broker/engine/memory_log.hpp"

namespace esteira::engine {
namespace {

using dialogue::Code;

class TopicsTest : public testing::Test {
protected:
    TopicsTest() {
        engine_.recovered(now_);
        for (const char* queue : {"a", "b", "c"}) {
            ask(dialogue::CreateQueue{queue, {}, {}});
        }
        EXPECT_TRUE(engine_.create_topic("t", {}, now_));
        for (const char* queue : {"a", "b", "c"}) {
            EXPECT_TRUE(engine_.subscribe("t", queue, "", now_));
        }
    }

    dialogue::Answer ask(const dialogue::Operation& operation) {
        ++ticket_;
        engine_.execute(ticket_, {Bytes16{std::byte{1}}, ticket_, operation}, ticket_, now_);
        dialogue::Answer answer = std::move(engine_.answers().back().response.answer);
        engine_.end_turn();
        return answer;
    }
    void publish(std::size_t bytes) {
        const std::string body(bytes, 'x');
        const auto answer = ask(dialogue::Send{"t", {{as_bytes(body)}}});
        EXPECT_EQ(std::get<dialogue::SendReply>(answer).results.at(0).code, Code::ok);
    }
    // The numbers that a receive gets; its receipt is kept.
    std::vector<std::uint64_t> receive(const char* queue, std::uint32_t count = 100) {
        dialogue::Receive receive;
        receive.queue = queue;
        receive.count = count;
        const auto answer = ask(receive);
        const auto& reply = std::get<dialogue::ReceiveReply>(answer);
        receipt_ = reply.receipt;
        std::vector<std::uint64_t> numbers;
        for (const dialogue::Delivery& message : reply.messages) {
            numbers.push_back(message.number.value);
        }
        return numbers;
    }
    void done() {
        ask(dialogue::Settle{{{receipt_, 0, receipt_.count, dialogue::Verdict::done}}, {}});
    }
    void next_chunk() { ++log_.open; }
    std::size_t collect() { return engine_.collect(log_.open, 1 << 20, now_); }
    std::uint64_t messages(const char* queue) { return engine_.find_queue(queue)->messages(); }

    // What a restart makes of the log.
    std::uint64_t digest_after_replay() const {
        ChunkedLog none;
        Engine again(none, tools_, 7);
        for (const auto& [chunk, records] : log_.chunks) {
            for (std::size_t i = 0; i < records.size(); ++i) {
                again.replay_frame({chunk, static_cast<std::uint32_t>(i + 1)}, now_, records[i]);
            }
        }
        return again.digest();
    }

    ChunkedLog log_;
    NoTools tools_;
    Engine engine_{log_, tools_, 7};
    Now now_{Time{Millis{3'600'000}}, WallTime{Millis{1'700'000'000'000}}};
    std::uint64_t ticket_ = 0;
    dialogue::Receipt receipt_;
};

TEST_F(TopicsTest, TheBodyIsWrittenAndCountedOnceForAllQueues) {
    const std::size_t before = log_.written;
    publish(100'000);
    EXPECT_LT(log_.written - before, 101'000U);
    EXPECT_LT(engine_.live_bytes(), 101'000U);
    EXPECT_GT(engine_.find_queue("a")->bytes(), 100'000U);
    EXPECT_EQ(engine_.find_queue("a")->bytes(), engine_.find_queue("c")->bytes());
}

TEST_F(TopicsTest, TheBodyIsNeededUntilTheLastQueueIsDoneWithIt) {
    publish(1'000);
    next_chunk();
    for (const char* queue : {"b", "a", "c"}) {
        EXPECT_EQ(engine_.first_needed(log_.open), 1U) << queue;
        ASSERT_EQ(receive(queue).size(), 1U);
        done();
    }
    EXPECT_EQ(engine_.first_needed(log_.open), log_.open);
    EXPECT_EQ(engine_.live_bytes(), 0U);
}

TEST_F(TopicsTest, CollectionWritesTheBodyOnceForAllQueuesInWhichItWaits) {
    for (int i = 0; i < 5; ++i) {
        publish(10'000);
    }
    const auto in_a = receive("a");
    next_chunk();
    const std::size_t before = log_.written;
    while (collect() > 0) {
    }
    // Once for b and c, and once each for what a has in flight.
    EXPECT_GT(log_.written - before, 100'000U);
    EXPECT_LT(log_.written - before, 103'000U);
    EXPECT_EQ(engine_.first_needed(log_.open), log_.open);
    EXPECT_EQ(digest_after_replay(), engine_.digest());

    done();  // The receipt of before.
    EXPECT_EQ(messages("a"), 0U);
    EXPECT_EQ(receive("b").size(), 5U);
    EXPECT_EQ(receive("c"), (std::vector<std::uint64_t>{in_a[0] + 2, in_a[1] + 2, in_a[2] + 2,
                                                        in_a[3] + 2, in_a[4] + 2}));
}

TEST_F(TopicsTest, CollectionWritesNothingForQueuesThatGaveItUp) {
    publish(1'000);
    publish(1'000);
    ask(dialogue::DeleteQueue{"a"});
    ask(dialogue::PurgeQueue{"b"});
    next_chunk();
    while (collect() > 0) {
    }
    EXPECT_EQ(engine_.first_needed(log_.open), log_.open);
    EXPECT_EQ(receive("c").size(), 2U);
    EXPECT_EQ(digest_after_replay(), engine_.digest());
}

TEST_F(TopicsTest, ADamagedBodyIsSetAsideInEachQueueByItself) {
    publish(1'000);
    log_.unreadable = log_.newest_record();
    ASSERT_FALSE(receive("a").size());
    EXPECT_EQ(engine_.find_queue("a")->total(Total::damaged), 1U);
    EXPECT_EQ(messages("b"), 1U);
    next_chunk();
    while (engine_.first_needed(log_.open) != log_.open) {
        collect();
    }
    EXPECT_EQ(engine_.find_queue("b")->total(Total::damaged), 1U);
    EXPECT_EQ(engine_.find_queue("c")->total(Total::damaged), 1U);
    EXPECT_EQ(engine_.live_bytes(), 0U);
}

TEST_F(TopicsTest, ASendThatIsTooLargeForDifferentDelaysAtOnceIsRefusedAsAWhole) {
    std::vector<std::string> names;
    for (int i = 0; i < 5; ++i) {
        names.push_back("q" + std::to_string(i));
        ask(dialogue::CreateQueue{names.back(), {{"DelaySeconds", std::to_string(i + 1)}}, {}});
        ASSERT_TRUE(engine_.subscribe("t", names.back(), "", now_));
    }
    const std::string body(900'000, 'x');
    const auto answer = ask(dialogue::Send{"t", {{as_bytes(body)}}});
    EXPECT_EQ(std::get<dialogue::SendReply>(answer).results.at(0).code, Code::too_large);
    EXPECT_EQ(messages("a") + messages("q0") + messages("q4"), 0U);
    dialogue::SendEntry same{as_bytes(body)};
    same.delay = Millis{1'000};
    ask(dialogue::Send{"t", {same}});
    EXPECT_EQ(messages("a") + messages("q0") + messages("q4"), 3U);
}

TEST_F(TopicsTest, ATopicHasAtMostAHundredSubscriptions) {
    for (int i = 0; i < 97; ++i) {
        const std::string name = "n" + std::to_string(i);
        ask(dialogue::CreateQueue{name, {}, {}});
        ASSERT_TRUE(engine_.subscribe("t", name, "", now_));
    }
    ask(dialogue::CreateQueue{"more", {}, {}});
    EXPECT_EQ(engine_.subscribe("t", "more", "", now_).error().code, Code::limit_exceeded);
    EXPECT_TRUE(engine_.subscribe("t", "n0", "", now_));
    publish(10);
    EXPECT_EQ(messages("n96"), 1U);
    EXPECT_EQ(digest_after_replay(), engine_.digest());
}

}  // namespace
}  // namespace esteira::engine
