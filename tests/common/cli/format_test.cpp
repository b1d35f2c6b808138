#include "common/cli/format.hpp"

#include <array>
#include <cstdio>

#include <gtest/gtest.h>

#include "common/cli/progress.hpp"
#include "common/cli/table.hpp"

namespace esteira::cli {
namespace {

using namespace std::chrono_literals;

// What a Progress wrote into a file that is no terminal.
class Sink {
public:
    Sink() : file_(std::tmpfile()) {}
    ~Sink() { std::fclose(file_); }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    std::FILE* file() const { return file_; }
    std::string text() const {
        std::rewind(file_);
        std::array<char, 4096> bytes{};
        return {bytes.data(), std::fread(bytes.data(), 1, bytes.size(), file_)};
    }

private:
    std::FILE* file_;
};

TEST(Format, BytesAreInPowersOf1024) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(1023), "1023 B");
    EXPECT_EQ(human_bytes(1536), "1.5 KiB");
    EXPECT_EQ(human_bytes(64ULL << 20), "64 MiB");
    EXPECT_EQ(human_bytes((1ULL << 20) - 1), "1.0 MiB");
    EXPECT_EQ(human_bytes(~0ULL), "16 EiB");
}

TEST(Format, CountsAreGroupedByThousands) {
    EXPECT_EQ(human_count(0), "0");
    EXPECT_EQ(human_count(999), "999");
    EXPECT_EQ(human_count(1000), "1,000");
    EXPECT_EQ(human_count(1234567), "1,234,567");
}

TEST(Format, DurationsKeepTheTwoLargestUnits) {
    EXPECT_EQ(human_duration(350ms), "350 ms");
    EXPECT_EQ(human_duration(4200ms), "4.2 s");
    EXPECT_EQ(human_duration(59'960ms), "1 m 00 s");
    EXPECT_EQ(human_duration(65s), "1 m 05 s");
    EXPECT_EQ(human_duration(200min), "3 h 20 m");
    EXPECT_EQ(human_duration(52h), "2 d 04 h");
    EXPECT_EQ(human_duration(-65s), "-1 m 05 s");
}

TEST(Format, AStrangersTextCannotSteerTheTerminal) {
    EXPECT_EQ(visible("a\x1b[2Jb\nc\x7f"), "a\\x1b[2Jb\\nc\\x7f");
    EXPECT_EQ(visible("\xe2\x80\xa8"), "\\u2028");
    EXPECT_EQ(visible("\xe2\x80\xae"), "\\u202e");  // Would turn the rest of the line round.
    EXPECT_EQ(visible("\xc2\x9b"), "\\u009b");      // CSI in one character.
    EXPECT_EQ(visible("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(visible("\xc0\x8a"), "\\xc0\\x8a");  // An overlong line feed.
    EXPECT_EQ(visible("São João"), "São João");
}

TEST(Format, AccentsTakeOneColumn) {
    EXPECT_EQ(display_width("Maçã"), 4u);
    EXPECT_EQ(display_width("a\xcc\x83o"), 2u);  // a + combining tilde
    EXPECT_EQ(display_width("\xe6\x97\xa5"), 2u);
}

TEST(Table, ColumnsStandUnderTheirTitles) {
    Table table{{{"produto"}, {"estoque", Align::right}, {"filial"}}};
    table.row({"Maçã", "12", "1"});
    table.row({"Feijão preto", "1,234"});
    EXPECT_EQ(table.text(),
              "produto       estoque  filial\n"
              "Maçã               12  1\n"
              "Feijão preto    1,234\n");
}

TEST(Progress, APipeGetsPlainLinesAndTheTotal) {
    const Sink sink;
    Progress progress{"send", 100, "messages", Progress::Mode::lines, sink.file()};
    const auto start = std::chrono::steady_clock::now();
    progress.update(10, start + 1s);
    EXPECT_EQ(sink.text(), "");
    progress.update(50, start + 10s);
    const std::string line = sink.text();
    EXPECT_EQ(line.rfind("send  50%  50 of 100 messages, ", 0), 0u) << line;
    EXPECT_EQ(line.find('\r'), std::string::npos);
    progress.update(100, start + 11s);
    progress.finish();
    EXPECT_NE(sink.text().find("send  100%  100 of 100 messages"), std::string::npos);
}

TEST(Progress, ABarRedrawsItsLine) {
    const Sink sink;
    Progress progress{"send", 4, "messages", Progress::Mode::bar, sink.file()};
    progress.update(1, std::chrono::steady_clock::now() + 1s);
    EXPECT_EQ(sink.text().rfind("\r\x1b[Ksend  [######..................] 25%", 0), 0u)
        << sink.text();
}

TEST(Progress, JsonAndQuietSilenceIt) {
    EXPECT_EQ(Progress::mode_for({.json = true}), Progress::Mode::silent);
    EXPECT_EQ(Progress::mode_for({.quiet = true}), Progress::Mode::silent);
    const Sink sink;
    {
        Progress progress{"send", 4, "messages", Progress::Mode::silent, sink.file()};
        progress.update(4, std::chrono::steady_clock::now() + 1h);
    }
    EXPECT_EQ(sink.text(), "");
}

}  // namespace
}  // namespace esteira::cli
