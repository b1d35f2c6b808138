#include "common/base/clock.hpp"

#include <gtest/gtest.h>

namespace esteira {

namespace {

using namespace std::chrono_literals;

WallTime wall_now() { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }

}  // namespace

TEST(SystemClock, BrokerTimeGoesOnByTheWallTimeThatPassed) {
    const Now last{Time{1000s}, wall_now() - 10min};
    SystemClock clock(last);
    EXPECT_GE(clock.now().broker, last.broker + 10min);
    EXPECT_LT(clock.now().broker, last.broker + 1h);
    EXPECT_FALSE(clock.clamped());
}

TEST(SystemClock, AWallClockThatWasWrongIsClamped) {
    SystemClock far(Now{Time{1000s}, wall_now() - 24h});
    EXPECT_TRUE(far.clamped());
    EXPECT_LT(far.now().broker, Time{1000s} + 2h);
    SystemClock back(Now{Time{1000s}, wall_now() + 24h});
    EXPECT_TRUE(back.clamped());
    EXPECT_GE(back.now().broker, Time{1000s});
    EXPECT_LT(back.now().broker, Time{1000s} + 1h);
}

TEST(SystemClock, BrokerTimeNeverGoesBack) {
    SystemClock clock;
    Time last = clock.now().broker;
    for (int i = 0; i < 10'000; ++i) {
        const Time next = clock.now().broker;
        ASSERT_GE(next, last);
        last = next;
    }
}

}  // namespace esteira
