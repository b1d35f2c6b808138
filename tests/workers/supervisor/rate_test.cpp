#include "workers/supervisor/rate.hpp"

#include <gtest/gtest.h>

namespace esteira::supervisor {
namespace {

using namespace std::chrono_literals;

class RateTest : public testing::Test {
protected:
    // A second later, so many more are handled.
    void pass(std::uint64_t handled, std::uint64_t waiting, std::uint32_t workers = 2) {
        handled_ += handled;
        now_ += 1s;
        rate_.take({handled_, waiting, workers}, now_);
    }

    Rate rate_;
    std::uint64_t handled_ = 1'000;
    Time now_{Millis{5'000}};
};

TEST_F(RateTest, IsWhatOneOfTheWorkersHandlesWhileMessagesWait) {
    pass(0, 500);
    EXPECT_EQ(rate_.per_worker_s(), 0);
    pass(200, 300);
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 100);
    pass(100, 200);
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 75);
}

TEST_F(RateTest, DoesNotTakeIdleWorkersForSlowOnes) {
    pass(0, 500);
    pass(200, 300);
    for (int i = 0; i < 100; ++i) {
        pass(1, 0);
    }
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 100);
}

TEST_F(RateTest, ForgetsWhatIsOlderThanAMinute) {
    pass(0, 500);
    pass(2'000, 500);
    for (int i = 0; i < 62; ++i) {
        pass(20, 500);
    }
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 10);
}

TEST_F(RateTest, CountsTheTimeOfALongBatchButNotThatOfAnOutage) {
    pass(0, 500);
    for (int i = 0; i < 9; ++i) {
        pass(0, 500);
    }
    pass(200, 500);  // One batch in ten seconds of two workers.
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 10);
    for (int i = 0; i < 20; ++i) {
        pass(0, 500);
    }
    pass(200, 500);  // Twenty seconds of nothing: their store was away.
    EXPECT_NEAR(rate_.per_worker_s(), 400.0 / 22, 0.01);
}

TEST_F(RateTest, OutlivesACountThatBeginsAnew) {
    pass(0, 500);
    pass(200, 500);
    handled_ = 0;
    pass(10, 500);
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 100);
    pass(100, 500);
    EXPECT_DOUBLE_EQ(rate_.per_worker_s(), 75);
}

}  // namespace
}  // namespace esteira::supervisor
