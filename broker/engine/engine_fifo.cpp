// FIFO queues and groups: order, deduplication, receives that are asked again by an id.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;

namespace {

constexpr std::size_t kSweptMax = 10'000;  // Expired messages a sweep and queue.

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += kDigits[static_cast<unsigned char>(c) >> 4];
        text += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

}  // namespace

std::optional<Refused> Engine::fault_in_group(const Queue& queue,
                                              const dialogue::SendEntry& entry) const {
    if (queue.kind() == QueueKind::topic) {
        if (!entry.dedup.empty() && !feeds_fifo(queue)) {
            return Refused{Code::bad_request,
                           "topic " + queue.name() + " feeds no FIFO queue: nothing deduplicates"};
        }
        return std::nullopt;
    }
    if (queue.kind() != QueueKind::fifo) {
        if (!entry.dedup.empty()) {
            return Refused{Code::bad_request, "queue " + queue.name() +
                                                  " is a standard queue: it does not deduplicate"};
        }
        return std::nullopt;
    }
    if (entry.group.empty()) {
        return Refused{Code::bad_request,
                       "queue " + queue.name() + " is a FIFO queue: a message needs a group"};
    }
    if (entry.dedup.empty() && !queue.settings().content_based_dedup) {
        return Refused{
            Code::bad_request,
            "queue " + queue.name() + " needs a deduplication id, or ContentBasedDeduplication"};
    }
    if (entry.delay && *entry.delay != Millis{0}) {
        return Refused{Code::bad_request, "a FIFO queue delays all messages alike: DelaySeconds"};
    }
    if (dedup_.size() >= limits::kDedupIdsMax) {
        return Refused{Code::limit_exceeded, "too many deduplication ids in five minutes"};
    }
    return std::nullopt;
}

std::optional<Fifo> Engine::make_group(const dialogue::SendEntry& entry, QueueKind kind, Now now) {
    if (entry.group.empty()) {
        return std::nullopt;
    }
    Fifo fifo;
    fifo.group = entry.group;
    if (kind == QueueKind::fifo) {
        fifo.dedup = entry.dedup.empty() ? keep(hex(tools_.sha256(entry.body))) : entry.dedup;
        fifo.dedup_until = now.broker + limits::kDedupKept;
    }
    return fifo;
}

std::string Engine::dedup_key(const Queue& queue, const Fifo& fifo) const {
    const bool by_group = queue.settings().dedup_by_group_made;
    return Dedup::key(queue.number(), queue.purges(), by_group ? fifo.group : std::string_view{},
                      fifo.dedup);
}

std::optional<MessageNumber> Engine::repeated(const Queue& queue, const std::optional<Fifo>& fifo,
                                              Now now) const {
    if (queue.kind() != QueueKind::fifo || !fifo) {
        return std::nullopt;
    }
    return dedup_.find(dedup_key(queue, *fifo), now.broker);
}

void Engine::remember_ids(const Queue& queue, const Stored& e, Place place, Now now) {
    if (queue.kind() != QueueKind::fifo) {
        return;  // It shares the record with one that is.
    }
    next_message_ = std::max(next_message_, e.fifo->sequence + 1);
    if (e.fifo->dedup_until > now.broker && !(recovering_ && mutant(Mutant::dedup_not_rebuilt))) {
        dedup_.remember(dedup_key(queue, *e.fifo), e.number_in(queue.number()), e.fifo->dedup_until,
                        place.at.chunk);
    }
}

void Engine::join_group(const Queue& queue, Stored& stored) {
    if (queue.kind() != QueueKind::fifo || !stored.fifo) {
        return;
    }
    // An old number would put it before what its group has; both come from the same counter.
    stored.fifo->sequence = stored.number.value < next_message_ ? next_message_ : 0;
    stored.fifo->dedup = keep(dialogue::message_id(broker_id_, stored.number));
    stored.fifo->dedup_until = Time{};
}

// The groups stand by the age of their first messages, so the first one that is young ends it.
void Engine::find_expired_in_groups(const Queue& queue, SetAside& expired, Now now) {
    const Grouped* grouped = queue.grouped();
    if (grouped == nullptr) {
        return;
    }
    const Millis retention = queue.settings().retention;
    std::size_t seen = 0;
    for (const auto& [sequence, group] : grouped->ready()) {
        for (Grouped::Index i = grouped->first_of(group); i != 0; i = grouped->message(i).next) {
            if (grouped->message(i).visible_at > now.broker) {
                break;  // What is delayed expires when it is due, as in any queue.
            }
            const Place place = grouped->message(i).place;
            const auto record = read_stored(log_.read(place.at, place.size));
            if (++seen > kSweptMax || !record || record->sent_at + retention > now.wall) {
                return;
            }
            add_slot(expired.waiting, place.at);
        }
    }
}

namespace {

// Whether all of a delivery are held until the same moment. Where the holder has changed that of
// some, they do not.
bool end_together(Queue& queue, const Numbers& delivery) {
    const auto first = queue.leases().find(delivery.first);
    for (std::uint64_t i = 1; first && i < delivery.count; ++i) {
        const auto other = queue.leases().find({delivery.first.value + i});
        if (!other || other.lease->visible_at != first.lease->visible_at) {
            return false;
        }
    }
    return bool(first);
}

}  // namespace

// What the attempt was given before, with its time begun anew, if nothing has become of it since.
std::optional<dialogue::ReceiveReply> Engine::same_attempt(const Queue& queue, const Wanted& wanted,
                                                           Now now) {
    if (wanted.attempt.empty()) {
        return std::nullopt;
    }
    const auto known = attempts_.find(queue.number(), wanted.attempt, now.broker);
    // Who asks for fewer now is not given more than that.
    if (!known || known->count > wanted.count) {
        return std::nullopt;
    }
    Note note;
    note.queue = queue.number();
    note.first = known->first;
    note.count = known->count;
    Queue& own = *queues_.at(queue.number());
    auto reply = end_together(own, *known) ? same_lease(note, now) : std::nullopt;
    if (!reply) {
        return std::nullopt;
    }
    const Rescheduled anew{queue.number(),
                           Return::visibility,
                           now.broker + wanted.visibility.value_or(queue.settings().visibility),
                           {},
                           {*known}};
    log_.begin_group(encoded_size(anew));
    commit(anew, now);
    return reply;
}

}  // namespace esteira::engine
