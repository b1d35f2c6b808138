#include "broker/journal/local/preparer.hpp"

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "broker/journal/local/real_disk.hpp"
#include "tests/broker/journal/rig.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::journal {
namespace {

constexpr Preparer::Pauses kQuick{.working = std::chrono::milliseconds(0),
                                  .idle = std::chrono::milliseconds(1)};

LocalOptions small_options() {
    LocalOptions options;
    options.segment_bytes = 128 << 10;
    options.frame_bytes = 8 << 10;
    options.spares_max = 5;
    return options;
}

// The turn writes, rolls and recycles while spares are made and prewritten beside it.
TEST(Preparer, WorksBesideTheTurnWithoutHarm) {
    const test::TempFolder folder;
    RealDisk disk(folder.path());
    const std::string payload(7'000, 'p');
    std::uint64_t written = 0;
    {
        LocalJournal journal(disk, small_options());
        Replayed nothing;
        journal.replay(nothing);
        const Preparer preparer(journal, kQuick);
        for (int turn = 0; turn < 600; ++turn) {
            write(journal, turn, payload);
            EXPECT_TRUE(journal.may_grow());
            if (turn % 100 == 99) {
                journal.trim(journal.stats().open_chunk - 1);
            }
        }
        written = journal.stats().batch;
    }
    LocalJournal journal(disk, small_options());
    Replayed found;
    journal.replay(found);
    EXPECT_EQ(journal.stats().batch, written);
    ASSERT_FALSE(found.frames.empty());
    EXPECT_EQ(found.frames.back().time, at_ms(599));
    for (const auto& frame : found.frames) {
        ASSERT_EQ(frame.payload, payload);
    }
}

TEST(Preparer, WhoseDeviceFailsEndsTheJournal) {
    Rig rig;
    rig.start();
    write(*rig.journal, 1, "a");
    rig.disk.fail_call(1, EIO);
    {
        const Preparer preparer(*rig.journal, kQuick);
        // The disk is the preparer's alone until it has failed: it makes the spare that is missing.
        while (rig.journal->prepare_failed() == false) {
            std::this_thread::yield();
        }
    }
    EXPECT_THROW(write(*rig.journal, 2, "b"), DeviceFailed);
    rig.kill();
    rig.start();
    EXPECT_EQ(rig.found.payloads(), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace esteira::journal
