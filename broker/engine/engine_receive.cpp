// Receiving: what is handed out, what is put away instead, and who waits for more.
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

// Messages that one receive may put away (expired, buried, damaged) on its way to good ones.
constexpr std::size_t kPutAwayMax = 1000;
// Room that a batch begins with; larger ones grow.
constexpr std::uint32_t kBatchUsual = 128;
// How long a message waits that ought to be buried while its dead-letter queue cannot take it.
constexpr Millis kBuryAgainAfter = std::chrono::seconds(30);

}  // namespace

// Files one message under what has to happen to it. False: the batch ends before it.
bool Engine::sort_in(Picked& picked, const Queue& queue, Picked::Message message, const Held* held,
                     Now now) {
    const Settings& settings = queue.settings();
    const std::uint32_t crashes = held != nullptr && held->story ? held->story->crashes : 0;
    const std::uint32_t receives = held != nullptr ? held->receives : 0;
    if (message.record.sent_at + settings.retention <= now.wall) {
        if (message.returned.value != 0) {
            add_number(picked.expired.numbers, message.returned);
        } else {
            add_slot(picked.expired.waiting, message.place.at);
        }
        return true;
    }
    const bool too_often = settings.max_receives != 0 && receives >= settings.max_receives;
    if ((too_often || crashes >= limits::kCrashesBeforeBurial) &&
        !settings.dead_letter_queue.empty()) {
        picked.over.push_back(std::move(message));
        return true;
    }
    if (crashes >= limits::kCrashesBeforeAlone) {
        // It may take its worker down again; its neighbours shall not pay for that.
        if (picked.good.empty()) {
            picked.good.push_back(std::move(message));
        }
        return false;
    }
    picked.good.push_back(std::move(message));
    return true;
}

Engine::Picked Engine::pick(Queue& queue, std::uint32_t count, Now now) {
    Picked picked;
    picked.expired.queue = picked.damaged.queue = queue.number();
    picked.expired.why = Gone::expired;
    picked.damaged.why = Gone::damaged;
    picked.good.reserve(std::min(count, kBatchUsual));
    std::size_t bytes = 0;
    std::size_t seen = 0;
    const auto enough = [&] { return picked.good.size() >= count || seen >= count + kPutAwayMax; };
    // Reads one message and files it; false when the batch is complete.
    const auto take = [&](DeliveryNumber returned, const Held* held, Place place) {
        ++seen;
        const auto record = read_stored(log_.read(place.at, place.size));
        if (!record) {
            if (returned.value != 0) {
                add_number(picked.damaged.numbers, returned);
            } else {
                add_slot(picked.damaged.waiting, place.at);
            }
            return !enough();
        }
        bytes += place.size + (held != nullptr && held->story ? held->story->told_bytes() : 0);
        if (!picked.good.empty() && bytes > limits::kReceiveBytesMax) {
            return false;
        }
        return sort_in(picked, queue, {*record, place, returned, record->visible_at}, held, now) &&
               !enough();
    };
    bool more = true;
    queue.leases().for_first_returned(count + kPutAwayMax,
                                      [&](DeliveryNumber number, const Held& held) {
                                          more = take(number, &held, held.place);
                                          return more;
                                      });
    if (more) {
        queue.delayed().for_first_due(now.broker, count + kPutAwayMax, [&](Place place) {
            more = take({}, nullptr, place);
            return more;
        });
    }
    if (more) {
        queue.waiting().for_first(count + kPutAwayMax, [&](Place place) {
            more = take({}, nullptr, place);
            return more;
        });
    }
    return picked;
}

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
                                                    std::uint32_t count,
                                                    std::optional<Millis> visibility, Now now) {
    queue.advance(now.broker);
    const std::size_t in_flight = queue.leases().in_flight();
    if (in_flight >= limits::kInFlightMax) {
        return std::nullopt;
    }
    count = std::min(count, limits::kInFlightMax - static_cast<std::uint32_t>(in_flight));
    Picked picked = pick(queue, count, now);
    put_away(queue, picked, now);
    if (picked.good.empty()) {
        return std::nullopt;
    }

    constexpr std::size_t kSessionOpenedBytes = 64;
    Leased leased;
    leased.queue = queue.number();
    leased.visible_at = now.broker + visibility.value_or(queue.settings().visibility);
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
        const auto record = read_stored(log_.read(found.held->place.at, found.held->place.size));
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
        return refuse(caller, Code::no_such_queue,
                      "there is no queue " + std::string(receive.queue));
    }
    auto& waiting = waiters_[queue->number()];
    // Who asked before is served before.
    if (waiting.empty()) {
        if (auto reply = lease(caller, *queue, receive.count, receive.visibility, now)) {
            return answer(caller, std::move(*reply));
        }
    }
    if (receive.wait <= Millis{0} && waiting.empty()) {
        waiters_.erase(queue->number());
    }
    if (receive.wait <= Millis{0}) {
        ++empty_receives_;
        return answer(caller, dialogue::ReceiveReply{});
    }
    park(caller, *queue, receive, now);
}

