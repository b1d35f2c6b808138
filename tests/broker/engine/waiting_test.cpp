#include "broker/engine/waiting.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace esteira::engine {
namespace {

constexpr WallTime at(std::int64_t ms) { return WallTime{Millis{ms}}; }
constexpr Time due(std::int64_t ms) { return Time{Millis{ms}}; }

std::vector<Position> order_of(const Waiting& waiting) {
    std::vector<Position> order;
    waiting.for_first(waiting.count(), [&](Place place) {
        order.push_back(place.at);
        return true;
    });
    return order;
}

TEST(Waiting, HandsOutTheOldestFirst) {
    Waiting waiting;
    waiting.push({{1, 512}, 60}, at(1));
    waiting.push({{1, 600}, 61}, at(2));
    waiting.push({{2, 512}, 62}, at(3));
    EXPECT_EQ(order_of(waiting), (std::vector<Position>{{1, 512}, {1, 600}, {2, 512}}));
    EXPECT_EQ(waiting.front()->size, 60U);
}

TEST(Waiting, ForgetsWhatWasRemovedInTheMiddle) {
    Waiting waiting;
    for (std::uint32_t slot = 1; slot <= 5; ++slot) {
        waiting.push({{1, slot}, 10 + slot}, at(1));
    }
    std::uint32_t size = 0;
    EXPECT_TRUE(waiting.remove({1, 3}, &size));
    EXPECT_EQ(size, 13U);
    EXPECT_FALSE(waiting.remove({1, 3}, &size));
    EXPECT_FALSE(waiting.remove({2, 1}, &size));
    EXPECT_TRUE(waiting.remove({1, 1}, &size));
    EXPECT_EQ(order_of(waiting), (std::vector<Position>{{1, 2}, {1, 4}, {1, 5}}));
    EXPECT_EQ(waiting.count(), 3U);
}

// Collection writes old messages again at the end of the log; they must not lose their turn.
TEST(Waiting, ARelocatedMessageKeepsItsTurn) {
    Waiting waiting;
    waiting.push({{1, 1}, 10}, at(1));
    waiting.push({{1, 2}, 10}, at(2));
    waiting.push({{2, 1}, 10}, at(3));
    for (std::uint32_t slot : {1U, 2U}) {
        const auto age = waiting.age_of({1, slot});
        std::uint32_t size = 0;
        ASSERT_TRUE(waiting.remove({1, slot}, &size));
        waiting.push_relocated({{9, slot}, 10}, {1, slot}, *age, at(slot));
    }
    EXPECT_EQ(order_of(waiting), (std::vector<Position>{{9, 1}, {9, 2}, {2, 1}}));
    // And again, from where it stands now.
    EXPECT_EQ(waiting.age_of({9, 1}), 1U);
    std::uint32_t size = 0;
    ASSERT_TRUE(waiting.remove({9, 1}, &size));
    waiting.push_relocated({{12, 1}, 10}, {9, 1}, 1, at(1));
    EXPECT_EQ(order_of(waiting), (std::vector<Position>{{12, 1}, {9, 2}, {2, 1}}));
}

TEST(Delayed, IsDueToTheMillisecond) {
    Delayed delayed;
    delayed.push({{1, 1}, 10}, due(5'500));
    delayed.push({{1, 2}, 10}, due(5'100));
    EXPECT_EQ(delayed.next_due_after(due(5'099)), due(5'100));
    EXPECT_FALSE(delayed.front_due(due(5'099)));
    EXPECT_EQ(delayed.front_due(due(5'100))->at, (Position{1, 2}));
    EXPECT_EQ(delayed.count_due(due(5'499)), 1U);
    EXPECT_EQ(delayed.count_due(due(9'000)), 2U);
}

// A waiting receiver sleeps until then; a time that has passed would make it spin.
TEST(Delayed, TheNextTimeIsThatOfOneWhoIsStillThere) {
    Delayed delayed;
    delayed.push({{1, 1}, 10}, due(5'100));
    delayed.push({{1, 2}, 10}, due(5'700));
    ASSERT_TRUE(delayed.remove({1, 1}, std::nullopt));
    EXPECT_EQ(delayed.next_due_after(due(4'000)), due(5'700));
    ASSERT_TRUE(delayed.remove({1, 2}, due(5'700)));
    EXPECT_FALSE(delayed.next_due_after(due(4'000)));
}

TEST(Delayed, WhatIsDueAlreadyIsNotTheNextTime) {
    Delayed delayed;
    delayed.push({{1, 1}, 10}, due(5'100));
    delayed.push({{1, 2}, 10}, due(5'700));
    delayed.push({{1, 3}, 10}, due(8'000));
    EXPECT_EQ(delayed.next_due_after(due(5'100)), due(5'700));
    EXPECT_EQ(delayed.next_due_after(due(5'700)), due(8'000));
    EXPECT_FALSE(delayed.next_due_after(due(8'000)));
}

TEST(Waiting, KnowsTheBytesOfWhatIsThere) {
    Waiting waiting;
    waiting.push({{1, 1}, 10}, at(1));
    waiting.push({{1, 2}, 7}, at(1));
    waiting.push_relocated({{2, 1}, 12}, {1, 1}, 1, at(1));
    EXPECT_EQ(waiting.bytes(), 29U);
    std::uint32_t size = 0;
    ASSERT_TRUE(waiting.remove({1, 1}, &size));
    EXPECT_EQ(waiting.bytes(), 19U);
    waiting.clear();
    EXPECT_EQ(waiting.bytes(), 0U);
}

}  // namespace
}  // namespace esteira::engine
