// What operators do to messages: look at them, and move dead letters back.
#include <algorithm>
#include <utility>

#include "broker/engine/attempts.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "common/base/bytes.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;

Result<std::vector<Peeked>, Refused> Engine::peek(std::string_view name, std::uint32_t count,
                                                  Now now) {
    Queue* queue = find_queue(name);
    if (queue == nullptr) {
        return no_queue(name);
    }
    queue->advance(now.broker);
    std::vector<Peeked> peeked;
    std::size_t bytes = 0;
    const Held unseen;
    const auto look = [&](Place place, const Held* held, const Lease* lease, Peeked::Phase phase) {
        if (peeked.size() == count || bytes > limits::kReceiveBytesMax) {
            return false;
        }
        const auto record = read(*queue, place);
        if (!record) {
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
    queue->for_first_waiting(
        count, [&](Place place) { return look(place, nullptr, nullptr, Peeked::Phase::visible); });
    queue->delayed().for_each(
        [&](Place place) { look(place, nullptr, nullptr, Peeked::Phase::delayed); });
    return peeked;
}

// A redriven message is a new one (number, time, counts) that keeps its origin id, so that what it
// had done before is recognised.
Result<Redriven, Refused> Engine::redrive(const Redrive& command, Now now) {
    Queue* from = find_queue(command.dead_letter_queue);
    if (from == nullptr) {
        return no_queue(command.dead_letter_queue);
    }
    if (!command.target.empty() && find_queue(command.target) == nullptr) {
        return no_queue(command.target);
    }
    // It adds to the log before it frees anything: the reserve is not for that.
    if (!log_.may_grow()) {
        return Refused{Code::disk_full, "no disk space for messages that move"};
    }
    from->advance(now.broker);
    std::vector<std::pair<Place, DeliveryNumber>> places;
    from->leases().for_first_returned(command.count, [&](DeliveryNumber number, const Held& held) {
        places.emplace_back(held.place, number);
        return true;
    });
    from->for_first_waiting(command.count - places.size(), [&](Place place) {
        places.emplace_back(place, DeliveryNumber{});
        return true;
    });
    Redriven result;
    for (const auto& [place, delivery] : places) {
        const auto record = read(*from, place);
        Queue* target = command.target.empty() ? nullptr : find_queue(command.target);
        if (record && record->story && target == nullptr) {
            const auto source = queues_.find(record->story->source);
            if (source != queues_.end()) {
                target = source->second.get();
            }
        }
        if (!record || target == nullptr) {
            ++result.skipped;
            result.reason =
                record ? "its source queue is not there; name a target" : "its body cannot be read";
            continue;
        }
        if (const auto full = no_room_in(*target, 1, record->body.size())) {
            ++result.skipped;
            result.reason = full->reason;
            continue;
        }
        ++result.moved;
        if (command.dry_run) {
            continue;
        }
        const std::string origin = record->origin.empty()
                                       ? dialogue::message_id(broker_id_, record->number)
                                       : std::string(record->origin);
        Stored moved = *record;
        moved.queue = target->number();
        moved.number = MessageNumber{next_message_};
        moved.cause = Cause::redriven;
        moved.sent_at = now.wall;
        moved.visible_at = Time{};
        moved.age = 0;
        moved.origin = origin;
        moved.story.reset();
        moved.history = {};
        moved.held.reset();
        moved.replaces = Replaces{from->number(), place.at, delivery};
        join_group(*target, moved);
        target->advance(now.broker);
        log_.begin_group(encoded_size(moved));
        commit(moved, now);
    }
    return result;
}

}  // namespace esteira::engine
