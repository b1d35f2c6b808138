// Move tasks at work; moves.hpp tells what they promise.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/bytes.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

namespace {

constexpr std::size_t kExamplesOfAKind = 3;
// How long a task rests when the log may not grow.
constexpr Millis kRest = std::chrono::seconds(1);
// Messages of groups that are sorted out in one go.
constexpr std::size_t kGroupedSlice = 10'000;
// What was not moved in time may be made up for, but not more than this.
constexpr std::int64_t kCatchUpUs = 1'000'000;

std::int64_t micros(Time t) { return t.time_since_epoch().count() * 1000; }

// Whether the message was there when the task began. A record that was written again says in which
// chunk it first stood.
bool was_there(const Move& move, const Stored& record, Position at) {
    const bool before = at < move.begun || (record.age != 0 && record.age <= move.begun.chunk);
    return before && record.number.value < move.next_number;
}

void add_example(Move& move, Move::Example example) {
    const auto alike =
        std::count_if(move.examples.begin(), move.examples.end(),
                      [&](const Move::Example& other) { return other.skipped == example.skipped; });
    if (static_cast<std::size_t>(alike) < kExamplesOfAKind) {
        move.examples.push_back(std::move(example));
    }
}

void skip(Move& move, MessageNumber number, Skip why, std::string reason) {
    ++move.skipped[static_cast<std::size_t>(why)];
    add_example(move, {number, why, std::move(reason)});
}

// The first one of the groups has been looked at.
void pass_by(Pass& pass) {
    pass.grouped_after = pass.grouped.front().first;
    pass.grouped.pop_front();
}

}  // namespace

MoveEnded Engine::end_of(const Moves::Active& task, MoveState how, std::string_view failure,
                         Now now) const {
    MoveEnded ended;
    ended.id = task.move.id;
    ended.how = how;
    ended.at = now.wall;
    ended.moved = task.move.moved;
    ended.skipped.assign(task.move.skipped.begin(), task.move.skipped.end());
    ended.failure = failure;
    return ended;
}

void Engine::end_move(const Moves::Active& task, MoveState how, std::string_view failure, Now now) {
    const MoveEnded ended = end_of(task, how, failure, now);
    log_.begin_group(encoded_size(ended));
    commit(ended, now);
}

// Looks again from the front: what was skipped is counted anew.
bool Engine::begin_pass(Moves::Active& task, Queue& from, Now now) {
    Move& move = task.move;
    Pass& pass = task.pass.emplace();
    move.skipped = {};
    move.examples.clear();
    if (move.dry_run) {
        move.moved = 0;
    }
    if (!move.filter.empty()) {
        auto filter = tools_.filter(move.filter);
        if (!filter) {
            end_move(task, MoveState::failed, "filter: " + filter.error(), now);
            return false;
        }
        pass.filter = std::move(filter).value();
    }
    pass.free_at_us = micros(now.broker);
    from.leases().for_first_returned(from.leases().returned(),
                                     [&](DeliveryNumber number, const Held&) {
                                         pass.returned.push_back(number);
                                         return true;
                                     });
    // Of groups in their order; what has none keeps its own.
    std::stable_sort(
        pass.returned.begin(), pass.returned.end(), [&](DeliveryNumber a, DeliveryNumber b) {
            return from.leases().find(a).held->sequence < from.leases().find(b).held->sequence;
        });
    return true;
}

// The one place that knows in which order a queue's messages are looked at.
Engine::Seen Engine::next_seen(Queue& queue, Moves::Active& task, Now now) const {
    Pass& pass = *task.pass;
    Seen seen;
    while (!pass.returned.empty()) {
        const DeliveryNumber number = pass.returned.front();
        const auto found = queue.leases().find(number);
        if (found && found.lease->visible_at <= now.broker) {
            return {Seen::Kind::message, found.held->place, number, found.held, {}, {}};
        }
        pass.returned.pop_front();
    }
    if (const auto due = queue.delayed().next_due_after(pass.delayed, now.broker)) {
        return {Seen::Kind::message, due->first, {}, nullptr, due->second, {}};
    }
    Waiting::After after;
    if (pass.waiting && !pass.waiting_done) {
        after = queue.waiting().next_after(*pass.waiting);
    } else if (!pass.waiting_done) {
        after.next = queue.waiting().front();
    }
    if (after.lost) {
        seen.kind = Seen::Kind::lost;
        return seen;
    }
    if (after.next) {
        const std::uint32_t age = *queue.waiting().age_of(after.next->at);
        const Waiting::Mark mark{after.next->at, age};
        return {Seen::Kind::message, *after.next, {}, nullptr, {}, mark};
    }
    return queue.grouped() == nullptr ? seen : next_of_groups(*queue.grouped(), task, now);
}

Engine::Seen Engine::next_of_groups(const Grouped& grouped, Moves::Active& task, Now now) const {
    Pass& pass = *task.pass;
    for (;;) {
        if (pass.grouped.empty()) {
            const auto next = grouped.next_in_order(pass.grouped_after, kGroupedSlice, now.broker);
            pass.grouped.assign(next.begin(), next.end());
        }
        if (pass.grouped.empty() || pass.grouped.front().first >= task.move.next_number) {
            return {};
        }
        if (const auto* message = grouped.find(pass.grouped.front().second)) {
            return {Seen::Kind::message, message->place, {}, nullptr, {}, {}};
        }
        pass_by(pass);
    }
}

