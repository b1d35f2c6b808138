#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "broker/journal/local/disk.hpp"
#include "common/base/limits.hpp"

// Segments that are set aside. The disk runs out of room here, before anything is decided, and
// never while the log is written. The only part of the journal that two threads share: a preparer
// makes and prewrites spares, the turn takes and returns them.
namespace esteira::journal {

class SegmentPool {
public:
    struct Options {
        std::uint32_t segment_bytes = limits::kSegmentBytes;
        std::uint32_t spares_max = 8;        // Recycled segments beyond it are removed.
        std::uint64_t free_bytes_floor = 0;  // Below it the log must not grow.
    };
    // As many as let a turn open a segment and still leave room for sends.
    static constexpr std::uint32_t kSparesWanted = limits::kReserveSegments + 2;

    SegmentPool(Disk& disk, Options options) : disk_(disk), options_(options) {}

    // Takes over what a start found: files that may be written over. Call before the rest.
    void adopt(const std::vector<std::string>& names);

    // Makes spares until there are `count`, or until there is no room.
    void fill(std::uint32_t count);

    // A file with the name of `chunk`, durably so, ready for its header. Makes one when there is
    // none; throws DiskError when that fails too.
    File take(std::uint32_t chunk);

    // The file `name` holds nothing that is needed.
    void recycle(const std::string& name);

    // One small step ahead: makes a spare, or prewrites 64 KiB of one. False when there is nothing
    // to do or no room. Throws DiskError when the device failed; then failed() is true for good.
    bool prepare_step();

    std::uint32_t ready() const { return ready_.load(std::memory_order_relaxed); }
    bool failed() const { return failed_.load(std::memory_order_relaxed); }
    // More spares than the reserve, and room on the disk.
    bool may_grow() const {
        return ready() > limits::kReserveSegments && !low_.load(std::memory_order_relaxed);
    }

private:
    struct Spare {
        std::string name;
        std::uint32_t written = 0;  // Blocks below it were written once.
        bool busy = false;          // A step is at work on it.
        bool whole(std::uint32_t bytes) const { return written >= bytes; }
    };

    bool make_one();
    bool prewrite_step();
    void write_zeros(const std::string& name, std::uint32_t from);
    void write_spare_header(File& file, bool prewritten) const;
    void check_room();
    bool guarded(const std::function<bool()>& step);
    std::string next_name();
    void add(Spare spare);
    void publish() { ready_.store(static_cast<std::uint32_t>(spares_.size())); }

    Disk& disk_;
    Options options_;
    std::mutex mutex_;
    std::condition_variable idle_;
    std::vector<Spare> spares_;      // Under mutex_.
    std::uint32_t next_number_ = 1;  // Under mutex_.
    std::atomic<std::uint32_t> ready_{0};
    std::atomic<bool> low_{false};
    std::atomic<bool> failed_{false};
};

}  // namespace esteira::journal
