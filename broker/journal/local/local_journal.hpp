#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "broker/journal/journal.hpp"
#include "broker/journal/local/body_reader.hpp"
#include "broker/journal/local/disk.hpp"
#include "broker/journal/local/format.hpp"
#include "broker/journal/local/recovery.hpp"
#include "broker/journal/local/segment_pool.hpp"
#include "broker/journal/local/tail.hpp"
#include "common/base/limits.hpp"

// The journal in segment files of one folder (FORMAT.md). One thread uses it; prepare_step() alone
// may run in another one.
namespace esteira::journal {

struct LocalOptions {
    std::uint32_t segment_bytes = limits::kSegmentBytes;  // At least 4 frames; whole sectors.
    std::uint32_t frame_bytes = limits::kFrameBytesMax;   // With header and padding; whole sectors.
    std::uint32_t tail_bytes = 32 << 20;                  // What stays in RAM of what was written.
    std::uint32_t spares_max = 8;
    std::uint64_t free_bytes_floor = 0;     // Soft limit: with less left on the disk, sends stop.
    std::function<std::uint64_t()> random;  // Epochs. Unset: the system's generator.
};

class LocalJournal final : public Journal {
public:
    LocalJournal(Disk& disk, LocalOptions options);

    Now replay(Visitor& visitor) override;
    void set_state_source(std::function<std::vector<std::byte>()> source) override;
    void begin_turn(Now now) override;
    void begin_group(std::size_t bytes) override;
    Reservation reserve(std::size_t bytes) override;
    std::size_t frame_bytes_max() const override;
    void append() override;
    void sync() override;
    std::span<const std::byte> read(Position at, std::uint32_t size) override;
    void read_ahead(Position at, std::uint32_t size) override;
    void trim(std::uint32_t first) override;
    bool may_grow() const override { return pool_.may_grow(); }
    Stats stats() const override;

    // Writes and syncs an empty frame behind the last one, so that damage in that one can be told
    // from a torn write. For the server when it was idle for 50 ms, and at a clean stop. Does
    // nothing when the log ends with a mark already, or this process wrote nothing.
    void mark();

    // Prepares space in small steps; false when there is nothing to do now. See Preparer.
    bool prepare_step();
    // Whether it has met a device that failed. From any thread.
    bool prepare_failed() const { return pool_.failed(); }

private:
    struct Open {  // The segment that is being written.
        std::uint32_t chunk = 0;
        std::uint64_t epoch = 0;
        std::uint32_t seed = 0;
        File file;
        std::unique_ptr<Tail> tail;
        std::uint32_t end = 0;      // Where the next frame begins.
        std::uint32_t written = 0;  // Handed to the device.
        std::uint32_t durable = 0;
    };
    struct Frame {  // The one that is being filled, at open_.end.
        FrameKind kind = FrameKind::events;
        std::uint32_t payload_bytes = 0;
    };

    template <class Work>
    auto on_device(Work work);
    bool fits(std::size_t payload_bytes) const;
    void begin_frame(FrameKind kind);
    void close_frame(std::uint32_t part, std::uint32_t parts);
    void write_closed_frames();
    void sync_file();
    void roll();
    void seal_open();
    void write_state();
    void shorten(const Chunk& chunk);
    void recycle();
    void prune_tails();
    std::uint32_t end_of(std::uint32_t chunk) const;

    Disk& disk_;
    LocalOptions options_;
    std::function<std::vector<std::byte>()> state_source_;
    SegmentPool pool_;
    BodyReader bodies_;

    std::deque<Chunk> sealed_;  // Begun before the open one, oldest first, without a gap.
    std::uint64_t sealed_bytes_ = 0;
    std::uint64_t sealed_epoch_ = 0;  // Of the newest sealed one.
    Open open_;
    std::optional<Frame> frame_;
    std::vector<std::unique_ptr<Tail>> old_tails_;  // Oldest first.

    Now now_;
    std::uint64_t batch_ = 0;
    std::uint32_t next_chunk_ = 1;
    std::uint32_t state_chunk_ = 0;  // Nothing from here on is trimmed: the newest whole state.
    std::uint32_t first_wanted_ = 1;
    std::uint32_t first_written_ = 1;  // As the last closed frame says.
    std::uint32_t first_durable_ = 1;
    bool replayed_ = false;
    bool failed_ = false;
    bool marked_ = true;
    bool tail_is_kept_ = false;
    Stats stats_;
};

}  // namespace esteira::journal
