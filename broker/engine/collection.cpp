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
    return std::min(usage_.first_needed(open_chunk), dedup_.first_chunk().value_or(open_chunk));
}

void Engine::choose_candidates(std::uint32_t chunk) {
    collecting_chunk_ = chunk;
    candidates_.clear();
    for (const auto& [number, queue] : queues_) {
        const auto add = [&, n = number](Place place) {
            if (place.at.chunk == chunk) {
                candidates_.push_back({place, n});
            }
        };
        queue->waiting().in_chunk(chunk, add);
        queue->delayed().for_each(add);
        if (const Grouped* grouped = queue->grouped()) {
            grouped->for_each(add);
        }
        queue->leases().for_each(
            [&](const Lease& lease, std::size_t i) { add(lease.held[i].place); });
    }
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Candidate& a, const Candidate& b) { return a.place.at < b.place.at; });
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
    // Where the held ones stand now: they may have been handed out, or come back, since.
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
    std::map<Position, DeliveryNumber> held;
    std::map<QueueNumber, bool> queues;
    for (std::size_t i = 0; i < count; ++i) {
        queues[candidates_[i].queue] = true;
    }
    for (const auto& [number, unused] : queues) {
        const auto queue = queues_.find(number);
        if (queue == queues_.end()) {
            continue;
        }
        queue->second->leases().for_each([&](const Lease& lease, std::size_t i) {
            const Place place = lease.held[i].place;
            if (place.at.chunk == oldest) {
                held[place.at] = {lease.first.value + i};
            }
        });
    }
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

void Engine::relocate(const Candidate& candidate, const std::map<Position, DeliveryNumber>& held,
                      Now now) {
    const auto at = queues_.find(candidate.queue);
    if (at == queues_.end()) {
        return;
    }
    Queue& queue = *at->second;
    queue.advance(now.broker);
    const auto delivery = held.find(candidate.place.at);
    const bool is_held = delivery != held.end() && queue.leases().find(delivery->second) &&
                         queue.leases().find(delivery->second).held->place == candidate.place;
    const bool live = is_held || queue.is_waiting(candidate.place.at);
    if (!live && !mutant(Mutant::relocated_twice)) {
        return;
    }  // It has gone since.
    const auto record = read_stored(log_.read(candidate.place.at, candidate.place.size));
    if (!record) {
        SetAside damaged{queue.number(), Gone::damaged, {}, {}};
        if (is_held) {
            damaged.numbers.push_back({delivery->second, 1});
        } else {
            damaged.waiting.push_back({candidate.place.at.chunk, {candidate.place.at.slot}});
        }
        log_.begin_group(encoded_size(damaged));
        commit(damaged, now);
        return;
    }
    Stored moved = *record;
    moved.cause = Cause::relocated;
    moved.held.reset();
    moved.replaces = Replaces{queue.number(), candidate.place.at, {}};
    std::string history;
    bool started = false;
    moved.age = queue.waiting().age_of(candidate.place.at).value_or(candidate.place.at.chunk);
    const Grouped* grouped = queue.grouped();
    if (const auto* waiting = grouped ? grouped->find(candidate.place.at) : nullptr) {
        moved.visible_at = waiting->visible_at;  // The queue's delay may have been cut since.
    }
    if (is_held) {
        const auto found = queue.leases().find(delivery->second);
        const Held& state = *found.held;
        started = state.started;
        moved.replaces->delivery = delivery->second;
        moved.visible_at = found.lease->visible_at;
        HeldState kept;
        kept.delivery = delivery->second;
        kept.receives = state.receives;
        kept.crashes = state.story ? state.story->crashes : 0;
        kept.session = found.lease->session;
        kept.leased_at = found.lease->leased_at;
        kept.first_received_at =
            state.story ? state.story->first_received_at : found.lease->leased_at_wall;
        kept.receipt_open = state.receipt_open;
        if (state.story) {
            kept.reason = state.story->reason;
        }
        moved.held = kept;
        history = carried_history(record->history, state, *found.lease, sessions_);
        moved.history = as_bytes(history);
        if (mutant(Mutant::attempts_lost_by_relocation)) {
            moved.history = record->history;
        }
    }
    if (!live) {
        moved.replaces.reset();
    }
    const std::string reason(moved.held ? moved.held->reason : std::string_view{});
    if (moved.held) {
        moved.held->reason = reason;
    }  // The story goes with the old copy.
    log_.begin_group(encoded_size(moved));
    commit(moved, now);
    // Not journaled, so it has to be carried over: a worker's death still counts against it.
    if (started) {
        queue.leases().find(delivery->second).held->started = true;
    }
}

}  // namespace esteira::engine
