#include "broker/engine/alarms.hpp"

#include <gtest/gtest.h>

namespace esteira::engine {
namespace {

Time at(int ms) { return Time{Millis{ms}}; }

std::vector<QueueNumber> due(Alarms& alarms, int ms) {
    std::vector<QueueNumber> queues;
    alarms.take_due(at(ms), queues);
    return queues;
}

using Queues = std::vector<QueueNumber>;

TEST(AlarmsTest, ComeOnceInTheirOrder) {
    Alarms alarms;
    alarms.set({1}, at(30));
    alarms.set({2}, at(10));
    alarms.set({3}, at(20));
    EXPECT_EQ(alarms.first(), at(10));
    EXPECT_EQ(due(alarms, 9), Queues{});
    EXPECT_EQ(due(alarms, 20), (Queues{{2}, {3}}));
    EXPECT_EQ(due(alarms, 20), Queues{});
    EXPECT_EQ(alarms.first(), at(30));
}

TEST(AlarmsTest, KeepTheLastTimeThatWasSet) {
    Alarms alarms;
    alarms.set({1}, at(10));
    alarms.set({1}, at(30));
    EXPECT_EQ(due(alarms, 29), Queues{});
    alarms.set({1}, at(5));
    EXPECT_EQ(due(alarms, 29), (Queues{{1}}));
    EXPECT_EQ(alarms.first(), Time::max());
}

TEST(AlarmsTest, DoNotComeWhenTheyWereCleared) {
    Alarms alarms;
    alarms.set({1}, at(10));
    alarms.set({2}, at(10));
    alarms.clear({1});
    alarms.clear({7});
    EXPECT_EQ(due(alarms, 10), (Queues{{2}}));
}

}  // namespace
}  // namespace esteira::engine
