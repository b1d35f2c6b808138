#include <cerrno>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/broker/journal/rig.hpp"

// What the journal does when the device refuses.
namespace esteira::journal {
namespace {

using Payloads = std::vector<std::string>;

TEST(FailedSync, EndsTheJournalAndTheNextStartFindsWhatWasDurable) {
    for (const int error : {EIO, ENOSPC, EDQUOT}) {
        Rig rig;
        write(rig.start(), 1, "durable");
        rig.journal->begin_turn(at_ms(2));
        put(*rig.journal, "never durable");
        rig.journal->append();
        rig.disk.fail_next_sync(error);
        EXPECT_THROW(rig.journal->sync(), DeviceFailed);
        EXPECT_THROW(rig.journal->sync(), DeviceFailed);  // The second one would «work».
        rig.kill();
        rig.start();
        EXPECT_EQ(rig.found.payloads(), Payloads{"durable"});
    }
}

TEST(FailedSync, RefusesEverythingAfterwards) {
    Rig rig;
    rig.start();
    rig.disk.fail_next_sync(EIO);
    EXPECT_THROW(write(*rig.journal, 1, "a"), DeviceFailed);
    rig.journal->begin_turn(at_ms(2));
    EXPECT_THROW(write(*rig.journal, 2, "b"), DeviceFailed);
    EXPECT_THROW(rig.journal->sync(), DeviceFailed);
}

TEST(FailedSync, DuringRecoveryIsFinal) {
    Rig rig;
    write(rig.start(), 1, "a");
    rig.kill();
    rig.disk.fail_next_sync(EIO);
    EXPECT_THROW(rig.start(), DeviceFailed);
}

TEST(ShortWrite, EndsTheJournalAndHalfAFrameIsCut) {
    Rig rig;
    write(rig.start(), 1, "durable");
    rig.journal->begin_turn(at_ms(2));
    put(*rig.journal, std::string(3'000, 'x'));
    rig.disk.shorten_next_write(1'024);
    EXPECT_THROW(rig.journal->append(), DeviceFailed);
    rig.kill();
    rig.start();
    EXPECT_EQ(rig.found.payloads(), Payloads{"durable"});
    EXPECT_GT(rig.journal->stats().quarantined_bytes, 0U);
}

// Turns, a roll, a trim, a mark, preparing: every kind of call. Tells what was promised.
Payloads run_script(LocalJournal& journal, Payloads& promised) {
    Payloads reserved;
    for (int turn = 0; turn < 60; ++turn) {
        const std::string payload = std::to_string(turn) + std::string(900, '.');
        reserved.push_back(payload);
        write(journal, turn, payload);
        promised = reserved;
        if (turn == 45) {
            journal.mark();
        }
        journal.prepare_step();
    }
    return reserved;
}

void fails_or_recovers(std::uint64_t call, int error, bool for_good) {
    Rig rig;
    rig.start();
    Payloads promised;
    rig.disk.fail_call(call, error, for_good);
    try {
        run_script(*rig.journal, promised);
    } catch (const DeviceFailed&) {
        EXPECT_THROW(write(*rig.journal, 99, "x"), DeviceFailed);
    }
    rig.kill();
    rig.start();
    const auto found = rig.found.payloads();
    EXPECT_TRUE(is_prefix(promised, found)) << "call " << call;
    EXPECT_LE(found.size(), promised.size() + 1) << "call " << call;
}

TEST(EveryCall, ThatFailsEndsTheJournalOrIsNoHarm) {
    std::uint64_t calls = 0;
    {
        Rig rig;
        rig.start();
        Payloads promised;
        const std::uint64_t before = rig.disk.calls();
        run_script(*rig.journal, promised);
        calls = rig.disk.calls() - before;
    }
    ASSERT_GT(calls, 150U);
    for (std::uint64_t call = 1; call <= calls; ++call) {
        for (const int error : {EIO, ENOSPC}) {
            fails_or_recovers(call, error, false);
            fails_or_recovers(call, error, true);
        }
    }
}

TEST(EveryCall, ThatFailsInRecoveryRefusesTheStartOrIsNoHarm) {
    Rig made;
    made.start();
    Payloads promised;
    run_script(*made.journal, promised);
    made.kill();
    const std::uint64_t before = made.disk.calls();
    made.start();
    const std::uint64_t calls = made.disk.calls() - before;
    for (std::uint64_t call = 1; call <= calls; ++call) {
        Rig rig;
        rig.start();
        run_script(*rig.journal, promised);
        rig.kill();
        rig.disk.fail_call(call, EIO);
        EXPECT_THROW(rig.start(), DeviceFailed) << "call " << call;
        rig.kill();
        rig.start();
        EXPECT_EQ(rig.found.payloads(), promised) << "call " << call;
    }
}

TEST(FullDisk, RefusesSendsWhileDeletesHaveAReserve) {
    Rig rig;
    rig.start();
    EXPECT_TRUE(rig.journal->may_grow());
    rig.disk.limit_room(0);
    while (rig.journal->may_grow()) {
        write(*rig.journal, 1, std::string(1'000, 's'));
    }
    // Two whole segments are left for what takes from the log.
    std::uint32_t turns = 0;
    const std::uint32_t chunk = rig.journal->stats().open_chunk;
    while (rig.journal->stats().open_chunk < chunk + limits::kReserveSegments) {
        write(*rig.journal, 2, "delete");
        ++turns;
    }
    EXPECT_GE(turns, limits::kReserveSegments * 50);
    EXPECT_FALSE(rig.journal->may_grow());
}

TEST(FullDisk, EndsTheJournalOnlyWhenTheReserveIsUsedUp) {
    Rig rig;
    rig.start();
    rig.disk.limit_room(0);
    EXPECT_THROW(
        while (true) { write(*rig.journal, 1, std::string(1'000, 's')); }, DeviceFailed);
    EXPECT_EQ(rig.journal->stats().ready_segments, 0U);
}

TEST(FullDisk, LetsSendsInAgainWhenDeletesHaveEmptiedASegment) {
    Rig rig;
    rig.start();
    rig.disk.limit_room(0);
    while (rig.journal->may_grow()) {
        write(*rig.journal, 1, std::string(1'000, 's'));
    }
    rig.journal->trim(rig.journal->stats().open_chunk);
    write(*rig.journal, 2, "delete");
    EXPECT_TRUE(rig.journal->may_grow());
}

TEST(FullDisk, LetsSendsInAgainWhenThereIsRoom) {
    Rig rig;
    rig.start();
    rig.disk.limit_room(0);
    while (rig.journal->may_grow()) {
        write(*rig.journal, 1, std::string(1'000, 's'));
    }
    EXPECT_FALSE(rig.journal->prepare_step());
    EXPECT_FALSE(rig.journal->may_grow());
    rig.disk.unlimit_room();
    while (rig.journal->prepare_step()) {
    }
    EXPECT_TRUE(rig.journal->may_grow());
}

TEST(FullDisk, StillStartsAndKeepsTheTornBytesInPlace) {
    Rig rig;
    write(rig.start(), 1, "whole");
    write(*rig.journal, 2, "torn");
    const std::string name = rig.newest();
    const auto last = frames_of(rig.newest_content()).back();
    rig.disk.flip_bit(name, (last.from + kFrameHeaderBytes) * 8);
    const auto torn = rig.disk.content(name);
    rig.kill();
    rig.disk.limit_room(0);
    write(rig.start(), 3, "after");
    EXPECT_EQ(rig.disk.content(name), torn);
    rig.start();
    EXPECT_EQ(rig.found.payloads(), (Payloads{"whole", "after"}));
}

TEST(SoftLimit, StopsSendsUnderTheFloorAndForgetsThemWithHysteresis) {
    constexpr std::uint64_t kFloor = 1 << 20;
    Rig rig;
    rig.options.free_bytes_floor = kFloor;
    rig.start();
    EXPECT_TRUE(rig.journal->may_grow());
    rig.disk.limit_room(kFloor - 1);
    rig.journal->prepare_step();
    EXPECT_FALSE(rig.journal->may_grow());
    rig.disk.limit_room(kFloor + 1);
    rig.journal->prepare_step();
    EXPECT_FALSE(rig.journal->may_grow());
    rig.disk.limit_room(kFloor + kFloor / 4);
    rig.journal->prepare_step();
    EXPECT_TRUE(rig.journal->may_grow());
}

TEST(Spares, ArePrewrittenInStepsAndStaySoAfterAStart) {
    Rig rig;
    rig.options.segment_bytes = 256 << 10;
    rig.start();
    int steps = 0;
    while (rig.journal->prepare_step()) {
        ++steps;
    }
    EXPECT_EQ(steps, static_cast<int>(SegmentPool::kSparesWanted) * 4);  // 64 KiB each.
    rig.start();
    EXPECT_FALSE(rig.journal->prepare_step());
}

TEST(Spares, AreNotKeptBeyondTheirNumber) {
    Rig rig;
    rig.options.spares_max = 6;
    rig.start();
    for (int chunk = 0; chunk < 12; ++chunk) {
        rig.fill_chunk();
    }
    rig.journal->trim(rig.journal->stats().open_chunk);
    write(*rig.journal, 1, "a");
    EXPECT_EQ(rig.journal->stats().ready_segments, 6U);
}

TEST(ColdReads, AreServedFromOneBlockUntilTheTurnEnds) {
    Rig rig;
    rig.options.tail_bytes = 0;
    rig.start();
    const Position a = write(*rig.journal, 1, "a");
    const Position b = write(*rig.journal, 1, "b");
    rig.journal->begin_turn(at_ms(2));
    const std::uint64_t before = rig.disk.reads();
    const auto first = rig.journal->read(a, 1);
    EXPECT_EQ(as_text(first), "a");
    EXPECT_EQ(as_text(rig.journal->read(b, 1)), "b");
    EXPECT_EQ(as_text(first), "a");
    EXPECT_EQ(rig.disk.reads() - before, 1U);
    EXPECT_EQ(rig.journal->stats().body_reads_cold, 1U);
    rig.journal->begin_turn(at_ms(3));
    EXPECT_EQ(as_text(rig.journal->read(a, 1)), "a");
    EXPECT_EQ(rig.disk.reads() - before, 2U);
}

TEST(ColdReads, ThatTheDeviceRefusesAreEmptyAndNoMoreThanThat) {
    Rig rig;
    rig.options.tail_bytes = 0;
    rig.start();
    const Position a = write(*rig.journal, 1, "a");
    rig.journal->begin_turn(at_ms(2));
    EXPECT_EQ(as_text(rig.journal->read(a, 1)), "a");
    rig.journal->begin_turn(at_ms(3));
    rig.disk.fail_call(1, EIO);
    EXPECT_TRUE(rig.journal->read(a, 1).empty());
    EXPECT_EQ(as_text(rig.journal->read(a, 1)), "a");
    write(*rig.journal, 4, "b");
}

}  // namespace
}  // namespace esteira::journal
