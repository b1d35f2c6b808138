#include "broker/journal/local/recovery.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/journal/local/real_disk.hpp"
#include "common/base/crc32c.hpp"
#include "tests/broker/journal/rig.hpp"
#include "tests/support/temp_folder.hpp"

namespace esteira::journal {
namespace {

using Payloads = std::vector<std::string>;

std::string message_of(Rig& rig) {
    try {
        rig.start();
    } catch (const Damaged& damage) {
        return damage.what();
    }
    return "started";
}

TEST(Recovery, EveryCutOfTheLastFramesLeavesWholeFramesOnly) {
    Rig rig;
    rig.start();
    for (const char* payload : {"a", "b", "c", "d", "e"}) {
        write(*rig.journal, 1, payload + std::string(600, '.'));
    }
    const auto whole = rig.newest_content();
    const auto frames = frames_of(whole);
    const std::string name = rig.newest();
    const auto all = [&] {
        rig.start();
        return rig.found.payloads();
    }();
    ASSERT_EQ(frames.size(), 6U);  // The state, then five.
    for (std::size_t cut = frames[3].from; cut <= frames[5].upto; ++cut) {
        rig.disk.set_content(name, std::span(whole).first(cut));
        rig.start();
        std::size_t expected = 0;
        while (expected < 5 && frames[expected + 1].upto <= cut) {
            ++expected;
        }
        ASSERT_EQ(rig.found.payloads(),
                  Payloads(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(expected)))
            << "cut at " << cut;
    }
}

TEST(Recovery, KeepsWhatItCutsAndCountsIt) {
    Rig rig;
    write(rig.start(), 1, "whole");
    write(*rig.journal, 2, "torn");
    const auto last = frames_of(rig.newest_content()).back();
    rig.disk.flip_bit(rig.newest(), (last.from + kFrameHeaderBytes) * 8);
    const auto torn = rig.newest_content();
    rig.start();
    EXPECT_EQ(rig.found.payloads(), Payloads{"whole"});
    EXPECT_EQ(rig.journal->stats().quarantined_bytes, last.upto - last.from);
    const auto kept = rig.disk.list("quarantine");
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(rig.disk.content("quarantine/" + kept[0]),
              std::vector<std::byte>(torn.begin() + last.from, torn.begin() + last.upto));
}

TEST(Recovery, GoesOnInANewSegmentAfterACutAndNeverReadsTheOldRestAgain) {
    Rig rig;
    write(rig.start(), 1, "whole");
    write(*rig.journal, 2, "torn");
    const auto last = frames_of(rig.newest_content()).back();
    rig.disk.flip_bit(rig.newest(), (last.from + kFrameHeaderBytes) * 8);
    write(rig.start(), 3, "after");
    rig.start();
    EXPECT_EQ(rig.found.payloads(), (Payloads{"whole", "after"}));
    EXPECT_EQ(rig.journal->stats().quarantined_bytes, 0U);
}

TEST(Recovery, ACleanStopLeavesNothingToCut) {
    Rig rig;
    write(rig.start(), 1, "a");
    rig.journal->mark();
    rig.start();
    EXPECT_EQ(rig.journal->stats().quarantined_bytes, 0U);
    EXPECT_EQ(rig.found.payloads(), Payloads{"a"});
}

TEST(Recovery, AMarkProvesTheLastBatch) {
    Rig rig;
    write(rig.start(), 1, "a");
    write(*rig.journal, 2, "last");
    const auto last = frames_of(rig.newest_content()).back();
    rig.journal->mark();
    rig.disk.flip_bit(rig.newest(), (last.from + kFrameHeaderBytes) * 8);
    const std::string name = rig.newest();
    const std::string message = message_of(rig);
    EXPECT_NE(message.find(name), std::string::npos) << message;
    EXPECT_NE(message.find("offset " + std::to_string(last.from)), std::string::npos) << message;
}

TEST(Recovery, AMarkIsWrittenOnce) {
    Rig rig;
    write(rig.start(), 1, "a");
    rig.journal->mark();
    const auto batch = rig.journal->stats().batch;
    rig.journal->mark();
    EXPECT_EQ(rig.journal->stats().batch, batch);
}

TEST(Recovery, AFrameThatFollowsATornOneOfTheSameBatchIsNoProof) {
    Rig rig;
    write(rig.start(), 1, "durable");
    rig.journal->begin_turn(at_ms(2));
    put(*rig.journal, std::string(rig.journal->frame_bytes_max(), 'x'));
    put(*rig.journal, "second frame of the turn");
    rig.journal->append();
    const auto frames = frames_of(rig.newest_content());
    ASSERT_EQ(frames.size(), 4U);
    rig.disk.flip_bit(rig.newest(), (frames[2].from + 5'000) * 8);
    rig.start();
    EXPECT_EQ(rig.found.payloads(), Payloads{"durable"});
    EXPECT_EQ(rig.journal->stats().quarantined_bytes, frames[3].upto - frames[2].from);
}

TEST(Recovery, DamageBeforeALaterSegmentIsRefused) {
    Rig rig;
    rig.start();
    const std::string first = rig.newest();
    rig.fill_chunk();
    const auto last = frames_of(rig.disk.content(first)).back();
    rig.disk.flip_bit(first, (last.from + kFrameHeaderBytes) * 8);
    const std::string message = message_of(rig);
    EXPECT_NE(message.find(first), std::string::npos) << message;
    EXPECT_NE(message.find("offset " + std::to_string(last.from)), std::string::npos) << message;
}

TEST(Recovery, AMissingSegmentInTheMiddleIsRefused) {
    Rig rig;
    rig.start();
    rig.fill_chunk();
    rig.fill_chunk();
    rig.disk.remove(segment_name(2));
    const std::string message = message_of(rig);
    EXPECT_NE(message.find(segment_name(2) + ": this segment is missing"), std::string::npos)
        << message;
}

TEST(Recovery, AMissingFirstSegmentIsRefused) {
    Rig rig;
    rig.start();
    rig.fill_chunk();
    rig.disk.remove(segment_name(1));
    EXPECT_NE(message_of(rig).find("missing"), std::string::npos);
}

TEST(Recovery, AMissingNewestSegmentIsRefusedWhileItsFileIsFoundElsewhere) {
    Rig rig;
    rig.start();
    rig.fill_chunk();
    const std::string newest = rig.newest();
    rig.journal.reset();
    rig.disk.rename(newest, segment_name(7));
    EXPECT_NE(message_of(rig).find("holds chunk 2 of the log"), std::string::npos);
}

TEST(Recovery, ASegmentOfAnotherLogIsRefused) {
    Rig other;
    other.epoch = 77;
    other.start();
    other.fill_chunk();
    Rig rig;
    rig.start();
    rig.fill_chunk();
    rig.disk.set_content(segment_name(1), other.disk.content(segment_name(1)));
    EXPECT_NE(message_of(rig).find("its predecessor is not the one"), std::string::npos);
}

TEST(Recovery, AnEmptyOrZeroNewestSegmentThatNothingNeedsIsNoFault) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, std::size_t{32 << 10}}) {
        Rig rig;
        write(rig.start(), 1, "a");
        rig.disk.set_content(segment_name(2), std::vector<std::byte>(bytes));
        write(rig.start(), 2, "b");
        rig.start();
        EXPECT_EQ(rig.found.payloads(), (Payloads{"a", "b"}));
    }
}

TEST(Recovery, ANewestSegmentWithAHeaderAloneIsNoFault) {
    Rig rig;
    write(rig.start(), 1, "a");
    rig.fill_chunk();
    auto content = rig.newest_content();
    std::fill(content.begin() + limits::kSectorBytes, content.end(), std::byte{0});
    rig.disk.set_content(rig.newest(), content);
    write(rig.start(), 2, "b");
    rig.start();
    EXPECT_EQ(rig.found.payloads().front(), "a");
    EXPECT_EQ(rig.found.payloads().back(), "b");
}

TEST(Recovery, AZeroHeaderBeforeFramesIsRefused) {
    Rig rig;
    write(rig.start(), 1, "a");
    auto content = rig.newest_content();
    std::fill(content.begin(), content.begin() + limits::kSectorBytes, std::byte{0});
    rig.disk.set_content(rig.newest(), content);
    EXPECT_NE(message_of(rig).find("the segment header does not fit"), std::string::npos);
}

TEST(Recovery, ANewerFormatIsRefused) {
    Rig rig;
    write(rig.start(), 1, "a");
    auto content = rig.newest_content();
    content[8] = std::byte{kFormatVersion + 1};
    const std::uint32_t crc = crc32c(std::span(content).first(508));
    std::memcpy(content.data() + 508, &crc, sizeof(crc));
    rig.disk.set_content(rig.newest(), content);
    EXPECT_NE(message_of(rig).find("newer release"), std::string::npos);
}

TEST(Recovery, LeftoversOfMakingASegmentAreRemoved) {
    Rig rig;
    rig.disk.set_content("journal/spare-00000009.tmp", std::vector<std::byte>(100));
    rig.start();
    EXPECT_FALSE(rig.disk.exists("journal/spare-00000009.tmp"));
}

TEST(Recovery, OldFramesOfARecycledSegmentAreNeverReplayed) {
    Rig rig;
    rig.start();
    for (int round = 0; round < 12; ++round) {
        rig.fill_chunk();
        rig.journal->trim(rig.journal->stats().open_chunk);
    }
    write(*rig.journal, 1, "last");
    EXPECT_LT(rig.disk.list("journal").size(), 12U);  // So files were used again.
    const auto expected = [&] {
        rig.start();
        return rig.found.frames.size();
    }();
    rig.start();
    EXPECT_EQ(rig.found.frames.size(), expected);
    EXPECT_EQ(rig.found.states.size(), 1U);
    EXPECT_EQ(rig.found.frames.back().payload, "last");
    EXPECT_EQ(rig.journal->stats().quarantined_bytes, 0U);
}

TEST(Recovery, AStateThatIsNotWholeIsNotHandedOver) {
    Rig rig;
    write(rig.start(), 1, "a");
    rig.start().set_state_source([] { return std::vector<std::byte>(12'000, std::byte{'S'}); });
    write(*rig.journal, 2, "b");
    const auto frames = frames_of(rig.newest_content());
    auto content = rig.newest_content();
    std::fill(content.begin() + frames[1].from, content.end(), std::byte{0});
    rig.disk.set_content(rig.newest(), content);
    rig.start();
    EXPECT_EQ(rig.found.states.size(), 1U);  // That of chunk 1.
    EXPECT_EQ(rig.found.payloads(), Payloads{"a"});
    // The log must go on from the state that is whole, also when all before it is trimmed.
    rig.journal->trim(9);
    write(*rig.journal, 3, "c");
    write(*rig.journal, 4, "d");
    rig.start();
    EXPECT_EQ(rig.found.states.front().frames_before, 0U);
    EXPECT_EQ(rig.found.payloads().back(), "d");
}

TEST(Recovery, ManyStartsWithOneFrameEachDoNotEatTheDisk) {
    Rig rig;
    for (int start = 0; start < 20; ++start) {
        write(rig.start(), start, "a");
    }
    rig.start();
    EXPECT_EQ(rig.found.frames.size(), 20U);
    std::uint64_t bytes = 0;
    for (const std::string& name : rig.disk.list("journal")) {
        bytes += rig.disk.content("journal/" + name).size();
    }
    EXPECT_LT(bytes, (SegmentPool::kSparesWanted + 3) * rig.options.segment_bytes);
}

TEST(Recovery, ABodyThatLooksLikeAFrameIsNoFrame) {
    // The client has seen a journal's file somehow, and sends its frames back as a body.
    Rig rig;
    write(rig.start(), 1, "first");
    const auto copied = rig.newest_content();
    const auto frame = frames_of(copied).back();
    std::string body(reinterpret_cast<const char*>(copied.data()) + frame.from,
                     frame.upto - frame.from);
    body = std::string(limits::kSectorBytes - kFrameHeaderBytes, '.') + body + body;
    rig.start();  // Another segment, so another epoch.
    write(*rig.journal, 2, body);
    rig.disk.flip_bit(rig.newest(), (frames_of(rig.newest_content()).back().from + 64) * 8);
    rig.start();
    EXPECT_EQ(rig.found.payloads(), Payloads{"first"});
}

TEST(RealDisk, ASecondOwnerOfAFolderIsRefused) {
    const test::TempFolder folder;
    const RealDisk first(folder.path());
    EXPECT_THROW(RealDisk second(folder.path()), Locked);
}

TEST(RealDisk, AReaderNeedsNoLockAndMakesNothing) {
    const test::TempFolder folder;
    RealDisk reader(folder.path(), RealDisk::Role::reader);
    EXPECT_THROW(reader.list("journal"), DiskError);
    const RealDisk owner(folder.path());
    EXPECT_TRUE(reader.list("journal").empty());
}

}  // namespace
}  // namespace esteira::journal
