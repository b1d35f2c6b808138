#include "workers/supervisor/plan.hpp"

#include <gtest/gtest.h>

namespace esteira::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{Millis{1'000'000}};
const PoolPolicy kPolicy{1, 8, 60s, 120s};

// A pool that needed all of its workers just now.
PoolView view(std::uint32_t workers, std::uint64_t backlog, double rate) {
    return {workers, backlog, rate, std::nullopt, kNow};
}

TEST(Plan, GrowsAtOnceToDrainTheBacklogInTime) {
    EXPECT_EQ(workers_wanted(view(1, 30'000, 100), kPolicy, kNow), 5u);  // 30,000 / (100/s * 60 s)
    EXPECT_EQ(workers_wanted(view(1, 30'001, 100), kPolicy, kNow), 6u);
}

TEST(Plan, NeverLeavesItsRange) {
    EXPECT_EQ(workers_wanted(view(1, 10'000'000, 1), kPolicy, kNow), 8u);
    EXPECT_EQ(workers_wanted(view(0, 0, 100), kPolicy, kNow), 1u);
    EXPECT_EQ(workers_wanted(view(0, ~std::uint64_t{0}, 1e-300), kPolicy, kNow), 8u);
    EXPECT_EQ(workers_wanted(view(12, 10'000'000, 1), kPolicy, kNow), 8u);  // The range has shrunk.
}

TEST(Plan, ShrinksOnlyAfterAQuietWhile) {
    EXPECT_EQ(workers_wanted(view(5, 0, 100), kPolicy, kNow + 119s), 5u);
    EXPECT_EQ(workers_wanted(view(5, 0, 100), kPolicy, kNow + 120s), 1u);
    EXPECT_EQ(workers_wanted(view(5, 12'000, 100), kPolicy, kNow + 120s), 2u);
}

TEST(Plan, GrowsByNothingWhileNobodyKnowsHowFastAWorkerIs) {
    EXPECT_EQ(workers_wanted(view(3, 1'000'000, 0), kPolicy, kNow), 3u);
    EXPECT_EQ(workers_wanted(view(3, 1'000'000, 0), kPolicy, kNow + 1h), 3u);
}

TEST(Plan, AnOperatorsSizeBeatsTheRangeAtOnceInBothDirections) {
    PoolView pool = view(5, 30'000, 100);
    for (const std::uint32_t size : {0u, 1u, 20u}) {
        pool.fixed = size;
        EXPECT_EQ(workers_wanted(pool, kPolicy, kNow), size);
    }
}

}  // namespace
}  // namespace esteira::supervisor
