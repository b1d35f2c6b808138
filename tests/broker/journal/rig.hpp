#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "broker/journal/local/local_journal.hpp"
#include "tests/support/replayed.hpp"
#include "tests/support/sim_disk.hpp"

namespace esteira::journal {

// A journal in small segments on a simulated disk, and what its last start found.
struct Rig {
    SimDisk disk;
    LocalOptions options;
    std::uint64_t epoch = 0;
    std::unique_ptr<LocalJournal> journal;
    Replayed found;

    Rig() {
        options.segment_bytes = 32 << 10;
        options.frame_bytes = 8 << 10;
        options.tail_bytes = 1 << 20;
        options.random = [this] { return ++epoch * 0x9E3779B97F4A7C15ULL; };
    }

    LocalJournal& start() {
        journal.reset();
        journal = std::make_unique<LocalJournal>(disk, options);
        journal->set_state_source([] { return std::vector<std::byte>(100, std::byte{'s'}); });
        found = {};
        journal->replay(found);
        return *journal;
    }

    // The process dies without a word.
    void kill() {
        journal.reset();
        disk.crash_process();
    }

    // Turns until another chunk is open.
    void fill_chunk() {
        const std::uint32_t chunk = journal->stats().open_chunk;
        while (journal->stats().open_chunk == chunk) {
            write(*journal, 1, std::string(1'000, 'x'));
        }
    }

    std::string newest() const { return segment_name(journal->stats().open_chunk); }
    std::vector<std::byte> newest_content() const { return disk.content(newest()); }
};

// One frame of a segment's bytes: where it begins and ends.
struct Extent {
    std::uint32_t from = 0;
    std::uint32_t upto = 0;
};
inline std::vector<Extent> frames_of(const std::vector<std::byte>& segment) {
    SegmentHeader header;
    std::vector<Extent> frames;
    if (decode(segment, header) != HeaderState::good) {
        return frames;
    }
    std::uint32_t at = limits::kSectorBytes;
    while (at < segment.size()) {
        const auto frame = read_frame_header(std::span(segment).subspan(at), seed_of(header.epoch));
        if (!frame) {
            break;
        }
        frames.push_back({at, at + frame->bytes()});
        at += frame->bytes();
    }
    return frames;
}

inline bool is_prefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

}  // namespace esteira::journal
