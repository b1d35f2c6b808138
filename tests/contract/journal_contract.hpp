#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/journal/journal.hpp"
#include "common/base/bytes.hpp"
#include "tests/support/replayed.hpp"

// What the broker relies on, said once for every storage engine. An engine takes part with a
// factory and one line:
//   INSTANTIATE_TYPED_TEST_SUITE_P(Local, JournalContract, LocalJournalFactory);
// A factory has open(), which returns the journal as the next process finds it; the one that it
// returned before is gone by then. Chunks should hold some hundred KiB at most.
namespace esteira::journal {

template <class Factory>
class JournalContract : public testing::Test {
protected:
    // The journal as the next process would find it, replayed.
    Journal& start(std::string state = "state") {
        journal_.reset();
        journal_ = factory_.open();
        journal_->set_state_source([state] {
            const auto bytes = as_bytes(state);
            return std::vector<std::byte>(bytes.begin(), bytes.end());
        });
        found_ = {};
        last_ = journal_->replay(found_);
        return *journal_;
    }
    // Turns of 1,000 bytes until the log is in another chunk than before.
    void fill_chunk(Journal& journal) {
        const std::uint32_t chunk = journal.stats().open_chunk;
        const std::string filler(1'000, 'x');
        for (std::int64_t ms = 1; journal.stats().open_chunk == chunk; ++ms) {
            write(journal, ms, filler);
        }
    }

    Factory factory_;
    std::unique_ptr<Journal> journal_;
    Replayed found_;
    Now last_;
};

TYPED_TEST_SUITE_P(JournalContract);

TYPED_TEST_P(JournalContract, StartsEmpty) {
    this->start();
    EXPECT_TRUE(this->found_.frames.empty());
    EXPECT_TRUE(this->found_.states.empty());
    EXPECT_EQ(this->last_, Now{});
}

TYPED_TEST_P(JournalContract, RemembersWhatWasSyncedInOrder) {
    write(this->start(), 1, "a");
    write(*this->journal_, 2, "b");
    write(this->start(), 3, "c");
    this->start();
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"a", "b", "c"}));
}

TYPED_TEST_P(JournalContract, KeepsEmptyAndBinaryPayloads) {
    const std::string binary("\0\xff\r\n\0", 5);
    write(this->start(), 1, "");
    write(*this->journal_, 2, binary);
    this->start();
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"", binary}));
}

TYPED_TEST_P(JournalContract, EveryFrameCarriesTheTimesOfItsTurn) {
    write(this->start(), 7, "a");
    write(*this->journal_, 9, "b");
    this->start();
    EXPECT_EQ(this->found_.frames.at(0).time, at_ms(7));
    EXPECT_EQ(this->found_.frames.at(1).time, at_ms(9));
    EXPECT_EQ(this->last_, at_ms(9));
}

TYPED_TEST_P(JournalContract, WhatOneTurnReservesIsOneFrameWhenItFits) {
    Journal& journal = this->start();
    journal.begin_turn(at_ms(1));
    put(journal, "a");
    put(journal, "bc");
    journal.append();
    journal.sync();
    this->start();
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"abc"}));
}

TYPED_TEST_P(JournalContract, AGroupIsInOneFrameHoweverFullTheOpenOneIs) {
    Journal& journal = this->start();
    const std::string part(journal.frame_bytes_max() / 3, 'p');
    journal.begin_turn(at_ms(1));
    for (int group = 0; group < 5; ++group) {
        journal.begin_group(2 * part.size());
        put(journal, part);
        put(journal, part);
    }
    journal.append();
    journal.sync();
    this->start();
    ASSERT_EQ(this->found_.frames.size(), 5U);
    for (const auto& frame : this->found_.frames) {
        EXPECT_EQ(frame.payload.size(), 2 * part.size());
    }
}

TYPED_TEST_P(JournalContract, PositionsAreTheSameWhenTheyAreReplayed) {
    Journal& journal = this->start();
    journal.begin_turn(at_ms(1));
    const Position a = put(journal, "a");
    const Position b = put(journal, "bb");
    journal.append();
    journal.sync();
    const Position c = write(journal, 2, "c");
    this->start();
    EXPECT_EQ(this->found_.frames.at(0).at, a);
    EXPECT_EQ(b.chunk, a.chunk);
    EXPECT_EQ(b.slot, a.slot + 1);
    EXPECT_EQ(this->found_.frames.at(1).at, c);
}

TYPED_TEST_P(JournalContract, AFrameOfTheLargestSizeSurvives) {
    Journal& journal = this->start();
    const std::string large(journal.frame_bytes_max(), 'L');
    write(journal, 1, "before");
    write(journal, 2, large);
    write(journal, 3, "after");
    this->start();
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"before", large, "after"}));
}

TYPED_TEST_P(JournalContract, ReadsWhatWasReservedSyncedSealedAndReplayed) {
    Journal& journal = this->start();
    journal.begin_turn(at_ms(1));
    const Position reserved = put(journal, "reserved");
    EXPECT_EQ(as_text(journal.read(reserved, 8)), "reserved");
    journal.append();
    journal.sync();
    EXPECT_EQ(as_text(journal.read(reserved, 8)), "reserved");
    this->fill_chunk(journal);
    EXPECT_EQ(as_text(journal.read(reserved, 8)), "reserved");
    Journal& next = this->start();
    next.begin_turn(at_ms(2));
    next.read_ahead(reserved, 8);
    EXPECT_EQ(as_text(next.read(reserved, 8)), "reserved");
    EXPECT_EQ(as_text(next.read({reserved.chunk, reserved.slot + 4}, 4)), "rved");
}

