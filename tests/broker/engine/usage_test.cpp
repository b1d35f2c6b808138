#include "broker/engine/usage.hpp"

#include <gtest/gtest.h>

namespace esteira::engine {
namespace {

constexpr std::uint32_t kOpen = 9;

Place at(std::uint32_t chunk, std::uint32_t slot, std::uint32_t size) {
    return {{chunk, slot}, size};
}

TEST(UsageTest, ARecordThatQueuesShareIsCountedOnce) {
    Usage usage;
    usage.add(at(1, 10, 100));
    usage.add(at(1, 20, 500));
    usage.add(at(1, 20, 500));
    usage.add(at(1, 20, 500));
    EXPECT_EQ(usage.bytes(), 600U);
    EXPECT_EQ(usage.bytes_in(1), 600U);
    EXPECT_EQ(usage.messages(), 4U);
}

TEST(UsageTest, ASharedRecordIsNeededUntilItsLastHolderDropsIt) {
    Usage usage;
    for (int holders = 0; holders < 3; ++holders) {
        usage.add(at(1, 20, 500));
    }
    usage.drop(at(1, 20, 500));
    usage.drop(at(1, 20, 500));
    EXPECT_EQ(usage.bytes(), 500U);
    EXPECT_EQ(usage.first_needed(kOpen), 1U);
    usage.drop(at(1, 20, 500));
    EXPECT_EQ(usage.bytes(), 0U);
    EXPECT_EQ(usage.first_needed(kOpen), kOpen);
}

TEST(UsageTest, HoldersAreCountedForEachRecordAndChunkAlone) {
    Usage usage;
    for (const std::uint32_t chunk : {1U, 2U}) {
        for (const std::uint32_t slot : {10U, 20U, 30U}) {
            usage.add(at(chunk, slot, 100));
            usage.add(at(chunk, slot, 100));
        }
        usage.add(at(chunk, 40, 7));  // Of one queue alone.
    }
    usage.drop(at(1, 20, 100));
    usage.drop(at(1, 20, 100));
    usage.drop(at(2, 20, 100));
    usage.drop(at(2, 40, 7));
    EXPECT_EQ(usage.bytes_in(1), 207U);
    EXPECT_EQ(usage.bytes_in(2), 300U);
}

TEST(UsageTest, AChunkIsSharedAgainAfterAllItsSharedRecordsWereDropped) {
    Usage usage;
    usage.add(at(1, 10, 1));
    for (const std::uint32_t slot : {20U, 30U}) {
        usage.add(at(1, slot, 100));
        usage.add(at(1, slot, 100));
        usage.drop(at(1, slot, 100));
        EXPECT_EQ(usage.bytes_in(1), 101U);
        usage.drop(at(1, slot, 100));
        EXPECT_EQ(usage.bytes_in(1), 1U);
    }
}

}  // namespace
}  // namespace esteira::engine
