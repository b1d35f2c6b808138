// What operators do to single messages: look at them, mend them, drop them. And how a message
// moves, which tasks do to many.
#include <algorithm>
#include <utility>

#include "broker/engine/attempts.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/bytes.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;

Result<std::vector<Peeked>, Refused> Engine::peek(std::string_view name, std::uint32_t count,
                                                  std::string_view filter_text, Now now) {
    Queue* queue = find_queue(name);
    if (queue == nullptr) {
        return no_queue(name);
    }
    std::unique_ptr<Filter> filter;
    if (!filter_text.empty()) {
        auto parsed = tools_.filter(filter_text);
        if (!parsed) {
            return Refused{Code::bad_request, "filter: " + parsed.error()};
        }
        filter = std::move(parsed).value();
    }
    queue->advance(now.broker);
    std::vector<Peeked> peeked;
    std::size_t bytes = 0;
    std::size_t seen = 0;
    std::size_t seen_bytes = 0;
    const Held unseen;
    const auto look = [&](Place place, const Held* held, const Lease* lease, Peeked::Phase phase) {
        seen_bytes += place.size;
        if (peeked.size() == count || bytes > limits::kReceiveBytesMax ||
            ++seen > limits::kFindMessagesMax || seen_bytes > limits::kFindBytesMax) {
            return false;
        }
        const auto record = read(*queue, place);
        if (!record || (filter && !filter->matches(candidate_of(*record, held, now)))) {
            return true;
        }
        const dialogue::Delivery delivery =
            describe(*record, held == nullptr ? unseen : *held,
                     lease == nullptr ? WallTime{} : lease->leased_at_wall);
        const std::string history =
            held == nullptr
                ? std::string(as_text(record->history))
                : pack_history(history_of(record->history, *held, *lease, now.broker, sessions_));
        bytes += place.size + history.size();
        peeked.push_back({phase,
                          delivery.number,
                          delivery.receives,
                          delivery.crashes,
                          delivery.sent_at,
                          delivery.first_received_at,
                          std::string(delivery.origin),
                          std::string(delivery.source),
                          std::string(delivery.reason),
                          std::string(delivery.group),
                          std::string(delivery.dedup),
                          delivery.sequence,
                          history,
                          {delivery.attributes.begin(), delivery.attributes.end()},
                          {delivery.body.begin(), delivery.body.end()}});
        return true;
    };
    queue->leases().for_each([&](const Lease& lease, std::size_t i) {
        const bool hidden = lease.visible_at > now.broker;
        look(lease.held[i].place, &lease.held[i], &lease,
             hidden ? Peeked::Phase::in_flight : Peeked::Phase::visible);
    });
    queue->for_first_waiting(limits::kFindMessagesMax, [&](Place place) {
        return look(place, nullptr, nullptr, Peeked::Phase::visible);
    });
    queue->for_each_delayed(
        [&](Place place) { look(place, nullptr, nullptr, Peeked::Phase::delayed); });
    return peeked;
}

Candidate Engine::candidate_of(const Stored& record, const Held* held, Now now) const {
    Candidate candidate;
    candidate.attributes = record.attributes;
    candidate.body = record.body;
    candidate.age = now.wall - record.sent_at;
    if (record.story) {
        candidate.receives = record.story->receives;
        candidate.reason = record.story->reason;
        const auto source = queues_.find(record.story->source);
        if (source != queues_.end()) {
            candidate.source = source->second->name();
        } else if (const auto history = unpack_history(record.history)) {
            candidate.source = history->source;  // It is gone, but its name is known.
        }
    }
    if (held != nullptr) {
        candidate.receives += held->receives;
        if (held->story && !held->story->reason.empty()) {
            candidate.reason = held->story->reason;
        }
    }
    return candidate;
}

// The queue that a message goes back to, or why it cannot.
Queue* Engine::source_of(const Stored& record, const Queue& from) const {
    const auto at = queues_.find(record.story ? record.story->source : QueueNumber{});
    const bool good =
        at != queues_.end() && at->second.get() != &from && at->second->kind() == from.kind();
    return good ? at->second.get() : nullptr;
}

