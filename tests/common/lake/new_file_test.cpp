#include "common/lake/new_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"

namespace esteira::lake {
namespace {

namespace fs = std::filesystem;

class NewFileTest : public testing::Test {
protected:
    fs::path path() const { return fs::path(folder_.path()) / "raw" / "a.csv"; }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path().parent_path()), fs::directory_iterator()));
    }
    static std::string content(const fs::path& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    test::TempFolder folder_;
};

TEST_F(NewFileTest, IsNotThereBeforeItIsWholeAndTellsItsHash) {
    NewFile file(path());
    file.write("ab");
    file.write("c");
    EXPECT_FALSE(fs::exists(path()));
    EXPECT_EQ(file.bytes(), 3u);
    EXPECT_EQ(file.publish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(content(path()), "abc");
    EXPECT_EQ(files(), 1u);
}

TEST_F(NewFileTest, LeavesNothingWhenItIsNotPublished) {
    {
        NewFile file(path());
        file.write("abc");
    }
    EXPECT_EQ(files(), 0u);
}

TEST_F(NewFileTest, DoesNotReplaceWhatIsThere) {
    NewFile first(path());
    first.write("first");
    first.publish();
    NewFile second(path());
    second.write("second");
    try {
        second.publish();
        FAIL() << "it was replaced";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::file_exists);
        EXPECT_NE(std::string(error.what()).find("a.csv"), std::string::npos);
    }
    EXPECT_EQ(content(path()), "first");
}

TEST_F(NewFileTest, WritesMoreThanItsBufferHolds) {
    const std::string piece(700'000, 'x');
    NewFile file(path());
    for (int i = 0; i < 5; ++i) {
        file.write(piece);
    }
    file.publish();
    EXPECT_EQ(content(path()), piece + piece + piece + piece + piece);
}

TEST_F(NewFileTest, TellsWhichFileCannotBeWritten) {
    std::ofstream(fs::path(folder_.path()) / "raw") << "a file, where a folder ought to be";
    EXPECT_THROW(NewFile{path()}, std::system_error);
}

}  // namespace
}  // namespace esteira::lake
