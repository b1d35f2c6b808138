#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/journal/local/inspect.hpp"
#include "common/base/crc32c.hpp"
#include "tests/broker/journal/rig.hpp"

// Yesterday's bytes are read for ever. To make the files of a new version, run this test with
// ESTEIRA_WRITE_GOLDEN=1; it never writes over a file that is there.
namespace esteira::journal {
namespace {

std::filesystem::path golden(int version) {
    return std::filesystem::path(ESTEIRA_SOURCE_DIR) / "tests/golden" /
           ("journal_v" + std::to_string(version));
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string kind_of(FrameKind kind) {
    switch (kind) {
        case FrameKind::state:
            return "state";
        case FrameKind::events:
            return "events";
        case FrameKind::mark:
            return "mark";
    }
    return "?";
}

// The first characters, with a dot for what cannot be printed.
std::string beginning_of(std::span<const std::byte> payload) {
    std::string text(as_text(payload.first(std::min<std::size_t>(payload.size(), 24))));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '.');
    return text;
}

// One line a frame.
std::string describe(Disk& disk) {
    std::ostringstream out;
    inspect(disk, [&out](const InspectedFrame& frame) {
        const FrameHeader& h = frame.header;
        out << "chunk " << frame.chunk << " at " << frame.at << " " << kind_of(h.kind) << " part "
            << h.part << "/" << h.parts << " batch " << h.batch << " durable " << h.durable
            << " first " << h.first_chunk << " broker " << h.time.broker.time_since_epoch().count()
            << " wall " << h.time.wall.time_since_epoch().count() << " payload "
            << frame.payload.size() << " crc " << std::hex << crc32c(frame.payload) << std::dec
            << " \"" << beginning_of(frame.payload) << "\"\n";
    });
    return out.str();
}

// Every kind of frame: a state in parts, turns with one and more frames, a trim, marks, two chunks.
void write_sample(Rig& rig) {
    rig.options.segment_bytes = 8 << 10;
    rig.options.frame_bytes = 2 << 10;
    LocalJournal& journal = rig.start();
    journal.set_state_source([] { return std::vector<std::byte>(2'100, std::byte{'S'}); });
    write(journal, 1'000, "first");
    journal.begin_turn(at_ms(2'000));
    put(journal, "two records ");
    put(journal, "in one frame");
    put(journal, std::string(1'950, 'x'));
    journal.append();
    journal.sync();
    journal.mark();
    write(journal, 3'000, "");
    write(journal, 4'000, std::string("binary \0\r\n\xff", 11));
    journal.begin_turn(at_ms(5'000));
    put(journal, std::string(700, 'y'));
    put(journal, std::string(1'900, 'z'));  // Opens the second chunk.
    journal.trim(2);
    put(journal, "trimmed");
    journal.append();  // A sync would recycle the first one.
}

std::map<std::string, std::string> segments_of(Rig& rig) {
    std::map<std::string, std::string> files;
    for (std::uint32_t chunk = 1; chunk <= 2; ++chunk) {
        if (!rig.disk.exists(segment_name(chunk))) {
            continue;
        }
        const auto bytes = rig.disk.content(segment_name(chunk));
        files[std::filesystem::path(segment_name(chunk)).filename()] = std::string(as_text(bytes));
    }
    return files;
}

class EveryVersion : public ::testing::TestWithParam<int> {};

TEST_P(EveryVersion, IsReadForEver) {
    SimDisk disk;
    for (const auto& file : std::filesystem::directory_iterator(golden(GetParam()))) {
        if (file.path().extension() == ".seg") {
            disk.set_content("journal/" + file.path().filename().string(),
                             as_bytes(read_file(file.path())));
        }
    }
    EXPECT_EQ(describe(disk), read_file(golden(GetParam()) / "frames.txt"));
    LocalOptions options;
    options.segment_bytes = 8 << 10;
    options.frame_bytes = 2 << 10;
    LocalJournal journal(disk, options);
    Replayed found;
    EXPECT_EQ(journal.replay(found), at_ms(5'000));
    EXPECT_TRUE(found.frames.back().payload.ends_with("trimmed"));
}

INSTANTIATE_TEST_SUITE_P(JournalFormat, EveryVersion, ::testing::Values(1, 2, 3));

TEST(JournalFormat, WritesWhatVersion3Wrote) {
    const std::filesystem::path folder = golden(3);
    Rig rig;
    write_sample(rig);
    const auto files = segments_of(rig);
    ASSERT_EQ(files.size(), 2U);
    const bool may_write = std::getenv("ESTEIRA_WRITE_GOLDEN") != nullptr;
    if (may_write && !std::filesystem::exists(folder)) {
        std::filesystem::create_directories(folder);
        for (const auto& [name, bytes] : files) {
            std::ofstream(folder / name, std::ios::binary) << bytes;
        }
        std::ofstream(folder / "frames.txt") << describe(rig.disk);
    }
    for (const auto& [name, bytes] : files) {
        EXPECT_TRUE(bytes == read_file(folder / name)) << name;
    }
}

}  // namespace
}  // namespace esteira::journal
