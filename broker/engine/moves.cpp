#include "broker/engine/moves.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace esteira::engine {

const char* to_string(Skip why) {
    constexpr const char* kNames[] = {"filtered", "no_source", "full", "unreadable"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(Skip::count_));
    return kNames[static_cast<std::size_t>(why)];
}

const char* to_string(MoveState state) {
    constexpr const char* kNames[] = {"RUNNING", "COMPLETED", "CANCELLED", "FAILED"};
    return kNames[static_cast<std::size_t>(state)];
}

std::uint64_t Move::skipped_in_all() const {
    return std::accumulate(skipped.begin(), skipped.end(), std::uint64_t{0});
}

std::uint64_t Move::left() const {
    const std::uint64_t looked_at = moved + skipped_in_all();
    if (state == MoveState::completed || looked_at >= there) {
        return 0;
    }
    return limit == 0 ? there - looked_at : std::min(there - looked_at, limit - moved);
}

void Moves::start(Move move) {
    next_id_ = std::max(next_id_, move.id + 1);
    const QueueNumber source = move.source;
    active_.insert_or_assign(source, Active{std::move(move), std::nullopt});
}

void Moves::end(std::uint64_t id, MoveState state, std::string failure, WallTime at) {
    const auto active = std::find_if(active_.begin(), active_.end(),
                                     [&](const auto& entry) { return entry.second.move.id == id; });
    if (active == active_.end()) {
        return;
    }
    Move move = std::move(active->second.move);
    active_.erase(active);
    move.state = state;
    move.failure = std::move(failure);
    move.ended_at = at;
    restore(std::move(move));
}

// Takes a task in that runs or has ended, and forgets the oldest ones that are too many.
void Moves::restore(Move move) {
    if (move.state == MoveState::running) {
        return start(std::move(move));
    }
    next_id_ = std::max(next_id_, move.id + 1);
    const std::string source = move.source_name;
    ended_.push_back(std::move(move));
    const auto of_source = [&](const Move& m) { return m.source_name == source; };
    const auto kept = std::count_if(ended_.begin(), ended_.end(), of_source);
    if (kept > limits::kMovesKeptPerQueue) {
        ended_.erase(std::find_if(ended_.begin(), ended_.end(), of_source));
    } else if (ended_.size() > limits::kMovesKept) {
        ended_.pop_front();
    }
}

void Moves::count(std::uint64_t id, std::uint64_t moved, const Skips& skipped) {
    if (Active* active = find_active(id)) {
        active->move.moved = moved;
        active->move.skipped = skipped;
    }
}

Moves::Active* Moves::active_of(QueueNumber source) {
    const auto at = active_.find(source);
    return at == active_.end() ? nullptr : &at->second;
}

Moves::Active* Moves::find_active(std::uint64_t id) {
    for (auto& [source, active] : active_) {
        if (active.move.id == id) {
            return &active;
        }
    }
    return nullptr;
}

std::vector<Moves::Active*> Moves::in_turn() {
    std::vector<Active*> tasks;
    const auto first = active_.upper_bound(served_last_);
    for (auto at = first; at != active_.end(); ++at) {
        tasks.push_back(&at->second);
    }
    for (auto at = active_.begin(); at != first; ++at) {
        tasks.push_back(&at->second);
    }
    return tasks;
}

std::vector<const Move*> Moves::all() const {
    std::vector<const Move*> moves;
    for (const auto& [source, active] : active_) {
        moves.push_back(&active.move);
    }
    for (auto move = ended_.rbegin(); move != ended_.rend(); ++move) {
        moves.push_back(&*move);
    }
    return moves;
}

const Move* Moves::find(std::uint64_t id) const {
    const auto moves = all();
    const auto at =
        std::find_if(moves.begin(), moves.end(), [&](const Move* m) { return m->id == id; });
    return at == moves.end() ? nullptr : *at;
}

std::uint64_t Moves::digest() const {
    std::uint64_t sum = next_id_ * 43;
    for (const Move* move : all()) {
        // What a running task has skipped is not journaled, nor what a dry one would have moved.
        const bool running = move->state == MoveState::running;
        const std::uint64_t skipped = running ? 0 : move->skipped_in_all();
        const std::uint64_t moved = running && move->dry_run ? 0 : move->moved;
        sum += (move->id * 0x9E3779B97F4A7C15ULL) ^
               (moved * 31 + skipped * 37 + static_cast<std::uint64_t>(move->state));
    }
    return sum;
}

}  // namespace esteira::engine
