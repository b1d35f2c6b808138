#include "common/base/history.hpp"

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"

namespace esteira {
namespace {

WallTime at(std::int64_t ms) { return WallTime{Millis{ms}}; }

Attempt attempt(std::int64_t ms, AttemptEnd end, std::string_view reason = {}) {
    return {at(ms), at(ms + 1), end, "w-1", "pool", "host", reason};
}

History unpacked(const std::string& block) { return unpack_history(as_bytes(block)).value(); }

TEST(History, NothingIsNoBlock) {
    EXPECT_TRUE(pack_history({}).empty());
    EXPECT_EQ(unpack_history({})->total, 0U);
}

TEST(History, OnlyTheNewestAttemptsStayAndAllAreCounted) {
    History history;
    for (int i = 1; i <= 20; ++i) {
        add_attempt(history, attempt(i, AttemptEnd::retried));
    }
    const std::string block = pack_history(history);
    const History read = unpacked(block);
    EXPECT_EQ(read.total, 20U);
    ASSERT_EQ(read.attempts.size(), kAttemptsKept);
    EXPECT_EQ(read.attempts.front().leased_at, at(13));
    EXPECT_EQ(read.attempts.back().leased_at, at(20));
}

TEST(History, LongReasonsMakeNoLongBlock) {
    const std::string long_reason = "x" + std::string(400, '\xc3') + std::string(400, 'y');
    std::string accents = "x";
    for (int i = 0; i < 300; ++i) {
        accents += "ç";
    }
    History history;
    for (int i = 1; i <= 8; ++i) {
        Attempt long_one = attempt(i, AttemptEnd::retried, accents);
        long_one.worker = long_one.pool = long_one.host = long_reason;
        add_attempt(history, long_one);
    }
    const std::string block = pack_history(history);
    EXPECT_LE(block.size(), kHistoryBytesMax);
    const History read = unpacked(block);
    EXPECT_EQ(read.total, 8U);
    ASSERT_FALSE(read.attempts.empty());
    EXPECT_EQ(read.attempts.back().leased_at, at(8));
    EXPECT_EQ(read.attempts.back().reason.size(), 199U) << "half a character would be left";
}

TEST(History, HandBacksInARowStandForEachOther) {
    History history;
    add_attempt(history, attempt(1, AttemptEnd::retried));
    for (int i = 2; i <= 30; ++i) {
        add_attempt(history, attempt(i, AttemptEnd::handed_back));
    }
    EXPECT_EQ(history.total, 30U);
    ASSERT_EQ(history.attempts.size(), 2U);
    EXPECT_EQ(history.attempts[0].end, AttemptEnd::retried);
    EXPECT_EQ(history.attempts[1].leased_at, at(30));
}

TEST(History, AnAttemptThatRunsIsReplacedByHowItEnded) {
    History record;
    add_attempt(record, attempt(1, AttemptEnd::retried));
    add_attempt(record, attempt(2, AttemptEnd::running));
    EXPECT_EQ(record.total, 1U);
    History since;
    add_attempt(since, attempt(2, AttemptEnd::crashed));
    since.buried_at = at(9);
    since.buried_by = BuriedBy::worker_crash;
    since.source = "stock";
    const History all = joined(record, since);
    EXPECT_EQ(all.total, 2U);
    ASSERT_EQ(all.attempts.size(), 2U);
    EXPECT_EQ(all.attempts[1].end, AttemptEnd::crashed);
    EXPECT_EQ(all.source, "stock");
    EXPECT_EQ(all.buried_at, at(9));
}

TEST(History, WhatIsNoBlockIsRefused) {
    History history;
    add_attempt(history, attempt(1, AttemptEnd::retried, "why"));
    const std::string block = pack_history(history);
    for (std::size_t length = 1; length < block.size(); ++length) {
        const std::string cut = block.substr(0, length);
        const bool whole = length == 23;  // The head alone: an empty list.
        EXPECT_EQ(unpack_history(as_bytes(cut)).has_value(), whole) << length;
    }
    std::string other = block;
    other[12] = 99;
    EXPECT_FALSE(unpack_history(as_bytes(other)).has_value());
}

}  // namespace
}  // namespace esteira
