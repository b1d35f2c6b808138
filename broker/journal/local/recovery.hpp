#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "broker/journal/journal.hpp"
#include "broker/journal/local/disk.hpp"
#include "broker/journal/local/format.hpp"
#include "broker/journal/local/segment_reader.hpp"

// What a start does with the files it finds: FORMAT.md, "Recovery".
namespace esteira::journal {

struct Chunk {
    std::uint32_t number = 0;
    std::uint32_t end = 0;  // The first byte of its file that is not of the log.
};

// The log as it was found.
struct Recovered {
    std::deque<Chunk> chunks;       // Oldest first, without a gap.
    std::uint64_t epoch = 0;        // Of the newest one.
    std::uint64_t batch = 0;        // Of the last frame.
    Now time;                       // Of the last frame.
    std::uint32_t first_chunk = 0;  // The oldest that the last frame needs.
    std::uint32_t state_chunk = 0;  // The newest whose state is whole.
    std::uint64_t quarantined_bytes = 0;
    bool tail_is_kept = false;  // The torn bytes could not be copied: their file must not shrink.
    std::vector<std::string> spares;  // Files that may be written over.
};

class Recovery {
public:
    explicit Recovery(Disk& disk) : disk_(disk) {}

    // Walks the whole log, oldest frame first. Throws Damaged or DeviceFailed; everything that was
    // handed over is durable when it returns.
    Recovered run(Journal::Visitor& visitor);

private:
    struct Segment {
        std::string name;
        SegmentHeader header;
        std::uint32_t file_bytes = 0;
    };

    void sort_files();
    void examine(const std::string& name, std::uint32_t chunk);
    void find_chain();
    void check_idle_files() const;
    void walk(std::size_t index, std::uint32_t limit, bool newest, Journal::Visitor& visitor);
    void settle_tail(const Segment& segment, const File& file, std::uint32_t at);
    void quarantine(const Segment& segment, const File& file, std::uint32_t at, std::uint32_t end);
    void hand_over(const Segment& segment, const FrameWalk::Frame& frame,
                   Journal::Visitor& visitor);
    File open_for_reading(const std::string& name);

    Disk& disk_;
    SegmentReader reader_;
    std::vector<Segment> segments_;  // Begun ones, by chunk; after find_chain() those to walk.
    std::vector<Segment> idle_;      // Not begun, set aside, or not needed any more.
    std::vector<std::vector<std::byte>> state_parts_;
    Recovered log_;
};

}  // namespace esteira::journal
