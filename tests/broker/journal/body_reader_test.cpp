#include "broker/journal/local/body_reader.hpp"

#include <gtest/gtest.h>

#include "broker/journal/local/format.hpp"
#include "tests/support/sim_disk.hpp"

namespace esteira::journal {
namespace {

constexpr std::uint32_t kRecord = 300;
constexpr std::uint32_t kEnd = 8 << 20;

class BodyReaderTest : public testing::Test {
protected:
    BodyReaderTest() {
        for (std::size_t i = 0; i < content_.size(); ++i) {
            content_[i] = static_cast<std::byte>(i * 2654435761U >> 13);
        }
        File file = disk_.open(segment_name(1), Disk::Access::create);
        file.resize(kEnd);
        file.write(content_, 0);
    }

    // Reads one record and compares it.
    void read(std::uint32_t slot, std::uint32_t size = kRecord) {
        const auto bytes = reader_.read({1, slot}, size, kEnd);
        ASSERT_EQ(bytes.size(), size) << slot;
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), content_.begin() + slot)) << slot;
    }

    std::vector<std::byte> content_ = std::vector<std::byte>(kEnd);
    SimDisk disk_;
    BodyReader reader_{disk_};
};

TEST_F(BodyReaderTest, FetchesFarMoreAtATimeThanARecordWhenTheyFollowEachOther) {
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        read(512 + i * kRecord);
    }
    EXPECT_LT(reader_.disk_reads(), 20u);
    EXPECT_LT(reader_.disk_bytes(), 10'000u * kRecord + (256u << 10));
}

TEST_F(BodyReaderTest, FetchesTheWantedBytesAloneWhenRecordsLieApart) {
    for (std::uint32_t i = 1; i < 100; ++i) {
        read(i * 70'000);
    }
    EXPECT_EQ(reader_.disk_bytes(), 99u * kRecord);
}

TEST_F(BodyReaderTest, FetchesTheWantedBytesAloneWhenRecordsAreReadBackwards) {
    for (std::uint32_t i = 1'000; i > 10; --i) {
        read(i * kRecord);
    }
    EXPECT_EQ(reader_.disk_bytes(), 990u * kRecord);
}

TEST_F(BodyReaderTest, FetchesLittleAheadForAFewRecordsThatFollowEachOther) {
    for (std::uint32_t turn = 1; turn < 10; ++turn) {
        reader_.begin_turn();
        for (std::uint32_t i = 0; i < 10; ++i) {
            read(turn * 700'000 + i * kRecord);
        }
    }
    EXPECT_EQ(reader_.disk_reads(), 2u * 9u);
    EXPECT_LT(reader_.disk_bytes(), 9u * (20u << 10));
}

TEST_F(BodyReaderTest, ReadsRecordsThatAreLargerThanWhatItFetchesAhead) {
    for (std::uint32_t i = 0; i < 6; ++i) {
        read(512 + i * 1'000'000, 1'000'000);
    }
    EXPECT_LT(reader_.disk_bytes(), 6u * 1'000'000 + 1);
}

TEST_F(BodyReaderTest, GivesNothingBehindTheEndOfTheFile) {
    read(kEnd - kRecord);
    EXPECT_TRUE(reader_.read({1, kEnd - kRecord}, kRecord + 1, kEnd + kRecord).empty());
    EXPECT_TRUE(reader_.read({2, 512}, kRecord, kEnd).empty());
}

}  // namespace
}  // namespace esteira::journal
