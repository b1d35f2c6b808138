// Receiving: what is handed out, and what is put away instead.
#include <algorithm>
#include <utility>

#include "broker/engine/attempts.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/bytes.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

using dialogue::Code;

namespace {

// How long a message waits that ought to be buried while its dead-letter queue cannot take it.
constexpr Millis kBuryAgainAfter = std::chrono::seconds(30);

}  // namespace

// What stands in the way of a receive: each in a group of its own, since none needs another.
void Engine::put_away(Queue& queue, Picked& picked, Now now) {
    for (const SetAside* aside : {&picked.expired, &picked.damaged}) {
        if (aside->numbers.empty() && aside->waiting.empty()) {
            continue;
        }
        log_.begin_group(encoded_size(*aside));
        commit(*aside, now);
    }
    for (const Picked::Message& message : picked.over) {
        Held* held = queue.leases().find(message.returned).held;
        const bool crashed = held->story && held->story->crashes >= limits::kCrashesBeforeBurial;
        std::string reason =
            crashed ? "worker_crash: " + std::to_string(held->story->crashes) +
                          " workers died while handling it"
                    : "max_receives: received " + std::to_string(held->receives) + " times";
        if (held->story && !held->story->reason.empty()) {
            reason += "; last: " + held->story->reason;
        }
        const Burial burial{crashed ? BuriedBy::worker_crash : BuriedBy::max_receives, reason};
        if (bury(queue, message, burial, now)) {
            continue;
        }
        const Rescheduled later{queue.number(),
                                Return::put_off,
                                now.broker + kBuryAgainAfter,
                                {},
                                {{message.returned, 1}}};
        log_.begin_group(encoded_size(later));
        commit(later, now);
    }
}

std::optional<dialogue::ReceiveReply> Engine::lease(const Caller& caller, Queue& queue,
                                                    const Wanted& wanted, Now now) {
    queue.advance(now.broker);
    if (!queue.has_batch(wanted.min, now.broker)) {
        return std::nullopt;
    }
    const auto in_flight = static_cast<std::uint32_t>(queue.leases().in_flight());
    const std::uint32_t count = std::min(wanted.count, limits::kInFlightMax - in_flight);
    Picked picked = pick(queue, count, now);
    put_away(queue, picked, now);
    // What was put away may have been counted on, or have been all that stood before the next one.
    while (picked.good.size() < wanted.min && picked.put_any_away() &&
           queue.has_batch(wanted.min, now.broker)) {
        picked = pick(queue, count, now);
        put_away(queue, picked, now);
    }
    if (picked.good.empty() || !queue.has_batch(wanted.min, now.broker)) {
        return std::nullopt;
    }

    // The event names what came back before what waits. The answer goes by the same order, since a
    // receipt is a place in it; each group keeps its own, as there it is so anyway.
    std::stable_partition(picked.good.begin(), picked.good.end(),
                          [](const Picked::Message& m) { return m.returned.value != 0; });
    constexpr std::size_t kSessionOpenedBytes = 64;
    Leased leased;
    leased.queue = queue.number();
    leased.visible_at = now.broker + wanted.visibility.value_or(queue.settings().visibility);
    for (const Picked::Message& message : picked.good) {
        if (message.returned.value != 0) {
            add_number(leased.returned, message.returned);
        } else {
            add_slot(leased.waiting, message.place.at);
        }
    }
    log_.begin_group(encoded_size(leased) + kSessionOpenedBytes);
    leased.session = session_number(caller.session, now);
    leased.first = DeliveryNumber{next_delivery_};
    leased.request = caller.request;
    leased.hash = caller.hash;
    leased.attempt = wanted.attempt;
    commit(leased, now);

    dialogue::ReceiveReply reply;
    reply.receipt = {
        queue.number(), leased.first, static_cast<std::uint32_t>(picked.good.size()), {}};
    reply.messages.reserve(picked.good.size());
    for (std::size_t i = 0; i < picked.good.size(); ++i) {
        const auto found = queue.leases().find(DeliveryNumber{leased.first.value + i});
        reply.messages.push_back(
            describe(picked.good[i].record, *found.held, found.lease->leased_at_wall));
    }
    if (queue.leases().returned() == 0 && queue.waiting().count() > 0 && !picked.good.empty() &&
        picked.good.back().returned.value == 0) {
        queue.waiting().set_oldest_sent_at(picked.good.back().record.sent_at);
    }
    return reply;
}