// False: it stays, and has been counted.
bool Engine::move_seen(Moves::Active& task, Queue& from, const Stored& record, const Seen& seen,
                       Now now) {
    Move& move = task.move;
    Pass& pass = *task.pass;
    if (pass.filter && !pass.filter->matches(candidate_of(record, seen.held, now)) &&
        !mutant(Mutant::filter_matches_everything)) {
        skip(move, record.number, Skip::filtered, {});
        return false;
    }
    Queue* target = nullptr;
    if (move.kind == MoveKind::redrive) {
        target = move.destination.value != 0 ? queues_.at(move.destination).get()
                                             : source_of(record, from);
        if (target == nullptr) {
            skip(move, record.number, Skip::no_source,
                 "the queue that it came from is not there; name one");
            return false;
        }
        const auto promised = pass.promised[target->number()];
        if (const auto full =
                no_room_in(*target, 1 + promised.first, record.body.size() + promised.second)) {
            skip(move, record.number, Skip::full, full->reason);
            return false;
        }
    }
    add_example(move, {record.number, std::nullopt, target == nullptr ? "" : target->name()});
    if (move.dry_run) {
        ++move.moved;
        if (target != nullptr) {
            auto& promised = pass.promised[target->number()];
            ++promised.first;
            promised.second += seen.place.size;
        }
        return false;
    }
    if (target == nullptr) {
        drop_message(from, seen, now);
    } else {
        move_message(record, {from.number(), seen.place.at, seen.delivery}, *target, nullptr, now);
    }
    if (move.rate_milli != 0) {
        pass.free_at_us = std::max(pass.free_at_us, micros(now.broker) - kCatchUpUs) +
                          1'000'000'000 / move.rate_milli;
    }
    return true;
}

// Looks at the next message. False: nothing more of this task in this turn.
bool Engine::advance_move(Moves::Active& task, Queue& from, std::size_t& bytes, Now now) {
    Move& move = task.move;
    Pass& pass = *task.pass;
    if (move.limit != 0 && move.moved >= move.limit) {
        end_move(task, MoveState::completed, {}, now);
        return false;
    }
    const Seen seen = next_seen(from, task, now);
    if (seen.kind == Seen::Kind::lost) {
        task.pass.reset();
        return false;
    }
    if (seen.kind == Seen::Kind::none) {
        end_move(task, MoveState::completed, {}, now);
        return false;
    }
    if (move.kind == MoveKind::redrive && !move.dry_run && !log_.may_grow()) {
        // It adds to the log before it frees anything: the reserve is not for that.
        pass.not_before = now.broker + kRest;
        return false;
    }
    if (pass.free_at_us > micros(now.broker) || pass.not_before > now.broker) {
        return false;
    }
    if (seen.delivery.value != 0) {
        pass.returned.pop_front();
    } else if (!seen.delayed && !seen.waiting) {
        pass_by(pass);
    }
    bytes += seen.place.size;
    const auto record = read(from, seen.place);
    bool stays = true;
    if (!record) {
        if (seen.place.at < move.begun) {
            skip(move, {}, Skip::unreadable, "its record cannot be read");
        }
    } else if (was_there(move, *record, seen.place.at)) {
        stays = !move_seen(task, from, *record, seen, now);
    } else {
        pass.waiting_done = seen.waiting.has_value();
    }
    if (stays && seen.delayed) {
        pass.delayed = seen.delayed;
    }
    if (stays && seen.waiting) {
        pass.waiting = seen.waiting;
    }
    return true;
}

void Engine::advance_moves(Now now) {
    std::size_t looked_at = 0;
    std::size_t bytes = 0;
    const auto spent = [&] {
        return looked_at >= limits::kMovesTurnMessages || bytes >= limits::kMovesTurnBytes;
    };
    for (Moves::Active* task : moves_.in_turn()) {
        if (spent()) {
            return;
        }
        const QueueNumber source = task->move.source;
        moves_.served(source);
        const auto to = queues_.find(task->move.destination);
        if (task->move.destination.value != 0 && to == queues_.end()) {
            end_move(*task, MoveState::failed,
                     "queue " + task->move.destination_name + " is not there any more", now);
            continue;
        }
        Queue& from = *queues_.at(source);
        from.advance(now.broker);
        if (!task->pass && !begin_pass(*task, from, now)) {
            continue;
        }
        while (!spent() && advance_move(*task, from, bytes, now)) {
            ++looked_at;
        }
    }
}

Time Engine::moves_wake(Now now) const {
    Time wake = Time::max();
    moves_.for_each_active([&](const Moves::Active& task) {
        Time next = now.broker;
        if (task.pass) {
            const Time free{Millis{(task.pass->free_at_us + 999) / 1000}};
            next = std::max({next, task.pass->not_before, free});
        }
        wake = std::min(wake, next);
    });
    return wake;
}

}  // namespace esteira::engine