void Engine::park(const Caller& caller, const Queue& queue, const dialogue::Receive& receive,
                  Now now) {
    auto& waiting = waiters_[queue.number()];
    const auto same = std::find_if(waiting.begin(), waiting.end(), [&](const Waiter& w) {
        return w.session == caller.session && w.request == caller.request;
    });
    if (same != waiting.end()) {
        same->ticket = caller.ticket;  // Asked again over a new connection.
        return;
    }
    if (waiter_count_ >= limits::kLongPollsMax) {
        return refuse(caller, Code::limit_exceeded, "too many receives are waiting");
    }
    const Time deadline = now.broker + receive.wait;
    waiting.push_back({caller.ticket, caller.session, caller.request, caller.hash, receive.count,
                       receive.visibility, deadline});
    ++waiter_count_;
    first_deadline_ = std::min(first_deadline_, deadline);
}

void Engine::serve(Now now) {
    const bool deadline_passed = first_deadline_ <= now.broker;
    if (deadline_passed) {
        first_deadline_ = Time::max();
    }
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        Queue& queue = *queues_.at(at->first);
        auto& waiting = at->second;
        queue.advance(now.broker);
        while (!waiting.empty() && queue.has_visible(now.broker)) {
            const Waiter waiter = waiting.front();
            const Caller caller{waiter.ticket, waiter.session, waiter.request, waiter.hash};
            auto reply = lease(caller, queue, waiter.count, waiter.visibility, now);
            if (!reply) {
                break;
            }
            waiting.pop_front();
            --waiter_count_;
            answer(caller, std::move(*reply));
        }
        if (deadline_passed) {
            std::erase_if(waiting, [&](const Waiter& waiter) {
                if (waiter.deadline > now.broker) {
                    first_deadline_ = std::min(first_deadline_, waiter.deadline);
                    return false;
                }
                const Caller caller{waiter.ticket, waiter.session, waiter.request, waiter.hash};
                answer(caller, dialogue::ReceiveReply{});
                ++empty_receives_;
                --waiter_count_;
                return true;
            });
        }
        at = waiting.empty() ? waiters_.erase(at) : std::next(at);
    }
}

Time Engine::next_wake(Now now) {
    Time wake = std::min(next_sweep_, first_deadline_);
    for (const auto& [number, waiting] : waiters_) {
        if (const auto visible = queues_.at(number)->next_visible_at()) {
            wake = std::min(wake, *visible);
        }
    }
    return std::max(wake, now.broker);
}

std::size_t Engine::waiter_count(QueueNumber queue) const {
    const auto at = waiters_.find(queue);
    return at == waiters_.end() ? 0 : at->second.size();
}

void Engine::forget_waiter(std::uint64_t ticket) {
    for (auto& [number, waiting] : waiters_) {
        waiter_count_ -=
            std::erase_if(waiting, [&](const Waiter& w) { return w.ticket == ticket; });
    }
}

// A request is answered once; a second answer would lease messages to somebody who has gone on.
void Engine::forget_waiter(const Caller& caller) {
    for (auto& [number, waiting] : waiters_) {
        waiter_count_ -= std::erase_if(waiting, [&](const Waiter& w) {
            return w.session == caller.session && w.request == caller.request;
        });
    }
}

// Who has said good-bye waits for nothing more; a message handed to it would be stuck until its
// lease ends.
void Engine::dismiss_waiters(const Bytes16& session) {
    for (auto& [number, waiting] : waiters_) {
        waiter_count_ -= std::erase_if(waiting, [&](const Waiter& w) {
            if (w.session != session) {
                return false;
            }
            answer({w.ticket, w.session, w.request, w.hash}, dialogue::ReceiveReply{});
            return true;
        });
    }
}

}  // namespace esteira::engine
