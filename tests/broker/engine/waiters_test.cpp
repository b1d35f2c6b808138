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

}  // namespace
}  // namespace esteira::engine
