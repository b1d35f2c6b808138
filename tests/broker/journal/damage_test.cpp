#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/journal/local/inspect.hpp"
#include "tests/broker/journal/rig.hpp"

// A small journal, harmed at every place. A start refuses or cuts what nothing proves; it never
// hands over a byte that was not written. The offline look must come to the same verdict.
namespace esteira::journal {
namespace {

using Payloads = std::vector<std::string>;
using Bytes = std::vector<std::byte>;

// Three chunks of a few frames each.
struct Written {
    std::map<std::string, Bytes> files;
    Payloads payloads;
    std::map<std::string, std::uint32_t> ends;  // Of the log in every begun segment.
    std::string newest;
    std::uint32_t last_from = 0;  // The last frame begins here.
};

LocalOptions tiny_options() {
    LocalOptions options;
    options.segment_bytes = 8 << 10;
    options.frame_bytes = 2 << 10;
    options.spares_max = 1;
    options.random = [epoch = std::uint64_t{0}]() mutable { return ++epoch * 0x5DEECE66DULL; };
    return options;
}

Written written(bool with_mark) {
    Written made;
    Rig rig;
    rig.options = tiny_options();
    rig.start();
    for (int turn = 0; rig.journal->stats().open_chunk < 3 || turn % 5 != 0; ++turn) {
        made.payloads.push_back("payload " + std::to_string(turn) +
                                std::string(static_cast<std::size_t>(turn % 3) * 400, '.'));
        write(*rig.journal, turn, made.payloads.back());
    }
    if (with_mark) {
        rig.journal->mark();
    }
    made.newest = rig.newest();
    rig.journal.reset();
    for (const std::string& file : rig.disk.list("journal")) {
        const std::string name = "journal/" + file;
        made.files[name] = rig.disk.content(name);
        const auto frames = frames_of(made.files[name]);
        if (!frames.empty()) {
            made.ends[name] = frames.back().upto;
            made.last_from = frames.back().from;
        }
    }
    return made;
}

enum class Outcome { whole, cut, refused };

// Starts on `files`; fails when anything else than a prefix of what was written comes back.
Outcome start_on(const Written& made, const std::map<std::string, Bytes>& files) {
    Rig rig;
    rig.options = tiny_options();
    for (const auto& [name, bytes] : files) {
        rig.disk.set_content(name, bytes);
    }
    const LogReport report = inspect(rig.disk, {});
    try {
        rig.start();
    } catch (const Damaged& damage) {
        EXPECT_FALSE(report.sound()) << damage.what();
        EXPECT_NE(std::string(damage.what()).find("journal/"), std::string::npos);
        return Outcome::refused;
    }
    EXPECT_TRUE(report.sound());
    EXPECT_TRUE(is_prefix(rig.found.payloads(), made.payloads));
    return rig.found.payloads().size() == made.payloads.size() ? Outcome::whole : Outcome::cut;
}

TEST(Damage, OfAnyByteThatAMarkProvesIsRefused) {
    const Written made = written(true);
    ASSERT_EQ(made.ends.size(), 3U);
    ASSERT_EQ(start_on(made, made.files), Outcome::whole);
    for (const auto& [name, end] : made.ends) {
        const std::uint32_t proven = name == made.newest ? made.last_from : end;
        for (std::uint32_t at = 0; at < made.files.at(name).size(); ++at) {
            auto files = made.files;
            files[name][at] ^= static_cast<std::byte>(1U << (at % 8));
            const Outcome expected = at < proven ? Outcome::refused : Outcome::whole;
            ASSERT_EQ(start_on(made, files), expected) << name << " byte " << at;
        }
    }
}

TEST(Damage, OfTheLastFrameIsCutWhenNothingProvesIt) {
    const Written made = written(false);
    const std::uint32_t end = made.ends.at(made.newest);
    for (std::uint32_t at = made.last_from; at < end; ++at) {
        auto files = made.files;
        files[made.newest][at] ^= static_cast<std::byte>(1U << (at % 8));
        ASSERT_EQ(start_on(made, files), Outcome::cut) << "byte " << at;
    }
}

TEST(Damage, OfASpareIsNoHarm) {
    const Written made = written(true);
    for (const auto& [name, bytes] : made.files) {
        if (made.ends.contains(name)) {
            continue;
        }
        for (std::uint32_t at = 0; at < limits::kSectorBytes; ++at) {
            auto files = made.files;
            files[name][at] ^= std::byte{4};
            ASSERT_EQ(start_on(made, files), Outcome::whole) << name << " byte " << at;
        }
    }
}

// Every sector of the log, replaced by `replacement(name, index)`.
void replace_sectors(const Written& made, const std::string& from_name, std::uint32_t step) {
    const std::uint32_t sector = limits::kSectorBytes;
    const Bytes& source = made.files.at(from_name);
    for (const auto& [name, end] : made.ends) {
        const std::uint32_t proven = name == made.newest ? made.last_from : end;
        for (std::uint32_t at = 0; at < proven; at += sector) {
            for (std::uint32_t from = 0; from < source.size(); from += step * sector) {
                auto files = made.files;
                std::copy_n(source.begin() + from, sector, files[name].begin() + at);
                const bool same = files[name] == made.files.at(name);
                const Outcome expected = same ? Outcome::whole : Outcome::refused;
                ASSERT_EQ(start_on(made, files), expected)
                    << from_name << " sector at " << from << " put into " << name << " at " << at;
            }
        }
    }
}

TEST(Damage, ByASectorFromAnotherPlaceIsRefused) {
    const Written made = written(true);
    for (const auto& [name, bytes] : made.files) {
        replace_sectors(made, name, 1);
    }
}

TEST(Damage, ByAZeroedPageIsRefused) {
    const Written made = written(true);
    for (const auto& [name, end] : made.ends) {
        const std::uint32_t proven = name == made.newest ? made.last_from : end;
        for (std::uint32_t at = 0; at + 4096 <= proven; at += 4096) {
            auto files = made.files;
            std::fill_n(files[name].begin() + at, 4096, std::byte{0});
            ASSERT_EQ(start_on(made, files), Outcome::refused) << name << " page at " << at;
        }
    }
}

TEST(Damage, ByAMissingSegmentIsRefused) {
    const Written made = written(true);
    for (const auto& [name, end] : made.ends) {
        if (name == made.newest) {
            continue;
        }
        auto files = made.files;
        files.erase(name);
        ASSERT_EQ(start_on(made, files), Outcome::refused) << name;
    }
}

TEST(Inspect, TellsWhatEverySegmentHolds) {
    const Written made = written(true);
    Rig rig;
    for (const auto& [name, bytes] : made.files) {
        rig.disk.set_content(name, bytes);
    }
    Payloads seen;
    const LogReport report = inspect(rig.disk, [&](const InspectedFrame& frame) {
        if (frame.header.kind == FrameKind::events) {
            seen.emplace_back(as_text(frame.payload));
        }
    });
    EXPECT_EQ(seen, made.payloads);
    ASSERT_GT(report.segments.size(), 3U);
    EXPECT_EQ(report.segments[0].chunk, 1U);
    EXPECT_EQ(report.segments[0].first_batch, 1U);
    EXPECT_EQ(report.segments[0].last_batch + 1, report.segments[1].first_batch);
    EXPECT_EQ(report.segments[2].at, made.ends.at(made.newest));
    EXPECT_EQ(report.segments[2].last_time, at_ms(static_cast<int>(made.payloads.size()) - 1));
    EXPECT_EQ(report.segments[3].verdict, Verdict::unused);
    EXPECT_TRUE(report.sound());
}

TEST(Inspect, NamesFileAndOffsetOfDamageAndGoesOnBehindIt) {
    const Written made = written(true);
    Rig rig;
    for (const auto& [name, bytes] : made.files) {
        rig.disk.set_content(name, bytes);
    }
    rig.disk.flip_bit(segment_name(1), std::uint64_t{512} * 8);
    const LogReport report = inspect(rig.disk, {});
    EXPECT_FALSE(report.sound());
    EXPECT_EQ(report.segments[0].verdict, Verdict::damaged);
    EXPECT_EQ(report.segments[0].at, 512U);
    EXPECT_EQ(report.segments[1].verdict, Verdict::clean);
    EXPECT_GT(report.segments[1].frames, 0U);
}

TEST(Inspect, ChangesNothing) {
    Written made = written(false);
    made.files[made.newest][made.last_from + kFrameHeaderBytes] ^= std::byte{1};
    made.files["journal/spare-0000000f.tmp"] = Bytes(100);
    Rig rig;
    for (const auto& [name, bytes] : made.files) {
        rig.disk.set_content(name, bytes);
    }
    const LogReport report = inspect(rig.disk, {});
    EXPECT_TRUE(report.sound());
    EXPECT_EQ(report.segments[2].verdict, Verdict::torn);
    EXPECT_EQ(report.segments[2].at, made.last_from);
    for (const auto& [name, bytes] : made.files) {
        EXPECT_EQ(rig.disk.content(name), bytes);
    }
}

}  // namespace
}  // namespace esteira::journal
