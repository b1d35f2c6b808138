// Move tasks: asked for, cancelled, applied. moves.hpp tells what they promise.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/bytes.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;

bool Engine::is_dead_letter_queue(const Queue& queue) const {
    return std::any_of(queues_.begin(), queues_.end(), [&](const auto& entry) {
        return entry.second->settings().dead_letter_queue == queue.name();
    });
}

std::optional<Refused> Engine::fault_in_move(const MoveCommand& command) {
    const Queue* from = find_queue(command.source);
    if (from == nullptr) {
        return no_queue(command.source);
    }
    const bool dead_letters = is_dead_letter_queue(*from);
    if (!dead_letters && !command.any_source) {
        return Refused{Code::bad_request, "queue " + command.source +
                                              " is not the dead-letter queue of any; say that any "
                                              "source is meant (--any-source)"};
    }
    const Queue* to = nullptr;
    if (!command.destination.empty()) {
        to = find_queue(command.destination);
        if (to == nullptr) {
            return no_queue(command.destination);
        }
        if (to == from || to->kind() != from->kind()) {
            return Refused{Code::bad_request,
                           "messages move to another queue, and to one of the same kind"};
        }
    } else if (command.kind == MoveKind::redrive && !dead_letters) {
        return Refused{Code::bad_request, "name the queue that they go to (--to)"};
    }
    if (moves_.active_of(from->number()) != nullptr) {
        return Refused{Code::conflict, "a task is running on queue " + command.source};
    }
    if (moves_.active_count() >= limits::kMovesActiveMax) {
        return Refused{Code::limit_exceeded, "as many tasks are running as there may be"};
    }
    if (command.filter.size() > limits::kMoveFilterBytesMax) {
        return Refused{Code::bad_request, "a filter has at most 1024 bytes"};
    }
    if (!command.filter.empty()) {
        if (const auto filter = tools_.filter(command.filter); !filter) {
            return Refused{Code::bad_request, "filter: " + filter.error()};
        }
    }
    return std::nullopt;
}

Result<std::uint64_t, Refused> Engine::start_move(const MoveCommand& command, Now now) {
    if (auto fault = fault_in_move(command)) {
        return std::move(*fault);
    }
    Queue* from = find_queue(command.source);
    from->advance(now.broker);
    MoveStarted started;
    started.id = moves_.next_id();
    started.kind = command.kind;
    started.dry_run = command.dry_run;
    started.source = from->number();
    if (const Queue* to = find_queue(command.destination)) {
        started.destination = to->number();
    }
    started.rate_milli = command.rate_milli;
    started.limit = command.limit;
    started.there = from->counts(now.broker).visible;
    started.at = now.wall;
    started.filter = command.filter;
    log_.begin_group(encoded_size(started));
    commit(started, now);
    return started.id;
}

Result<Ok, Refused> Engine::cancel_move(std::uint64_t id, Now now) {
    Moves::Active* task = moves_.find_active(id);
    if (task == nullptr) {
        const Move* ended = moves_.find(id);
        return ended == nullptr
                   ? Refused{Code::not_found, "there is no task " + std::to_string(id)}
                   : Refused{Code::conflict, "task " + std::to_string(id) + " has ended"};
    }
    end_move(*task, MoveState::cancelled, {}, now);
    return Ok{};
}

void Engine::apply_move_started(const MoveStarted& e, Place place) {
    const auto name_of = [&](QueueNumber number) {
        const auto at = queues_.find(number);
        return at == queues_.end() ? std::string() : at->second->name();
    };
    Move move;
    move.id = e.id;
    move.kind = e.kind;
    move.dry_run = e.dry_run;
    move.source = e.source;
    move.source_name = name_of(e.source);
    move.destination = e.destination;
    move.destination_name = name_of(e.destination);
    move.rate_milli = e.rate_milli;
    move.limit = e.limit;
    move.filter = e.filter;
    move.started_at = e.at;
    move.there = e.there;
    move.begun = place.at;
    move.next_number = next_message_;
    moves_.start(std::move(move));
}

void Engine::apply_move_ended(const MoveEnded& e) {
    Skips skipped{};
    std::copy_n(e.skipped.begin(), std::min(e.skipped.size(), skipped.size()), skipped.begin());
    moves_.count(e.id, e.moved, skipped);
    moves_.end(e.id, e.how, std::string(e.failure), e.at);
    if (!recovering_) {
        ended_moves_.push_back(e.id);
    }
}

// What a task has moved is counted where the move is applied, so that a replay counts alike. An
// edit, which says so in its history, is nobody's task.
void Engine::count_moved(QueueNumber source, MoveKind kind, std::uint64_t messages) {
    Moves::Active* task = moves_.active_of(source);
    const bool forgets = recovering_ && mutant(Mutant::moved_not_counted_in_replay);
    if (task != nullptr && task->move.kind == kind && !task->move.dry_run && !forgets) {
        task->move.moved += messages;
    }
}

// The record that a task looked at last is written again: its mark follows.
void Engine::follow_mark(const Queue& queue, const Stored& relocated, Position at) {
    Moves::Active* task = moves_.active_of(queue.number());
    if (task == nullptr || !task->pass || relocated.replaces->delivery.value != 0) {
        return;
    }
    task->pass->grouped.clear();  // They stand elsewhere; their order is the same.
    if (!task->pass->waiting) {
        return;
    }
    Waiting::Mark& mark = *task->pass->waiting;
    if (relocated.replaces->at == mark.at) {
        mark.at = at;
        return;
    }
    // Of one that has gone since, nobody could tell what of its run was before it.
    const bool same_run =
        mark.at.chunk == relocated.replaces->at.chunk && mark.age == relocated.age;
    if (same_run && !queue.waiting().has(mark.at)) {
        task->pass.reset();
    }
}

}  // namespace esteira::engine
