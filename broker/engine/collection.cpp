// Collection: the live messages of the oldest chunk are written again at the head of the log, so
// that the chunk can be dropped. Liveness is decided in the turn that writes.
#include <algorithm>

#include "broker/engine/attempts.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "common/base/bytes.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

// Where a deduplication id stands, the log is needed as well: it is known from there after a
// restart.
std::uint32_t Engine::first_needed(std::uint32_t open_chunk) const {
    if (mutant(Mutant::log_dropped_under_dedup_ids)) {
        return usage_.first_needed(open_chunk);
    }
    return std::min(usage_.first_needed(open_chunk), dedup_.first_chunk().value_or(open_chunk));
}

void Engine::choose_candidates(std::uint32_t chunk) {
    constexpr std::size_t kTidyFrom = 100'000;
    collecting_chunk_ = chunk;
    candidates_.clear();
    std::size_t tidied = 0;
    for (const auto& [number, queue] : queues_) {
        const auto add = [&, n = number](Place place, bool held) {
            if (place.at.chunk == chunk) {
                candidates_.push_back({place, n, held});
            }
        };
        queue->waiting().in_chunk(chunk, [&](Place place) { add(place, false); });
        queue->delayed().for_each([&](Place place) { add(place, false); });
        if (const Grouped* grouped = queue->grouped()) {
            grouped->for_each([&](Place place) { add(place, false); });
        }
        queue->leases().for_each(
            [&](const Lease& lease, std::size_t i) { add(lease.held[i].place, true); });
        if (candidates_.size() >= 2 * tidied + kTidyFrom) {
            tidy_candidates();
            tidied = candidates_.size();
        }
    }
    tidy_candidates();
}

// Of all queues in which a record waits, one is enough to find the others by.
void Engine::tidy_candidates() {
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Relocatable& a, const Relocatable& b) {
                  return std::pair(a.place.at, a.held) < std::pair(b.place.at, b.held);
              });
    const auto end = std::unique(candidates_.begin(), candidates_.end(),
                                 [](const Relocatable& a, const Relocatable& b) {
                                     return a.place == b.place && !a.held && !b.held;
                                 });
    candidates_.erase(end, candidates_.end());
}

std::size_t Engine::collect(std::uint32_t open_chunk, std::size_t budget, Now now) {
    // Moving what stands behind a chunk that has to stay would give nothing back.
    const std::uint32_t oldest = usage_.first_needed(open_chunk);
    if (oldest >= std::min(open_chunk, dedup_.first_chunk().value_or(open_chunk))) {
        return 0;
    }
    if (collecting_chunk_ != oldest) {
        choose_candidates(oldest);
    }
    std::size_t slice = 0;
    std::size_t count = 0;
    while (count < candidates_.size() && slice + candidates_[count].place.size <= budget) {
        slice += candidates_[count++].place.size;
    }
    if (count == 0 && !candidates_.empty()) {
        // One record may be larger than the budget of a turn; it still has to move some day.
        if (budget < limits::kRelocationSliceBytes) {
            return 0;
        }
        count = 1;
        slice = candidates_[0].place.size;
    }
    const HeldAt held = held_among(count);
    for (std::size_t i = 0; i < count; ++i) {
        relocate(candidates_.front(), held, now);
        if (!mutant(Mutant::relocated_twice) || i % 2 == 0) {
            candidates_.pop_front();
        }
    }
    // Whatever is live and was not seen when the candidates were chosen is found now.
    if (candidates_.empty()) {
        collecting_chunk_ = 0;
    }
    return slice;
}

// Where the held ones among the next candidates stand now: they may have been handed out, or come
// back, since.
Engine::HeldAt Engine::held_among(std::size_t candidates) {
    HeldAt held;
    std::set<QueueNumber> queues;
    for (std::size_t i = 0; i < candidates; ++i) {
        queues.insert(candidates_[i].queue);
    }
    for (const QueueNumber number : queues) {
        const auto queue = queues_.find(number);
        if (queue == queues_.end()) {
            continue;
        }
        queue->second->leases().for_each([&](const Lease& lease, std::size_t i) {
            const Place place = lease.held[i].place;
            if (place.at.chunk == collecting_chunk_) {
                held[{number, place.at}] = {lease.first.value + i};
            }
        });
    }
    return held;
}

bool Engine::waits(QueueNumber number, Position at) const {
    const auto queue = queues_.find(number);
    return queue != queues_.end() && queue->second->is_waiting(at);
}

