#include "producers/support/spool.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/bytes.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::producers {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRoom = 1 << 20;

Spool::Batch batch_of(std::string_view frame, std::uint64_t number = 7) {
    Spool::Batch batch{{std::byte{9}}, number, 3, {}};
    batch.frame.assign(as_bytes(frame).begin(), as_bytes(frame).end());
    return batch;
}

class SpoolTest : public testing::Test {
protected:
    fs::path folder() const { return fs::path(temp_.path()) / "spool"; }
    fs::path file(const char* name) const { return folder() / name; }
    std::string content(const fs::path& path) const {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write(const fs::path& path, const std::string& text) const {
        std::ofstream(path, std::ios::binary) << text;
    }

    test::TempFolder temp_;
};

TEST_F(SpoolTest, WhatWasPutIsFoundByTheNextProcessInItsOrder) {
    std::uint64_t first = 0;
    {
        Spool spool(folder(), kRoom);
        first = spool.put(batch_of("one")).value();
        spool.put(batch_of("two", 8));
    }
    Spool spool(folder(), kRoom);
    ASSERT_EQ(spool.found(), (std::vector<std::uint64_t>{first, first + 1}));
    const auto batch = spool.read(first);
    ASSERT_TRUE(batch);
    EXPECT_EQ(as_text(batch.value().frame), "one");
    EXPECT_EQ(batch.value().number, 7u);
    EXPECT_EQ(batch.value().entries, 3u);
    EXPECT_EQ(batch.value().session[0], std::byte{9});
    EXPECT_EQ(spool.put(batch_of("three")).value(), first + 2);
}

TEST_F(SpoolTest, NobodyElseMayReadIt) {
    Spool spool(folder(), kRoom);
    spool.put(batch_of("secret"));
    struct stat info {};
    ASSERT_EQ(stat(folder().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0700u);
    ASSERT_EQ(stat(file("0000000000000001.batch").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(SpoolTest, TwoProcessesCannotShareIt) {
    Spool spool(folder(), kRoom);
    EXPECT_THROW(Spool(folder(), kRoom), SpoolError);
}

TEST_F(SpoolTest, ItTakesNoMoreThanItMayAndMoreAfterARemoval) {
    Spool spool(folder(), 48 + 100);
    const auto first = spool.put(batch_of(std::string(100, 'x')));
    ASSERT_TRUE(first);
    EXPECT_FALSE(spool.put(batch_of("y")));
    spool.remove(*first);
    EXPECT_EQ(spool.bytes(), 0u);
    EXPECT_TRUE(spool.put(batch_of("y")));
}

TEST_F(SpoolTest, ABatchTakesThePlaceOfAnother) {
    Spool spool(folder(), kRoom);
    const auto first = spool.put(batch_of("a long frame")).value();
    spool.replace(first, batch_of("short", 1));
    EXPECT_EQ(as_text(spool.read(first).value().frame), "short");
    EXPECT_EQ(spool.bytes(), 48u + 5u);
}

// Wherever a file is cut, and whichever byte is another, it is never taken for a batch.
TEST_F(SpoolTest, ADamagedFileIsSetAsideWithTheReason) {
    {
        Spool spool(folder(), kRoom);
        spool.put(batch_of("0123456789"));
    }
    const std::string whole = content(file("0000000000000001.batch"));
    ASSERT_EQ(whole.size(), 58u);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const bool cut : {true, false}) {
            std::string broken = cut ? whole.substr(0, at) : whole;
            if (!cut) {
                broken[at] = static_cast<char>(broken[at] ^ 1);
            }
            write(file("0000000000000001.batch"), broken);
            Spool spool(folder(), kRoom);
            ASSERT_EQ(spool.found().size(), 1u);
            const auto batch = spool.read(1);
            ASSERT_FALSE(batch) << at << cut;
            EXPECT_NE(batch.error().find(".damaged: it"), std::string::npos) << batch.error();
            EXPECT_EQ(content(file("0000000000000001.damaged")), broken);
            EXPECT_EQ(spool.bytes(), 0u);
        }
    }
}

TEST_F(SpoolTest, AFileThatWasBeingWrittenIsToldAndNotTaken) {
    { Spool make(folder(), kRoom); }
    write(file("0000000000000005.tmp"), "ESTSPL");
    Spool spool(folder(), kRoom);
    EXPECT_TRUE(spool.found().empty());
    ASSERT_EQ(spool.unfinished().size(), 1u);
    EXPECT_TRUE(fs::exists(spool.unfinished()[0]));
    EXPECT_EQ(spool.put(batch_of("x")).value(), 6u);
}

TEST_F(SpoolTest, OtherFilesAreLeftAlone) {
    { Spool make(folder(), kRoom); }
    write(file("readme.txt"), "mine");
    write(file("0001.batch"), "mine");
    Spool spool(folder(), kRoom);
    EXPECT_TRUE(spool.found().empty());
    EXPECT_EQ(content(file("readme.txt")), "mine");
}

}  // namespace
}  // namespace esteira::producers