TYPED_TEST_P(JournalContract, WhatIsNotOfTheLogReadsAsNothing) {
    Journal& journal = this->start();
    const Position at = write(journal, 1, "a");
    EXPECT_TRUE(journal.read({at.chunk + 7, at.slot}, 1).empty());
    EXPECT_TRUE(journal.read({0, 0}, 1).empty());
    EXPECT_TRUE(journal.read({at.chunk, at.slot + (1U << 30)}, 1).empty());
    EXPECT_TRUE(journal.read(at, 0xFFFFFFFFU).empty());
}

TYPED_TEST_P(JournalContract, EveryChunkOpensWithTheState) {
    Journal& journal = this->start("as it was");
    for (int chunk = 0; chunk < 3; ++chunk) {
        this->fill_chunk(journal);
    }
    const std::uint32_t open = journal.stats().open_chunk;
    this->start();
    ASSERT_FALSE(this->found_.states.empty());
    EXPECT_EQ(this->found_.states.front().frames_before, 0U);
    EXPECT_EQ(this->found_.states.back().chunk, open);
    for (std::size_t i = 0; i < this->found_.states.size(); ++i) {
        EXPECT_EQ(this->found_.states[i].bytes, "as it was");
        EXPECT_EQ(this->found_.states[i].chunk, this->found_.states[0].chunk + i);
    }
}

TYPED_TEST_P(JournalContract, AStateLargerThanAFrameComesInParts) {
    const std::string state(this->start().frame_bytes_max() + 1'000, 's');
    write(this->start(state), 1, "a");
    this->start();
    ASSERT_EQ(this->found_.states.size(), 1U);
    EXPECT_EQ(this->found_.states[0].parts, 2U);
    EXPECT_EQ(this->found_.states[0].bytes, state);
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"a"}));
}

TYPED_TEST_P(JournalContract, TheStateTellsAllThatWasReservedBefore) {
    Journal& journal = this->start();
    std::uint32_t count = 0;
    journal.set_state_source([&count] {
        const auto text = std::to_string(count);
        const auto bytes = as_bytes(text);
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    });
    const std::string filler(700, 'x');
    journal.begin_turn(at_ms(1));
    while (journal.stats().open_chunk < 4) {
        put(journal, filler);
        ++count;
    }
    journal.append();
    journal.sync();
    this->start();
    std::size_t reserved = 0;
    std::size_t frame = 0;
    for (const auto& state : this->found_.states) {
        for (; frame < state.frames_before; ++frame) {
            reserved += this->found_.frames[frame].payload.size() / filler.size();
        }
        EXPECT_EQ(state.bytes, std::to_string(reserved));
    }
    EXPECT_GE(this->found_.states.size(), 3U);
}

TYPED_TEST_P(JournalContract, WhatWasTrimmedIsGoneAndTheRestStays) {
    Journal& journal = this->start();
    write(journal, 1, "old");
    for (int chunk = 0; chunk < 3; ++chunk) {
        this->fill_chunk(journal);
    }
    const std::uint32_t open = journal.stats().open_chunk;
    journal.trim(open);
    const Position kept = write(journal, 2, "kept");
    EXPECT_EQ(journal.stats().first_chunk, open);
    Journal& next = this->start();
    EXPECT_EQ(this->found_.states.front().chunk, open);
    EXPECT_EQ(this->found_.frames.back().payload, "kept");
    EXPECT_EQ(this->found_.frames.back().at, kept);
    EXPECT_EQ(next.stats().first_chunk, open);
}

TYPED_TEST_P(JournalContract, TheOpenChunkIsNeverTrimmed) {
    Journal& journal = this->start();
    write(journal, 1, "a");
    journal.trim(journal.stats().open_chunk + 5);
    write(journal, 2, "b");
    this->start();
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"a", "b"}));
}

TYPED_TEST_P(JournalContract, AStartThatWritesNothingDoesNotGrowTheLog) {
    write(this->start(), 1, "a");
    const std::uint64_t bytes = this->start().stats().bytes;
    for (int i = 0; i < 5; ++i) {
        this->start();
    }
    EXPECT_EQ(this->journal_->stats().bytes, bytes);
    EXPECT_EQ(this->found_.payloads(), (std::vector<std::string>{"a"}));
}

TYPED_TEST_P(JournalContract, ChunksAndBatchesGoOnAfterAStart) {
    const Position a = write(this->start(), 1, "a");
    const std::uint64_t batch = this->journal_->stats().batch;
    const Position b = write(this->start(), 2, "b");
    EXPECT_GT(b, a);
    EXPECT_GT(this->journal_->stats().batch, batch);
}

TYPED_TEST_P(JournalContract, AFreshLogMayGrow) { EXPECT_TRUE(this->start().may_grow()); }

REGISTER_TYPED_TEST_SUITE_P(
    JournalContract, StartsEmpty, RemembersWhatWasSyncedInOrder, KeepsEmptyAndBinaryPayloads,
    EveryFrameCarriesTheTimesOfItsTurn, WhatOneTurnReservesIsOneFrameWhenItFits,
    AGroupIsInOneFrameHoweverFullTheOpenOneIs, PositionsAreTheSameWhenTheyAreReplayed,
    AFrameOfTheLargestSizeSurvives, ReadsWhatWasReservedSyncedSealedAndReplayed,
    WhatIsNotOfTheLogReadsAsNothing, EveryChunkOpensWithTheState,
    AStateLargerThanAFrameComesInParts, TheStateTellsAllThatWasReservedBefore,
    WhatWasTrimmedIsGoneAndTheRestStays, TheOpenChunkIsNeverTrimmed,
    AStartThatWritesNothingDoesNotGrowTheLog, ChunksAndBatchesGoOnAfterAStart, AFreshLogMayGrow);

}  // namespace esteira::journal