void Engine::relocate(const Relocatable& candidate, const HeldAt& held, Now now) {
    const auto at = queues_.find(candidate.queue);
    if (at != queues_.end()) {
        at->second->advance(now.broker);
        const auto delivery = held.find({candidate.queue, candidate.place.at});
        if (delivery != held.end()) {
            const auto found = at->second->leases().find(delivery->second);
            if (found && found.held->place == candidate.place) {
                relocate_held(*at->second, delivery->second, now);
            }
        }
    }
    if (waits(candidate.queue, candidate.place.at) || usage_.is_shared(candidate.place.at) ||
        mutant(Mutant::relocated_twice)) {
        relocate_waiting(candidate, now);
    }
}

void Engine::set_aside_damaged(Queue& queue, SetAside event, Now now) {
    event.queue = queue.number();
    event.why = Gone::damaged;
    log_.begin_group(encoded_size(event));
    commit(event, now);
}

// One record for all queues in which it waits, and is due at the same time: a FIFO queue's delay
// may have been cut since.
void Engine::relocate_waiting(const Relocatable& candidate, Now now) {
    const Position at = candidate.place.at;
    const auto record = read_stored(log_.read(at, candidate.place.size));
    if (!record) {
        // Who shares it cannot be read either.
        for (const auto& [number, queue] : queues_) {
            if (waits(number, at)) {
                set_aside_damaged(*queue, {{}, {}, {}, {{at.chunk, {at.slot}}}}, now);
            }
        }
        return;
    }
    std::vector<std::pair<QueueNumber, MessageNumber>> holders;
    std::optional<Time> due;
    bool all = true;
    const auto add = [&](QueueNumber number, MessageNumber message) {
        if (!waits(number, at)) {
            return;
        }
        const Time due_here = queues_.at(number)->due_at(at).value_or(record->visible_at);
        due = due.value_or(due_here);
        if (due == due_here) {
            holders.emplace_back(number, message);
        }
        all = all && due == due_here;
    };
    add(record->queue, record->number);
    for (const auto& [queue, number] : record->shared) {
        add(queue, number);
    }
    Stored moved = *record;
    moved.cause = Cause::relocated;
    moved.held.reset();
    moved.shared.clear();
    moved.age = record->age != 0 ? record->age : at.chunk;
    if (!holders.empty()) {
        Queue& first = *queues_.at(holders.front().first);
        moved.queue = first.number();
        moved.number = holders.front().second;
        moved.shared.assign(holders.begin() + 1, holders.end());
        moved.replaces = Replaces{first.number(), at, {}};
        moved.age = first.waiting().age_of(at).value_or(moved.age);
        moved.visible_at = *due;
    } else if (mutant(Mutant::relocated_twice) && queues_.contains(record->queue)) {
        moved.replaces.reset();
    } else {
        return;  // It has gone since.
    }
    for (const auto& [queue, number] : holders) {
        queues_.at(queue)->advance(now.broker);
    }
    log_.begin_group(encoded_size(moved));
    commit(moved, now);
    if (!all) {
        relocate_waiting(candidate, now);
    }
}

// A record of its own, with the lease that it is under or was under last.
void Engine::relocate_held(Queue& queue, DeliveryNumber delivery, Now now) {
    const auto found = queue.leases().find(delivery);
    const Held& state = *found.held;
    const Place place = state.place;
    const auto record = read(queue, place);
    if (!record) {
        return set_aside_damaged(queue, {{}, {}, {{delivery, 1}}, {}}, now);
    }
    Stored moved = *record;
    moved.cause = Cause::relocated;
    moved.replaces = Replaces{queue.number(), place.at, delivery};
    moved.age = record->age != 0 ? record->age : place.at.chunk;
    moved.visible_at = found.lease->visible_at;
    HeldState kept;
    kept.delivery = delivery;
    kept.receives = state.receives;
    kept.crashes = state.story ? state.story->crashes : 0;
    kept.session = found.lease->session;
    kept.leased_at = found.lease->leased_at;
    kept.first_received_at =
        state.story ? state.story->first_received_at : found.lease->leased_at_wall;
    kept.receipt_open = state.receipt_open;
    // The story goes with the old copy.
    const std::string reason = state.story ? state.story->reason : std::string();
    kept.reason = reason;
    moved.held = kept;
    const std::string history = carried_history(record->history, state, *found.lease, sessions_);
    moved.history = as_bytes(history);
    if (mutant(Mutant::attempts_lost_by_relocation)) {
        moved.history = record->history;
    }
    const bool started = state.started;
    log_.begin_group(encoded_size(moved));
    commit(moved, now);
    // Not journaled, so it has to be carried over: a worker's death still counts against it.
    if (started) {
        queue.leases().find(delivery).held->started = true;
    }
}

}  // namespace esteira::engine
