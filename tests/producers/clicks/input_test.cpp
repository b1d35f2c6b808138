#include "producers/clicks/input.hpp"

#include <array>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/cli/app.hpp"
#include "tests/producers/clicks/packed.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::clicks {
namespace {

class InputTest : public testing::Test {
protected:
    std::string file(const std::string& bytes) const {
        const std::string path = temp_.path() + "/input";
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    // All of it, through a room of this size.
    static std::string read(const std::string& path, std::size_t room_bytes = 64 << 10) {
        Input input(path);
        std::string room(room_bytes, '\0');
        std::string all;
        while (const std::size_t size = input.read(room)) {
            all.append(room, 0, size);
        }
        return all;
    }

    static std::string text(std::size_t lines) {
        std::string all;
        for (std::size_t i = 0; i < lines; ++i) {
            all += std::to_string(i * i) + ",view\n";
        }
        return all;
    }

    test::TempFolder temp_;
};

TEST_F(InputTest, IsTheSamePlainAndPacked) {
    const std::string all = text(100'000);
    EXPECT_EQ(read(file(all)), all);
    EXPECT_EQ(read(file(gzipped(all))), all);
    EXPECT_EQ(read(file(zstd_packed(all))), all);
    for (const std::size_t room : {1U, 3U, 1000U}) {
        const std::string some = text(1'000);
        EXPECT_EQ(read(file(some), room), some);
        EXPECT_EQ(read(file(gzipped(some)), room), some);
        EXPECT_EQ(read(file(zstd_packed(some)), room), some);
    }
}

TEST_F(InputTest, SeveralMembersBehindOneAnotherAreOneText) {
    const std::string all = text(1'000);
    EXPECT_EQ(read(file(gzipped(all) + gzipped("x") + gzipped(""))), all + "x");
    EXPECT_EQ(read(file(zstd_packed(all) + zstd_packed("") + zstd_packed("x"))), all + "x");
}

TEST_F(InputTest, MayBeEmptyOrShort) {
    for (const char* some : {"", "a", "\x1f", "(\xb5/"}) {
        EXPECT_EQ(read(file(some)), some);
    }
    EXPECT_EQ(read(file(gzipped(""))), "");
}

TEST_F(InputTest, PackedDataThatIsCutIsToldAndNotTakenForAll) {
    const std::string all = text(10'000);
    for (const std::string& packed : {gzipped(all), zstd_packed(all)}) {
        for (const std::size_t size : {std::size_t{5}, packed.size() / 2, packed.size() - 1}) {
            EXPECT_THROW(read(file(packed.substr(0, size))), InputError) << size;
        }
    }
}

TEST_F(InputTest, PackedDataThatIsDamagedIsTold) {
    const std::string all = text(10'000);
    for (std::string packed : {gzipped(all), zstd_packed(all)}) {
        EXPECT_THROW(read(file(packed + "more")), InputError);
        for (std::size_t i = 0; i < 8; ++i) {
            packed[packed.size() / 2 + i] = '\x55';
        }
        EXPECT_THROW(read(file(packed)), InputError);
    }
}

TEST_F(InputTest, AFileThatIsNotThereIsNotFound) {
    try {
        read(temp_.path() + "/none");
        FAIL();
    } catch (const cli::Failure& failure) {
        EXPECT_EQ(failure.code, cli::ExitCode::not_found);
    }
    EXPECT_THROW(read(temp_.path()), InputError);
}

TEST_F(InputTest, APipeThatHasNothingIsNotWaitedForInSilence) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const std::string path = "/dev/fd/" + std::to_string(ends[0]);
    int asked = 0;
    Input input(path, [&] {
        if (++asked == 2) {
            EXPECT_EQ(::write(ends[1], "late", 4), 4);
            ::close(ends[1]);
        }
    });
    std::string room(10, '\0');
    EXPECT_EQ(input.read(room), 4u);
    EXPECT_EQ(input.read(room), 0u);
    EXPECT_EQ(asked, 2);
    ::close(ends[0]);
}

}  // namespace
}  // namespace esteira::clicks
