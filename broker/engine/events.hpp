#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/dialogue.hpp"
#include "common/base/history.hpp"
#include "common/base/ids.hpp"

// Events: what happened. They are the journal, and apply() is the only thing that changes state, so
// live traffic and recovery cannot disagree. Their bytes are laid down in broker/journal/FORMAT.md;
// read it before touching one. Views point into the frame, or into what the caller keeps alive.
namespace esteira::engine {

enum class Cause : std::uint8_t {
    sent = 0,
    relocated = 1,  // By collection: the same message, nothing has happened to it.
    buried = 2,
    redriven = 3,
    split_off = 4,  // Sent on by a verdict.
};

// A run of delivery numbers.
struct Numbers {
    DeliveryNumber first;
    std::uint32_t count = 1;
    bool operator==(const Numbers&) const = default;
};

// Messages of one chunk that are named by where they stand.
struct Slots {
    std::uint32_t chunk = 0;
    std::vector<std::uint32_t> slots;
    bool operator==(const Slots&) const = default;
};

// What happened to a message before its record was written.
struct Story {
    std::uint32_t receives = 0;
    std::uint32_t crashes = 0;
    WallTime first_received_at{};
    QueueNumber source;  // Buried from there; 0: it was not.
    std::string_view reason{};
};

// The copy that a record takes the place of, in the same frame.
struct Replaces {
    QueueNumber queue;
    Position at;              // Where a waiting or delayed copy stands,
    DeliveryNumber delivery;  // or the last delivery of one that was handed out before.
};

// The lease that a relocated message is under, or the last one that it was under.
struct HeldState {
    DeliveryNumber delivery;
    std::uint32_t receives = 0;
    std::uint32_t crashes = 0;
    std::uint64_t session = 0;
    Time leased_at{};
    WallTime first_received_at{};
    bool receipt_open = true;
    std::string_view reason{};
};

// What is known of a message with a group: in a FIFO queue its place in the order, in a standard
// queue whose tenant it is.
struct Fifo {
    std::uint64_t sequence = 0;  // 0: the message's number, as it is for all that was sent.
    Time dedup_until{};  // The deduplication id is remembered so long, whatever becomes of the
                         // message.
    std::string_view group{};
    std::string_view dedup{};
};

// One message, put into one queue. Its position is how everything else refers to it until it is
// handed out.
struct Stored {
    QueueNumber queue;
    MessageNumber number;
    Cause cause = Cause::sent;
    WallTime sent_at{};
    Time visible_at{};      // Zero: at once.
    std::uint32_t age = 0;  // Relocated: the chunk it first stood in, which keeps its turn; else 0.
    std::string_view origin{};
    dialogue::AttributeBlock attributes{};
    std::optional<Story> story;
    std::optional<Replaces> replaces;
    std::optional<HeldState> held;
    std::optional<Fifo> fifo;
    std::vector<std::pair<QueueNumber, MessageNumber>> shared;  // Further queues with this body.
    HistoryBlock history{};  // Its attempts before this record was written.
    std::span<const std::byte> body;

