#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "broker/journal/local/disk.hpp"
#include "broker/journal/local/format.hpp"
#include "common/base/clock.hpp"

// A look at a journal that changes nothing and locks nothing: for `esteira journal
// verify|dump|stats`. It judges as a start would (FORMAT.md, "Recovery"), but goes on behind damage
// and tells all of it. Give it a RealDisk in the role of a reader. On a live broker's folder, what
// is being written just then may show as a torn tail. Epochs are never shown.
namespace esteira::journal {

enum class Verdict {
    clean,
    torn,     // A start would cut here and keep the rest in quarantine.
    damaged,  // A start would refuse.
    unused,   // Set aside, not begun, or not needed any more; not walked.
};

struct SegmentReport {
    std::string name;
    std::uint32_t chunk = 0;  // 0: a spare that was never used.
    Verdict verdict = Verdict::clean;
    std::uint32_t at = 0;  // Where the good frames end, or the damage is.
    std::string reason;    // In words, unless clean.
    std::uint64_t file_bytes = 0;
    std::uint64_t frames = 0;  // Of any kind, good ones only.
    std::uint64_t state_bytes = 0;
    std::uint64_t event_bytes = 0;
    std::uint64_t first_batch = 0;
    std::uint64_t last_batch = 0;
    Now first_time;
    Now last_time;
};

struct LogReport {
    std::vector<SegmentReport> segments;  // By chunk; unused ones last.
    std::string reason;                   // A fault of the log as a whole: a segment is missing.
    std::uint32_t first_chunk = 0;        // The oldest that is needed.

    // Whether a broker would start on it.
    bool sound() const;
};

struct InspectedFrame {
    std::uint32_t chunk = 0;
    std::uint32_t at = 0;  // Of the frame; its payload begins kFrameHeaderBytes later.
    FrameHeader header;
    std::span<const std::byte> payload;  // Valid inside the call.
};

// `each` is called with every good frame, oldest first; may be empty. Throws DiskError when a file
// cannot be read.
LogReport inspect(Disk& disk, const std::function<void(const InspectedFrame&)>& each);

}  // namespace esteira::journal
