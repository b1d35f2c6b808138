#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "broker/engine/engine.hpp"
#include "tests/broker/engine/memory_log.hpp"

namespace esteira::engine {
namespace {

using dialogue::Verdict;

class WaitersTest : public testing::Test {
protected:
    WaitersTest() { engine_.recovered(now_); }

    void ask(unsigned char session, std::uint64_t number, const dialogue::Operation& operation) {
        engine_.execute(++ticket_, {Bytes16{std::byte{session}}, number, operation}, number, now_);
    }
    void pass(Millis time) {
        now_.broker += time;
        now_.wall += time;
    }
    // How many answers to a request there are in the turn that ends.
    std::size_t answers_to(std::uint64_t number) {
        engine_.serve(now_);
        const auto count =
            std::count_if(engine_.answers().begin(), engine_.answers().end(),
                          [&](const Answered& a) { return a.response.number == number; });
        engine_.end_turn();
        return static_cast<std::size_t>(count);
    }

    MemoryLog log_;
    NoTools tools_;
    Engine engine_{log_, tools_, 7};
    Now now_{Time{Millis{3'600'000}}, WallTime{Millis{1'700'000'000'000}}};
    std::uint64_t ticket_ = 0;
};

TEST_F(WaitersTest, AReceiveThatIsToldItsLeaseAgainWaitsNoMore) {
    const std::array<std::byte, 1> body{};
    const dialogue::Send send{"q", {{body}}};
    const dialogue::Receive receive{"q", 1, Millis{20'000}, Millis{5'000}};
    ask(1, 1, dialogue::CreateQueue{"q", {}, {}});
    ask(1, 2, send);
    ask(2, 10, receive);
    ask(3, 20, receive);
    ASSERT_EQ(answers_to(10), 1U);
    ASSERT_EQ(engine_.waiter_count(), 1U);

    // Its lease has run out, so it waits behind the other; then the lease is lengthened.
    pass(Millis{5'000});
    ask(2, 10, receive);
    ASSERT_EQ(engine_.waiter_count(), 2U);
    const dialogue::Receipt receipt{QueueNumber{1}, DeliveryNumber{1}, 1, {}};
    ask(2, 11, dialogue::Settle{{{receipt, 0, 1, Verdict::visibility, Millis{60'000}}}, {}});
    ask(2, 10, receive);
    EXPECT_EQ(answers_to(10), 1U);
    EXPECT_EQ(engine_.waiter_count(), 1U);

    ask(1, 3, send);
    ask(1, 4, send);
    EXPECT_EQ(answers_to(10), 0U);
}

// Nothing is to be done before another message comes or the window ends, so nothing is done.
TEST_F(WaitersTest, ABatchThatIsNotFullWakesNobody) {
    const std::array<std::byte, 1> body{};
    ask(1, 1, dialogue::CreateQueue{"q", {{"VisibilityTimeout", "40"}}, {}});
    dialogue::Receive batch{"q", 10, Millis{300'000}, {}};
    batch.min = 5;
    ask(2, 10, batch);
    ask(1, 2, dialogue::Send{"q", {{body}, {body}}});
    dialogue::SendEntry later{body};
    later.delay = Millis{700};
    ask(1, 3, dialogue::Send{"q", {later}});
    const Time began = now_.broker;

    pass(Millis{100});
    EXPECT_EQ(answers_to(10), 0U);
    engine_.sweep(now_);
    EXPECT_EQ(engine_.next_wake(now_), began + Millis{700});

    // Due, and one that has come back: both are there, and neither is a reason to look again.
    pass(Millis{600});
    EXPECT_EQ(answers_to(10), 0U);
    EXPECT_GT(engine_.next_wake(now_), now_.broker);

    // The window's end is.
    for (int turn = 0; engine_.waiter_count() == 1; ++turn) {
        ASSERT_LT(turn, 1000) << "it looks again and again";
        now_.wall += engine_.next_wake(now_) - now_.broker;
        now_.broker = engine_.next_wake(now_);
        engine_.sweep(now_);
        if (answers_to(10) == 1) {
            break;
        }
    }
    EXPECT_EQ(now_.broker, began + Millis{300'000});
}

TEST_F(WaitersTest, AWindowThatIsAskedForAgainWaitsOnce) {
    ask(1, 1, dialogue::CreateQueue{"q", {}, {}});
    dialogue::Receive batch{"q", 10, Millis{300'000}, {}};
    batch.min = 2;
    const std::array<std::byte, 1> body{};
    ask(1, 2, dialogue::Send{"q", {{body}}});
    ask(2, 10, batch);
    ask(2, 10, batch);
    EXPECT_EQ(engine_.waiter_count(), 1U);
    ask(1, 3, dialogue::Send{"q", {{body}}});
    EXPECT_EQ(answers_to(10), 1U);
    EXPECT_EQ(engine_.waiter_count(), 0U);
}

// Bodies of 1 MiB: the eighth does not fit beside the others, so no answer can hold ten.
TEST_F(WaitersTest, ABatchIsFullWhenItFillsAnAnswer) {
    ask(1, 1, dialogue::CreateQueue{"q", {}, {}});
    dialogue::Receive batch{"q", 10, Millis{300'000}, {}};
    batch.min = 10;
    ask(2, 10, batch);
    const std::vector<std::byte> body(limits::kMessageBytesMax);
    for (std::uint64_t sent = 0; sent < 7; ++sent) {
        ask(1, 2 + sent, dialogue::Send{"q", {{body}}});
        EXPECT_EQ(answers_to(10), 0U) << sent;
    }
    ask(1, 9, dialogue::Send{"q", {{body}}});
    EXPECT_EQ(answers_to(10), 1U);
}

// Each queue that is waited for has a time of its own to be looked at.
TEST_F(WaitersTest, AReceiverIsServedWhenWhatItWaitsForComesByItself) {
    const std::array<std::byte, 1> body{};
    ask(1, 1, dialogue::CreateQueue{"delayed", {}, {}});
    ask(1, 2, dialogue::CreateQueue{"held", {}, {}});
    ask(1, 3, dialogue::CreateQueue{"empty", {}, {}});
    dialogue::SendEntry later{body};
    later.delay = Millis{300};
    ask(1, 4, dialogue::Send{"delayed", {later}});
    ask(1, 5, dialogue::Send{"held", {{body}}});
    ask(2, 9, dialogue::Receive{"held", 1, Millis{0}, Millis{500}});
    ask(2, 10, dialogue::Receive{"delayed", 1, Millis{20'000}, {}});
    ask(2, 11, dialogue::Receive{"held", 1, Millis{20'000}, {}});
    ask(2, 12, dialogue::Receive{"empty", 1, Millis{700}, {}});
    engine_.sweep(now_);
    EXPECT_EQ(answers_to(0), 0U);

    for (const auto& [number, wait] : {std::pair{10U, 300}, {11U, 200}, {12U, 200}}) {
        ASSERT_EQ(engine_.next_wake(now_), now_.broker + Millis{wait});
        pass(Millis{wait});
        EXPECT_EQ(answers_to(number), 1U) << number;
    }
    EXPECT_EQ(engine_.waiter_count(), 0U);
}

TEST_F(WaitersTest, AReceiverOfADeadLetterQueueIsServedInTheTurnOfTheBurial) {
    const std::array<std::byte, 1> body{};
    ask(1, 1, dialogue::CreateQueue{"dead", {}, {}});
    ask(1, 2, dialogue::CreateQueue{"work", {{"DeadLetterQueue", "dead"}}, {}});
    ask(2, 10, dialogue::Receive{"dead", 1, Millis{20'000}, {}});
    EXPECT_EQ(answers_to(10), 0U);
    ask(1, 3, dialogue::Send{"work", {{body}}});
    ask(3, 20, dialogue::Receive{"work", 1, Millis{0}, {}});
    const dialogue::Receipt receipt{QueueNumber{2}, DeliveryNumber{1}, 1, {}};
    ask(3, 21, dialogue::Settle{{{receipt, 0, 1, Verdict::dead, {}, "no"}}, {}});
    EXPECT_EQ(answers_to(10), 1U);
}

TEST_F(WaitersTest, AReceiverThatComesLateFindsWhatOthersWhoWentAwayHadWaitedFor) {
    const std::array<std::byte, 1> body{};
    ask(1, 1, dialogue::CreateQueue{"q", {}, {}});
    ask(2, 10, dialogue::Receive{"q", 1, Millis{20'000}, {}});
    EXPECT_EQ(answers_to(10), 0U);
    engine_.forget_waiter(ticket_);
    EXPECT_EQ(engine_.waiter_count(), 0U);
    ask(3, 20, dialogue::Receive{"q", 1, Millis{20'000}, {}});
    ask(1, 2, dialogue::Send{"q", {{body}}});
    EXPECT_EQ(answers_to(20), 1U);
}

}  // namespace
}  // namespace esteira::engine
