#include "tests/support/sim_disk.hpp"

#include <cerrno>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"

// A simulated disk that is kinder than a real one hides bugs, so it is tested too.
namespace esteira::journal {
namespace {

using Access = Disk::Access;

std::string text_of(const SimDisk& disk, const std::string& name) {
    return std::string(as_text(disk.content(name)));
}

File file_with(SimDisk& disk, const std::string& durable) {
    File file = disk.open("journal/a", Access::create);
    file.write(as_bytes(durable), 0);
    file.sync();
    disk.sync_directory("journal");
    return file;
}

const std::string kOld(1'024, 'o');
const std::string kNew(1'024, 'n');

TEST(SimDisk, APowerLossLeavesEverySectorOldOrNew) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SimDisk disk;
        File file = file_with(disk, kOld);
        file.write(as_bytes(kNew), 0);
        disk.crash_power(seed);
        seen.insert(text_of(disk, "journal/a"));
    }
    const std::string half_old = kOld.substr(0, 512);
    const std::string half_new = kNew.substr(0, 512);
    EXPECT_EQ(seen, (std::set<std::string>{kOld, kNew, half_old + half_new, half_new + half_old}));
}

TEST(SimDisk, WhatWasSyncedSurvivesAPowerLoss) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        SimDisk disk;
        File file = file_with(disk, kOld);
        file.write(as_bytes(kNew), 0);
        file.sync();
        disk.crash_power(seed, true);
        EXPECT_EQ(text_of(disk, "journal/a"), kNew);
    }
}

TEST(SimDisk, AKilledProcessLosesNothingThatItWrote) {
    SimDisk disk;
    File file = file_with(disk, kOld);
    file.write(as_bytes(kNew), 0);
    disk.crash_process();
    EXPECT_EQ(text_of(disk, "journal/a"), kNew);
}

TEST(SimDisk, AFailedSyncForgetsTheBytesAndTheNextOneWorks) {
    SimDisk disk;
    File file = file_with(disk, kOld);
    file.write(as_bytes(kNew), 0);
    disk.fail_next_sync(EIO);
    EXPECT_THROW(file.sync(), DiskError);
    file.sync();
    EXPECT_EQ(text_of(disk, "journal/a"), kNew);  // As the page cache has it.
    file.drop_cache();
    EXPECT_EQ(text_of(disk, "journal/a"), kOld);
}

TEST(SimDisk, BytesWrittenAgainAfterAFailedSyncBecomeDurable) {
    SimDisk disk;
    File file = file_with(disk, kOld);
    file.write(as_bytes(kNew), 0);
    disk.fail_next_sync(EIO);
    EXPECT_THROW(file.sync(), DiskError);
    file.write(as_bytes(kNew.substr(0, 512)), 0);
    file.sync();
    file.drop_cache();
    EXPECT_EQ(text_of(disk, "journal/a"), kNew.substr(0, 512) + kOld.substr(0, 512));
}

TEST(SimDisk, ANameThatWasNotSyncedMayBeTheOldOne) {
    std::set<bool> renamed;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimDisk disk;
        file_with(disk, kOld);
        disk.rename("journal/a", "journal/b");
        disk.crash_power(seed);
        EXPECT_NE(disk.exists("journal/a"), disk.exists("journal/b"));
        renamed.insert(disk.exists("journal/b"));
    }
    EXPECT_EQ(renamed.size(), 2U);
}

TEST(SimDisk, ANameThatWasSyncedStays) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SimDisk disk;
        file_with(disk, kOld);
        disk.rename("journal/a", "journal/b");
        disk.sync_directory("journal");
        disk.crash_power(seed);
        EXPECT_TRUE(disk.exists("journal/b"));
    }
}

TEST(SimDisk, AFullDiskStillTakesWhatWasAllocated) {
    SimDisk disk;
    File file = disk.open("journal/a", Access::create);
    file.allocate(1'024);
    disk.limit_room(0);
    EXPECT_EQ(file.write(as_bytes(kNew), 0), kNew.size());
    EXPECT_THROW(file.write(as_bytes(kNew), 1'024), DiskError);
}

TEST(SimDisk, ACrashInsideAWriteLeavesHalfOfItsSectors) {
    SimDisk disk;
    File file = file_with(disk, kOld);
    disk.crash_at_call(1, true);
    EXPECT_THROW(file.write(as_bytes(kNew), 0), SimCrash);
    EXPECT_EQ(text_of(disk, "journal/a"), kNew.substr(0, 512) + kOld.substr(0, 512));
}

}  // namespace
}  // namespace esteira::journal