dialogue::Delivery Engine::describe(const Stored& record, const Held& held, WallTime leased_at) {
    dialogue::Delivery delivery;
    delivery.number = record.number;
    delivery.receives = held.receives;
    delivery.sent_at = record.sent_at;
    delivery.first_received_at = held.story ? held.story->first_received_at : leased_at;
    delivery.body = record.body;
    delivery.attributes = record.attributes;
    delivery.origin = record.origin;
    delivery.history = record.history;
    if (record.fifo) {
        delivery.group = record.fifo->group;
        if (queues_.at(record.queue)->kind() == QueueKind::fifo) {
            delivery.dedup = record.fifo->dedup;
            delivery.sequence = sequence_in(record, record.queue);
        }
    }
    if (record.story) {
        delivery.receives += record.story->receives;
        delivery.crashes = record.story->crashes;
        delivery.reason = record.story->reason;
        if (record.story->first_received_at != WallTime{}) {
            delivery.first_received_at = record.story->first_received_at;
        }
        const auto source = queues_.find(record.story->source);
        if (source != queues_.end()) {
            delivery.source = keep(source->second->name());
        }
    }
    if (held.story) {
        delivery.crashes += held.story->crashes;
        if (!held.story->reason.empty()) {
            delivery.reason = keep(held.story->reason);
        }
        // A record that was written again while it was held ends with the attempt that ran then.
        delivery.history = as_bytes(keep(pack_history(history_of(record.history, held))));
    }
    return delivery;
}

// The answer that a receive was given before, if nothing has become of it since.
std::optional<dialogue::ReceiveReply> Engine::same_lease(const Note& note, Now now) {
    const auto at = queues_.find(note.queue);
    if (at == queues_.end() || note.count == 0) {
        return std::nullopt;
    }
    Queue& queue = *at->second;
    queue.advance(now.broker);
    dialogue::ReceiveReply reply;
    reply.receipt = {note.queue, note.first, note.count, {}};
    for (std::uint64_t i = 0; i < note.count; ++i) {
        const auto found = queue.leases().find(DeliveryNumber{note.first.value + i});
        // What was put off is hidden, but nobody's: its lease has run out.
        if (!found || !found.held->receipt_open || found.lease->visible_at <= now.broker ||
            found.lease->session == 0) {
            return std::nullopt;
        }
        const auto record = read(queue, found.held->place);
        if (!record) {
            return std::nullopt;
        }
        reply.messages.push_back(describe(*record, *found.held, found.lease->leased_at_wall));
    }
    return reply;
}

void Engine::run(const Caller& caller, const dialogue::Receive& receive, Now now) {
    Queue* queue = find_queue(receive.queue);
    if (queue == nullptr) {
        return refuse(caller, no_queue(receive.queue));
    }
    if (!receive.attempt.empty() && queue->kind() != QueueKind::fifo) {
        return refuse(caller, Code::bad_request, "receive attempts are for FIFO queues");
    }
    const bool waits = receive.wait > Millis{0};
    const Wanted wanted{receive.count, waits ? receive.min : 1, receive.visibility,
                        std::string(receive.attempt)};
    if (auto reply = same_attempt(*queue, wanted, now)) {
        forget_waiter(caller);  // It may have waited since it was asked before.
        return answer(caller, std::move(*reply));
    }
    // Who asked before is served before.
    if (waiter_count(queue->number()) == 0) {
        if (auto reply = lease(caller, *queue, wanted, now)) {
            return answer(caller, std::move(*reply));
        }
    }
    if (!waits) {
        ++empty_receives_;
        return answer(caller, dialogue::ReceiveReply{});
    }
    park(caller, *queue, wanted, now.broker + receive.wait);
}

}  // namespace esteira::engine