// A moved message is a new one (number, times, counts) that keeps its origin id, so that what it
// had done before is recognised. The one place where a message enters a queue in this way.
void Engine::move_message(const Stored& record, const Replaces& replaces, Queue& target,
                          const Edit* edit, Now now) {
    const std::string origin = record.origin.empty()
                                   ? dialogue::message_id(broker_id_, record.number)
                                   : std::string(record.origin);
    Stored moved = record;
    moved.queue = target.number();
    moved.number = MessageNumber{next_message_};
    moved.cause = Cause::redriven;
    moved.sent_at = now.wall;
    moved.visible_at = Time{};
    moved.age = 0;
    moved.origin = origin;
    moved.story.reset();
    moved.history = {};
    moved.held.reset();
    moved.replaces = replaces;
    std::string history;
    if (edit != nullptr) {
        moved.body = edit->body;
        moved.attributes = edit->attributes.value_or(moved.attributes);
        history = pack_history({0, {}, BuriedBy::nobody, now.wall, {}, {}});
        moved.history = as_bytes(history);
    }
    join_group(target, moved);
    target.advance(now.broker);
    log_.begin_group(encoded_size(moved));
    commit(moved, now);
}

void Engine::drop_message(const Queue& from, const Seen& seen, Now now) {
    SetAside dropped{from.number(), Gone::dropped, {}, {}};
    if (seen.delivery.value != 0) {
        add_number(dropped.numbers, seen.delivery);
    } else {
        add_slot(dropped.waiting, seen.place.at);
    }
    log_.begin_group(encoded_size(dropped));
    commit(dropped, now);
}

// Who is in flight belongs to somebody; whoever is found here does not.
Result<Engine::Seen, Refused> Engine::find_message(Queue& queue, MessageNumber message, Now now) {
    queue.advance(now.broker);
    Seen found;
    std::size_t seen = 0;
    std::size_t bytes = 0;
    // False: it is found, or there is no end.
    const auto look = [&](Place place, DeliveryNumber delivery, const Held* held) {
        bytes += place.size;
        if (found.kind != Seen::Kind::none || ++seen > limits::kFindMessagesMax ||
            bytes > limits::kFindBytesMax) {
            return false;
        }
        const auto record = read(queue, place);
        if (record && record->number == message) {
            found = {Seen::Kind::message, place, delivery, held, {}, {}};
        }
        return true;
    };
    bool in_flight = false;
    queue.leases().for_each([&](const Lease& lease, std::size_t i) {
        const Held& held = lease.held[i];
        look(held.place, {lease.first.value + i}, &held);
        in_flight = in_flight || (found.held == &held && lease.visible_at > now.broker);
    });
    if (in_flight) {
        return Refused{Code::conflict, "somebody has received that message and holds it"};
    }
    const auto waits = [&](Place place) { return look(place, {}, nullptr); };
    queue.for_first_waiting(limits::kFindMessagesMax, waits);
    queue.delayed().for_first_due(now.broker, limits::kFindMessagesMax, waits);
    if (found.kind == Seen::Kind::none) {
        return Refused{Code::not_found, "there is no such message in queue " + queue.name() +
                                            ", or too many are before it"};
    }
    return found;
}

Result<MessageNumber, Refused> Engine::edit(const Edit& command, Now now) {
    Queue* from = find_queue(command.queue);
    Queue* target = find_queue(command.target);
    if (from == nullptr || (target == nullptr && !command.target.empty())) {
        return no_queue(from == nullptr ? command.queue : command.target);
    }
    if (!log_.may_grow()) {
        return Refused{Code::disk_full, "no disk space for messages that move"};
    }
    const auto found = find_message(*from, command.message, now);
    if (!found) {
        return found.error();
    }
    const Seen& seen = found.value();
    const Stored record = *read(*from, seen.place);
    if (target == nullptr) {
        target = source_of(record, *from);
    }
    if (target == nullptr || target == from || target->kind() != from->kind()) {
        return Refused{Code::conflict,
                       command.target.empty()
                           ? "the queue that it came from is not there; name one"
                           : "a message moves to another queue, and to one of the same kind"};
    }
    dialogue::SendEntry entry{command.body};
    entry.attributes = command.attributes.value_or(record.attributes);
    if (record.fifo) {
        entry.group = record.fifo->group;
        entry.dedup = target->kind() == QueueKind::fifo ? record.fifo->dedup : std::string_view{};
    }
    if (auto fault = fault_in_entry(*target, entry)) {
        return std::move(*fault);
    }
    const MessageNumber number{next_message_};
    move_message(record, {from->number(), seen.place.at, seen.delivery}, *target, &command, now);
    return number;
}

Result<Ok, Refused> Engine::drop(std::string_view name, MessageNumber message, Now now) {
    Queue* queue = find_queue(name);
    if (queue == nullptr) {
        return no_queue(name);
    }
    const Moves::Active* task = moves_.active_of(queue->number());
    if (task != nullptr && task->move.kind == MoveKind::drop) {
        return Refused{Code::conflict, "a task is dropping messages of queue " + queue->name()};
    }
    const auto found = find_message(*queue, message, now);
    if (!found) {
        return found.error();
    }
    drop_message(*queue, found.value(), now);
    return Ok{};
}

}  // namespace esteira::engine