    // The number of the message in one of the queues that hold it.
    MessageNumber number_in(QueueNumber holder) const {
        for (const auto& [other, other_number] : shared) {
            if (other == holder) {
                return other_number;
            }
        }
        return number;
    }
};

// Where a message stands in its group.
inline std::uint64_t sequence_in(const Stored& e, QueueNumber queue) {
    return e.fifo && e.fifo->sequence != 0 ? e.fifo->sequence : e.number_in(queue).value;
}

// One delivery: numbers first, first+1, ... go to `returned` in order, then to `waiting`.
struct Leased {
    QueueNumber queue;
    DeliveryNumber first;
    Time visible_at{};
    std::uint64_t session = 0;  // The receiver's, 0 if it has none,
    std::uint64_t request = 0;  // and the number and hash of its request.
    std::uint64_t hash = 0;
    std::vector<Numbers> returned;  // By their last delivery.
    std::vector<Slots> waiting;
    std::string_view attempt{};  // Who asks again under this id gets the same.
};

struct Removed {
    QueueNumber queue;
    std::vector<Numbers> numbers;
};

enum class Return : std::uint8_t {
    visibility = 0,   // The receipt stays good.
    retry = 1,        // Counted; the receipt is spent.
    hand_back = 2,    // Not counted; the receipt is spent.
    worker_dead = 3,  // As hand_back, the worker being gone.
    crashed = 4,      // Counted, and counted as a crash: a worker died over it.
    put_off = 5,      // It ought to be buried: nobody holds it, the receipt stays good.
};
struct Rescheduled {
    QueueNumber queue;
    Return how = Return::visibility;
    Time visible_at{};
    std::string_view reason{};
    std::vector<Numbers> numbers;
};

enum class Gone : std::uint8_t {
    expired = 0,  // Older than the queue's retention.
    damaged = 1,  // Its body cannot be read; the bytes stay in the log until collection.
    dropped = 2,  // An operator does not want it any more.
};
struct SetAside {
    QueueNumber queue;
    Gone why = Gone::expired;
    std::vector<Numbers> numbers;
    std::vector<Slots> waiting;
};

struct Purged {
    QueueNumber queue;
    std::uint64_t messages = 0;  // So many: a replay may start behind some of them.
};

enum class QueueKind : std::uint8_t { standard = 0, fifo = 1, topic = 2 };
struct QueueMade {
    QueueNumber queue;
    QueueKind kind = QueueKind::standard;
    WallTime at{};
    std::string_view region{};
    std::string_view name;
    dialogue::Attributes settings;
    dialogue::Attributes tags;
};
struct QueueSet {
    QueueNumber queue;
    WallTime at{};
    dialogue::Attributes settings;
};
// All of its tags from now on.
struct QueueTagged {
    QueueNumber queue;
    WallTime at{};
    dialogue::Attributes tags;
};
struct QueueRemoved {
    QueueNumber queue;
};

struct SessionOpened {
    std::uint64_t session = 0;
    Bytes16 id{};
};

// What a request was answered, entry by entry from `base` on, so that a repeated one is answered
// alike. A request that needs several frames leaves a note in each.
struct Noted {
    std::uint64_t session = 0;
    std::uint64_t request = 0;
    std::uint64_t hash = 0;
    std::uint32_t base = 0;
    std::vector<dialogue::ResultRun> results;  // Reasons are not kept.
};

struct WorkerJoined {
    std::uint64_t session = 0;
    std::string_view name{};
    std::string_view pool{};
    std::string_view host{};
    std::uint32_t pid = 0;
};
struct WorkerLeft {
    std::uint64_t session = 0;
    bool dead = false;
};
inline constexpr std::uint32_t kPoolAuto = 0xFFFFFFFF;
struct PoolWanted {
    std::string_view pool{};
    std::uint32_t workers = 0;  // kPoolAuto: no size is wanted any more, the pool finds its own.
};

// A queue gets what is sent to a topic, if the filter matches it. Once more: with another filter.
struct Subscribed {
    QueueNumber topic;
    QueueNumber queue;
    std::string_view filter{};  // Empty: all of it.
};
struct Unsubscribed {
    QueueNumber topic;
    QueueNumber queue;
};

// A move task: what is to become of the messages of a queue. broker/engine/moves.hpp tells its
// life.
enum class MoveKind : std::uint8_t { redrive = 0, drop = 1 };
enum class MoveState : std::uint8_t { running = 0, completed = 1, cancelled = 2, failed = 3 };
struct MoveStarted {
    std::uint64_t id = 0;
    MoveKind kind = MoveKind::redrive;
    bool dry_run = false;
    QueueNumber source;
    QueueNumber destination;       // 0: each to the queue that it was buried in.
    std::uint32_t rate_milli = 0;  // Thousandths of a message per second; 0: as fast as it goes.
    std::uint64_t limit = 0;       // 0: none.
    std::uint64_t there = 0;       // Visible messages of the source.
    WallTime at{};
    std::string_view filter{};
};
struct MoveEnded {
    std::uint64_t id = 0;
    MoveState how = MoveState::completed;
    WallTime at{};
    std::uint64_t moved = 0;
    std::vector<std::uint64_t> skipped;  // In the order of Skip.
    std::string_view failure{};
};

using Event =
    std::variant<Stored, Leased, Removed, Rescheduled, SetAside, Purged, QueueMade, QueueSet,
                 QueueRemoved, SessionOpened, Noted, WorkerJoined, WorkerLeft, PoolWanted,
                 QueueTagged, Subscribed, Unsubscribed, MoveStarted, MoveEnded>;

}  // namespace esteira::engine
