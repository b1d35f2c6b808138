#include "broker/engine/leases.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace esteira::engine {
namespace {

constexpr Time at(std::int64_t ms) { return Time{Millis{ms}}; }

Lease delivery(std::uint64_t first, std::size_t count, Time visible_at) {
    Lease lease{DeliveryNumber{first}, visible_at, at(0), WallTime{}, 0, 0, false, {}};
    for (std::size_t i = 0; i < count; ++i) {
        lease.held.push_back(
            {{{1, static_cast<std::uint32_t>(first + i)}, 10}, 1, true, false, {}});
    }
    return lease;
}

std::vector<std::uint64_t> returned(const Leases& leases) {
    std::vector<std::uint64_t> numbers;
    leases.for_first_returned(100, [&](DeliveryNumber number, const Held&) {
        numbers.push_back(number.value);
        return true;
    });
    return numbers;
}

TEST(Leases, AMessageIsInFlightUntilItsLeaseRunsOut) {
    Leases leases;
    leases.add(delivery(10, 3, at(1'000)));
    leases.advance(at(999));
    EXPECT_EQ(leases.in_flight(), 3U);
    EXPECT_EQ(leases.returned(), 0U);
    leases.advance(at(1'000));
    EXPECT_EQ(leases.in_flight(), 0U);
    EXPECT_EQ(returned(leases), (std::vector<std::uint64_t>{10, 11, 12}));
}

TEST(Leases, WhatIsTakenIsGoneAndItsNeighboursStay) {
    Leases leases;
    leases.add(delivery(10, 3, at(1'000)));
    EXPECT_EQ(leases.take(DeliveryNumber{11}).place.at, (Position{1, 11}));
    EXPECT_FALSE(leases.find(DeliveryNumber{11}));
    EXPECT_TRUE(leases.find(DeliveryNumber{10}));
    EXPECT_TRUE(leases.find(DeliveryNumber{12}));
    EXPECT_FALSE(leases.find(DeliveryNumber{13}));
    EXPECT_EQ(leases.in_flight(), 2U);
}

TEST(Leases, AMessageWithADeadlineOfItsOwnLeavesItsDelivery) {
    Leases leases;
    leases.add(delivery(10, 3, at(1'000)));
    leases.reschedule({{DeliveryNumber{11}, 1}}, at(5'000), [](Held&, const Lease&) {});
    EXPECT_EQ(leases.in_flight(), 3U);
    leases.advance(at(1'000));
    EXPECT_EQ(returned(leases), (std::vector<std::uint64_t>{10, 12}));
    EXPECT_TRUE(leases.find(DeliveryNumber{11}));
    leases.advance(at(5'000));
    EXPECT_EQ(returned(leases), (std::vector<std::uint64_t>{10, 12, 11}));
}

TEST(Leases, AWholeDeliveryIsRescheduledAsOne) {
    Leases leases;
    leases.add(delivery(10, 3, at(1'000)));
    leases.take(DeliveryNumber{12});
    int changed = 0;
    leases.reschedule({{DeliveryNumber{10}, 3}}, at(0), [&](Held&, const Lease&) { ++changed; });
    EXPECT_EQ(changed, 2);
    EXPECT_EQ(leases.returned(), 2U);
    EXPECT_FALSE(leases.next_return_at());
}

TEST(Leases, WhatBecameVisibleFirstComesBackFirst) {
    Leases leases;
    leases.add(delivery(20, 1, at(2'000)));
    leases.add(delivery(10, 1, at(3'000)));
    leases.add(delivery(30, 1, at(1'000)));
    leases.advance(at(4'000));
    EXPECT_EQ(returned(leases), (std::vector<std::uint64_t>{30, 20, 10}));
}

}  // namespace
}  // namespace esteira::engine
