#include <gtest/gtest.h>

#include "producers/clicks/sending.hpp"

namespace esteira::clicks {
namespace {

using std::chrono::seconds;
constexpr Pace::Instant kNow{std::chrono::hours(5)};
constexpr std::chrono::sys_seconds kFirst{seconds(1'000'000)};

TEST(ClickPace, SpeedIsOfTheTimesBetweenEvents) {
    Pace pace(60, 0);
    EXPECT_TRUE(pace.any());
    EXPECT_EQ(pace.due(kFirst, kNow), kNow);
    EXPECT_EQ(pace.due(kFirst + seconds(120), kNow + seconds(1)), kNow + seconds(2));
    EXPECT_EQ(pace.due(kFirst - seconds(120), kNow + seconds(9)), kNow);
}

TEST(ClickPace, RateIsOfTheirNumber) {
    Pace pace(0, 2);
    EXPECT_TRUE(pace.any());
    EXPECT_EQ(pace.due(kFirst, kNow), kNow);
    EXPECT_EQ(pace.due(kFirst + seconds(500), kNow), kNow + std::chrono::milliseconds(500));
    EXPECT_EQ(pace.due(kFirst, kNow), kNow + seconds(1));
    EXPECT_FALSE(Pace(0, 0).any());
}

}  // namespace
}  // namespace esteira::clicks
