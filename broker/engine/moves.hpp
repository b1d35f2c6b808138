#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/engine/events.hpp"
#include "broker/engine/grouped.hpp"
#include "broker/engine/tools.hpp"
#include "broker/engine/waiting.hpp"
#include "common/base/limits.hpp"

// Move tasks: what operators want done to many messages of a queue, a bounded part a turn.
//
//   A task looks once at each message that was there when it began: first at those that came back,
//   then at the delayed ones that are due, then at the waiting ones, oldest first (of groups: in
//   order). It moves a message, or drops it, or skips it for a reason that it counts. What arrives
//   later, and so what was moved and failed again, is none of its business; what is in flight
//   stays.
//
//   Durable are its order, how it ended, and what it has moved, which is counted where a move is
//   applied. How far it has looked is not: after a restart it looks again from the front, and
//   counts anew what it skips.
namespace esteira::engine {

// Why a message stays.
enum class Skip : std::uint8_t {
    filtered,    // The filter does not mean it.
    no_source,   // Its own source is gone, or it never had one.
    full,        // Where it would go there is no room.
    unreadable,  // Its record is damaged.
    count_,
};
using Skips = std::array<std::uint64_t, static_cast<std::size_t>(Skip::count_)>;
const char* to_string(Skip why);
const char* to_string(MoveState state);

struct Move {
    std::uint64_t id = 0;
    MoveKind kind = MoveKind::redrive;
    bool dry_run = false;  // Nothing is moved: `moved` counts what would be.
    QueueNumber source;
    std::string source_name;
    QueueNumber destination;  // 0: each to the queue that it was buried in.
    std::string destination_name;
    std::uint32_t rate_milli = 0;  // Thousandths of a message per second; 0: as fast as it goes.
    std::uint64_t limit = 0;       // 0: none.
    std::string filter;            // Empty: all.
    WallTime started_at{};
    std::uint64_t there = 0;  // Visible messages of the source when it began.
    // What was there then: records before this position, of messages below this number.
    Position begun{};
    std::uint64_t next_number = 0;

    MoveState state = MoveState::running;
    WallTime ended_at{};
    std::string failure;
    std::uint64_t moved = 0;  // Or dropped.
    Skips skipped{};

    // The first few of each kind of skip, and of those that are moved; they live as long as the
    // process.
    struct Example {
        MessageNumber number;
        std::optional<Skip> skipped;
        std::string why;
    };
    std::vector<Example> examples;

    std::uint64_t skipped_in_all() const;
    std::uint64_t left() const;  // About so many are not looked at yet, or never were.
};

// How far a task has looked. Not journaled.
struct Pass {
    std::unique_ptr<Filter> filter;
    std::deque<DeliveryNumber> returned;    // To be looked at.
    std::optional<Delayed::Mark> delayed;   // The last that was looked at and stays.
    std::optional<Waiting::Mark> waiting;   // Likewise.
    bool waiting_done = false;              // What waits behind it came later.
    std::uint64_t grouped_after = 0;        // Sequence number of the last one of a group,
    std::deque<Grouped::Numbered> grouped;  // and some of those behind it.
    std::int64_t free_at_us = 0;            // Broker time of the next message, by the rate.
    Time not_before{};                      // It rests: there is no disk space.
    // What a dry run would have put where: messages and bytes.
    std::map<QueueNumber, std::pair<std::uint64_t, std::uint64_t>> promised;
};

// What an operator asks for.
struct MoveCommand {
    MoveKind kind = MoveKind::redrive;
    std::string source;
    std::string destination;  // Empty: each to the queue that it was buried in.
    std::string filter;       // Empty: all.
    std::uint32_t rate_milli = 0;
    std::uint64_t limit = 0;
    bool dry_run = false;
    bool any_source = false;  // The source need not be anybody's dead-letter queue.
};

// Another body in the place of a dead letter's, which goes back with it.
struct Edit {
    std::string queue;
    MessageNumber message;
    std::string target;  // Empty: the queue that it was buried in.
    std::span<const std::byte> body{};
    std::optional<std::span<const std::byte>> attributes;  // Nothing: they stay as they are.
};

class Moves {
public:
    struct Active {
        Move move;
        std::optional<Pass> pass;  // Nothing: it begins with the next turn.
    };

    // apply()
    void start(Move move);
    void end(std::uint64_t id, MoveState state, std::string failure, WallTime at);
    void count(std::uint64_t id, std::uint64_t moved, const Skips& skipped);

    Active* active_of(QueueNumber source);
    Active* find_active(std::uint64_t id);
    template <class Visit>
    void for_each_active(const Visit& visit) const {
        for (const auto& [source, active] : active_) {
            visit(active);
        }
    }
    // The tasks that run, the next one to be served first: behind the one that was served last.
    std::vector<Active*> in_turn();
    void served(QueueNumber source) { served_last_ = source; }
    std::size_t active_count() const { return active_.size(); }
    std::uint64_t next_id() const { return next_id_; }
    void set_next_id(std::uint64_t id) { next_id_ = id; }

    // Those that run, then those that ended, the newest first.
    std::vector<const Move*> all() const;
    const Move* find(std::uint64_t id) const;
    const std::deque<Move>& ended() const { return ended_; }
    void restore(Move move);
    std::uint64_t digest() const;

private:
    std::map<QueueNumber, Active> active_;  // By source.
    std::deque<Move> ended_;                // The newest last.
    std::uint64_t next_id_ = 1;
    QueueNumber served_last_;
};

}  // namespace esteira::engine
