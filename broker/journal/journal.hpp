#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/ids.hpp"

// The memory of the broker: one ordered log of frames that survives the process. Everything that a
// storage engine has to promise stands here, and tests/contract/journal_contract.hpp asks the same
// promises of every engine. What a frame holds is the engine's business
// (broker/engine/event_codec): to the journal it is bytes.
//
// One turn:   begin_turn(now);  { reserve(n), fill the bytes } ...;  append();  sync();  answer.
namespace esteira::journal {

// The log cannot be trusted as it stands: damage, a hole, a newer format. Names file and offset.
struct Damaged : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// The device refused a write or a sync. What is on it is unknown, so the process must end; the next
// one replays.
struct DeviceFailed : std::runtime_error {
    using std::runtime_error::runtime_error;
};
// Another broker has this folder.
struct Locked : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Room inside the open frame. Valid until append(); the caller fills every byte of it.
struct Reservation {
    Position at;
    std::span<std::byte> bytes;
};

// The log's own account, for metrics and for the rules about space.
struct Stats {
    std::uint32_t first_chunk = 0;     // The oldest chunk that the log needs.
    std::uint32_t open_chunk = 0;      // The chunk that is being written.
    std::uint64_t bytes = 0;           // From the start of first_chunk to the end of the log.
    std::uint32_t ready_segments = 0;  // Space that is set aside and not begun.
    std::uint64_t batch = 0;           // Number of the last frame.
    std::uint64_t frames = 0;          // Written by this process.
    std::uint64_t syncs = 0;           // Of the log itself, not of preparing space.
    std::uint64_t appended_bytes = 0;
    std::uint64_t quarantined_bytes = 0;  // Set aside by this start.
    std::uint64_t body_reads_cold = 0;    // read() calls that went to the disk.
};

class Journal {
public:
    // Hands over the frames as they were written. `state` frames open every chunk and hold the
    // whole of what is not a message; a chunk has one or more of them in a row.
    class Visitor {
    public:
        virtual ~Visitor() = default;
        // Part `index` of `count` of the state at the start of `chunk`.
        virtual void state(std::uint32_t chunk, std::uint32_t index, std::uint32_t count,
                           std::span<const std::byte> payload) = 0;
        // One frame of events. The position of the byte payload[i] is {at.chunk, at.slot + i}, and
        // it is what reserve() said when that byte was written.
        virtual void frame(Position at, Now time, std::span<const std::byte> payload) = 0;
    };

    virtual ~Journal() = default;

    // Called once, before anything else. Starts at the oldest chunk that is needed; all that was
    // handed over is durable when it returns. The next reserve() opens a new chunk. Throws Damaged,
    // or DeviceFailed. Returns the times of the last frame (zeros when the log is empty).
    virtual Now replay(Visitor& visitor) = 0;

    // What a new chunk opens with; called whenever one is opened (inside begin_group(), or inside a
    // reserve() without one), so it must tell the state after everything reserved so far. At most
    // half of a chunk. Set before replay().
    virtual void set_state_source(std::function<std::vector<std::byte>()> source) = 0;

    // Frames that are opened from now on carry these times.
    virtual void begin_turn(Now now) = 0;

    // What is reserved next, up to `bytes` (at most frame_bytes_max()) in all, is in one frame and
    // becomes durable together or not at all. May start another frame or another chunk now, so
    // that no reserve() of the group does. The group ends with the next one, or with append().
    virtual void begin_group(std::size_t bytes) = 0;

    // Room for `bytes` (at most frame_bytes_max()) that become durable together or not at all. May
    // close the open frame and start another, or start another chunk, unless the group has room.
    virtual Reservation reserve(std::size_t bytes) = 0;
    virtual std::size_t frame_bytes_max() const = 0;

    // Closes the open frame and hands it to the device. Nothing is promised yet.
    virtual void append() = 0;

    // Returns when everything appended so far is durable. Throws DeviceFailed, after which the
    // process must end without answering.
    virtual void sync() = 0;

    // `size` bytes from a position inside an appended or reserved frame, valid until the next
    // begin_turn(). Empty when the device cannot read them. The bytes are as they were found: the
    // caller checks the CRC of what it reads.
    virtual std::span<const std::byte> read(Position at, std::uint32_t size) = 0;

    // A hint that [at, at + size) will be read soon.
    virtual void read_ahead(Position at, std::uint32_t size) = 0;

    // Chunks below `first` are not needed any more, once what has been appended so far is durable.
    // Takes effect at the sync of the next frame; never drops the newest chunk whose state is
    // written.
    virtual void trim(std::uint32_t first) = 0;

    // Whether there is space for what adds to the log (sends). What takes from it (deletes,
    // receives, burials) has a reserve of its own, and reserve() throws DeviceFailed only when that
    // is used up too.
    virtual bool may_grow() const = 0;

    virtual Stats stats() const = 0;
};

}  // namespace esteira::journal
