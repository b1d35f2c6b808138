#include <memory>

#include "broker/journal/local/local_journal.hpp"
#include "broker/journal/local/real_disk.hpp"
#include "tests/contract/journal_contract.hpp"
#include "tests/support/sim_disk.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::journal {
namespace {

LocalOptions small_options(std::uint32_t tail_bytes) {
    LocalOptions options;
    options.segment_bytes = 32 << 10;
    options.frame_bytes = 8 << 10;
    options.tail_bytes = tail_bytes;
    return options;
}

struct OnSimDisk {
    SimDisk disk;
    std::unique_ptr<Journal> open() {
        return std::make_unique<LocalJournal>(disk, small_options(1 << 20));
    }
};

// Nothing is read from RAM that an earlier turn wrote.
struct OnSimDiskWithoutTail {
    SimDisk disk;
    std::unique_ptr<Journal> open() {
        return std::make_unique<LocalJournal>(disk, small_options(0));
    }
};

struct OnRealDisk {
    test::TempFolder folder;
    RealDisk disk{folder.path()};
    std::unique_ptr<Journal> open() {
        return std::make_unique<LocalJournal>(disk, small_options(1 << 20));
    }
};

// Written past the kernel's cache, read through it.
struct OnRealDiskWithoutTail {
    test::TempFolder folder;
    RealDisk disk{folder.path()};
    std::unique_ptr<Journal> open() {
        return std::make_unique<LocalJournal>(disk, small_options(0));
    }
};

using Factories =
    testing::Types<OnSimDisk, OnSimDiskWithoutTail, OnRealDisk, OnRealDiskWithoutTail>;
INSTANTIATE_TYPED_TEST_SUITE_P(Local, JournalContract, Factories);

}  // namespace
}  // namespace esteira::journal
