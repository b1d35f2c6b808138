#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"

// What happened to a message, as one block of bytes, the same on the wire and in the journal:
//
//   block   = total u32, buried at i64, buried by u8, edited at i64, source text, attempt*
//   attempt = leased at i64, ended at i64, end u8, worker text, pool text, host text, reason text
//             oldest first; times are wall times in ms, 0 is never; text = length u16, UTF-8 bytes;
//             all integers little-endian
//
// `total` counts every attempt that has ended; only the newest ones stand in the block. A message
// that was never handed out, or is gone after its first delivery, has no block at all.
namespace esteira {

enum class AttemptEnd : std::uint8_t {
    running = 0,      // It has not ended; only the last one can be so, and `total` leaves it out.
    retried = 1,      // The worker wants it again later.
    timed_out = 2,    // Nobody settled it in time.
    worker_dead = 3,  // Its worker died before it had begun; not counted as a receive.
    crashed = 4,      // Its worker died over it.
    rejected = 5,     // The worker's verdict was that it is dead.
    handed_back = 6,  // Never begun; not counted as a receive.
    last_ = handed_back,
};

enum class BuriedBy : std::uint8_t {
    nobody = 0,
    rejected = 1,      // A verdict.
    max_receives = 2,  // It was received as often as its queue allows.
    worker_crash = 3,  // Too many workers died over it.
    last_ = worker_crash,
};

struct Attempt {
    WallTime leased_at{};
    WallTime ended_at{};
    AttemptEnd end = AttemptEnd::running;
    std::string_view worker{};  // Empty: it never said hello.
    std::string_view pool{};
    std::string_view host{};
    std::string_view reason{};
};

struct History {
    std::uint32_t total = 0;
    WallTime buried_at{};
    BuriedBy buried_by = BuriedBy::nobody;
    WallTime edited_at{};       // An operator has put another body in its place.
    std::string_view source{};  // The name of the queue that it was buried in.
    std::vector<Attempt> attempts;
};

using HistoryBlock = std::span<const std::byte>;

// What a block can have at most.
inline constexpr std::size_t kAttemptsKept = 8;
inline constexpr std::size_t kHistoryBytesMax = 2304;

// The newest attempts, as many as kAttemptsKept and kHistoryBytesMax allow; texts are cut. Empty
// when nothing has happened.
std::string pack_history(const History& history);

// Views into the block, or nothing when it is not one. An empty block is an empty history.
std::optional<History> unpack_history(HistoryBlock block);

// The history with one attempt more; of hand-backs in a row the newest stands for all.
void add_attempt(History& history, const Attempt& attempt);

// What `later` has on top of `earlier`: attempts are put behind each other, times are the newest.
History joined(History earlier, const History& later);

const char* to_string(AttemptEnd end);
const char* to_string(BuriedBy by);

}  // namespace esteira
