#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "broker/journal/local/disk.hpp"
#include "broker/journal/local/format.hpp"

// Reading a segment from its start to its end, in one pass and in constant memory: recovery and the
// offline tool walk frames with it.
namespace esteira::journal {

// A window that moves over a file.
class SegmentReader {
public:
    // Reads `file` from now on, `bytes` of it. The file must outlive its use.
    void start(const File& file, std::uint32_t bytes);

    // [at, at + size) of the file, shorter where it ends. Valid until the next call. Cheap when
    // `at` grows from call to call.
    std::span<const std::byte> view(std::uint32_t at, std::uint32_t size);

    std::uint32_t bytes() const { return file_bytes_; }

private:
    void fill(std::uint32_t at, std::uint32_t size);

    const File* file_ = nullptr;
    std::uint32_t file_bytes_ = 0;
    std::unique_ptr<std::byte[]> window_;
    std::uint32_t window_bytes_ = 0;
    std::uint32_t window_at_ = 0;
    std::uint32_t filled_ = 0;
};

// The good frames of one segment, in order.
class FrameWalk {
public:
    struct Frame {
        std::uint32_t at = 0;  // Of the header, in the file.
        FrameHeader header;
        std::span<const std::byte> payload;  // Valid until the next call.
    };

    // `limit`: where the log ends in this segment at the latest. `batch`: of the frame before.
    FrameWalk(SegmentReader& reader, std::uint32_t seed, std::uint32_t limit, std::uint64_t batch)
        : reader_(reader), seed_(seed), limit_(limit), batch_(batch) {}

    // Nothing when there is no good frame at at().
    std::optional<Frame> next();

    std::uint32_t at() const { return at_; }
    std::uint64_t batch() const { return batch_; }

private:
    SegmentReader& reader_;
    std::uint32_t seed_;
    std::uint32_t limit_;
    std::uint64_t batch_;
    std::uint32_t at_ = limits::kSectorBytes;
};

// What stands behind the last good frame of the newest segment.
struct TailFinding {
    // A later frame proves that [at, ...) was durable once.
    std::optional<std::uint32_t> proven_by;
    // End of the last frame of this epoch that begins at or behind `at`; `at` when there is none.
    std::uint32_t evidence_end = 0;
};
TailFinding examine_tail(SegmentReader& reader, std::uint32_t seed, std::uint32_t at);

// True when nothing in the file looks like a frame of any epoch.
bool holds_no_frame(SegmentReader& reader);

}  // namespace esteira::journal
