#include "broker/engine/engine.hpp"

#include <algorithm>
#include <utility>

#include "broker/engine/event_codec.hpp"
#include "common/base/mutant.hpp"
#include "common/base/overloaded.hpp"

namespace esteira::engine {

using dialogue::Code;

Engine::Engine(Log& log, const Tools& tools, std::uint64_t broker_id)
    : log_(log), tools_(tools), broker_id_(broker_id) {}

void Engine::commit(const Event& event, Now now) {
    const std::size_t size = encoded_size(event);
    const Log::Room room = log_.reserve(size);
    encode(event, room.bytes);
    apply(event, {room.at, static_cast<std::uint32_t>(size)}, now);
}

void Engine::replay_frame(Position at, Now now, std::span<const std::byte> payload) {
    if (start_.chunk == 0) {
        start_.chunk = at.chunk;
    }
    std::size_t used = 0;
    while (used < payload.size()) {
        const auto [event, size] = decode(payload.subspan(used));
        const Position position{at.chunk, at.slot + static_cast<std::uint32_t>(used)};
        apply(event, {position, size}, now);
        used += size;
    }
}

void Engine::recovered(Now now) {
    recovering_ = false;
    sessions_.for_each(
        [&](const Session& session) { sessions_.find(session.number)->last_seen = now.broker; });
}

Queue& Engine::queue_of(QueueNumber number, Now now) {
    const auto at = queues_.find(number);
    if (at == queues_.end()) {
        throw BrokenLog("there is no queue number " + std::to_string(number.value));
    }
    at->second->advance(now.broker);
    return *at->second;
}

void Engine::apply(const Event& event, Place place, Now now) {
    std::visit(Overloaded{
                   [&](const Stored& e) { apply_stored(e, place, now); },
                   [&](const Leased& e) { apply_leased(e, now); },
                   [&](const Removed& e) { queue_of(e.queue, now).remove(e, usage_, start_); },
                   [&](const Rescheduled& e) {
                       queue_of(e.queue, now).reschedule(e, now.wall, start_, sessions_);
                   },
                   [&](const SetAside& e) {
                       Queue& queue = queue_of(e.queue, now);
                       const std::uint64_t dropped = queue.total(Total::dropped);
                       queue.set_aside(e, usage_, start_);
                       count_moved(e.queue, MoveKind::drop, queue.total(Total::dropped) - dropped);
                   },
                   [&](const Purged& e) {
                       Queue& queue = queue_of(e.queue, now);
                       queue.total(Total::purged) += e.messages;
                       queue.purge(usage_);
                   },
                   [&](const QueueMade& e) { apply_queue_made(e, now); },
                   [&](const QueueSet& e) {
                       auto settings = with_attributes({}, e.settings);
                       if (!settings) {
                           throw BrokenLog("settings: " + settings.error());
                       }
                       queue_of(e.queue, now).set(settings.value(), {now.broker, e.at});
                   },
                   [&](const QueueTagged& e) { queue_of(e.queue, now).set_tags(e.tags, e.at); },
                   [&](const QueueRemoved& e) { apply_queue_removed(e); },
                   [&](const SessionOpened& e) {
                       sessions_.open(e.session, e.id, now.broker);
                       next_session_ = std::max(next_session_, e.session + 1);
                   },
                   [&](const Noted& e) { apply_noted(e, now); },
                   [&](const WorkerJoined& e) {
                       if (Session* session = sessions_.find(e.session)) {
                           session->former.reset();
                           session->worker = Worker{std::string(e.name), std::string(e.pool),
                                                    std::string(e.host), e.pid, now.broker};
                           session->last_seen = now.broker;
                       }
                   },
                   [&](const WorkerLeft& e) {
                       if (Session* session = sessions_.find(e.session)) {
                           session->former = std::move(session->worker);
                           session->worker.reset();
                       }
                   },
                   [&](const PoolWanted& e) {
                       if (e.workers == kPoolAuto) {
                           pools_wanted_.erase(std::string(e.pool));
                       } else {
                           pools_wanted_[std::string(e.pool)] = e.workers;
                       }
                   },
                   [&](const Subscribed& e) { apply_subscribed(e); },
                   [&](const Unsubscribed& e) { topics_.unsubscribe(e.topic, e.queue); },
                   [&](const MoveStarted& e) { apply_move_started(e, place); },
                   [&](const MoveEnded& e) { apply_move_ended(e); },
               },
               event);
}

void Engine::apply_stored(const Stored& e, Place place, Now now) {
    if (e.replaces) {
        take_place_of(e, now);
    }
    put_in(e.queue, e, place, now);
    next_message_ = std::max(next_message_, e.number.value + 1);
    for (const auto& [queue, number] : e.shared) {
        put_in(queue, e, place, now);
        next_message_ = std::max(next_message_, number.value + 1);
    }
    if (e.fifo) {
        remember_ids(*queues_.at(e.queue), e, place, now);
        for (const auto& [queue, number] : e.shared) {
            remember_ids(*queues_.at(queue), e, place, now);
        }
    }
}

void Engine::take_place_of(const Stored& e, Now now) {
    const auto at = queues_.find(e.replaces->queue);
    if (at == queues_.end()) {
        return;
    }
    Queue& from = *at->second;
    from.advance(now.broker);
    from.give_up(*e.replaces, e, usage_, start_);
    if (e.cause == Cause::buried) {
        ++from.total(Total::buried);
    }
    if (e.cause == Cause::redriven) {
        ++from.total(Total::redriven);
        count_moved(from.number(), MoveKind::redrive, e.history.empty() ? 1 : 0);
    }
    // A record that several hold is written again for all of them at once.
    for (const auto& [queue, number] : e.shared) {
        queue_of(queue, now).give_up(*e.replaces, e, usage_, start_);
    }
}

void Engine::put_in(QueueNumber number, const Stored& e, Place place, Now now) {
    Queue& queue = queue_of(number, now);
    const bool sent = e.cause == Cause::sent || e.cause == Cause::split_off;
    if (sent) {
        ++queue.total(Total::sent);
    }
    // It counts what went through it, and holds nothing.
    if (queue.kind() == QueueKind::topic) {
        queue.total(Total::unrouted) += e.shared.empty() ? 1U : 0U;
        return;
    }
    if (e.cause == Cause::buried || e.cause == Cause::redriven) {
        ++queue.total(Total::moved_in);
    }
    queue.store(e, place, now.broker, usage_);
    if (e.cause == Cause::relocated && e.replaces) {
        follow_mark(queue, e, place.at);
    }
}

void Engine::apply_queue_made(const QueueMade& e, Now now) {
    auto settings = with_attributes({}, e.settings);
    if (!settings) {
        throw BrokenLog("settings: " + settings.error());
    }
    auto queue = std::make_unique<Queue>(e.queue, e.kind, std::string(e.name), e.at);
    queue->set(settings.value(), {now.broker, e.at});
    queue->set_tags(e.tags, e.at);
    know(std::move(queue));
    next_queue_ = std::max(next_queue_, e.queue.value + 1);
}

void Engine::know(std::unique_ptr<Queue> queue) {
    auto& names = queue->kind() == QueueKind::topic ? topic_names_ : names_;
    names[queue->name()] = queue->number();
    queues_[queue->number()] = std::move(queue);
}

void Engine::apply_queue_removed(const QueueRemoved& e) {
    const auto at = queues_.find(e.queue);
    if (at == queues_.end()) {
        throw BrokenLog("a queue is removed that is not there");
    }
    at->second->purge(usage_);
    topics_.forget(e.queue);
    (at->second->kind() == QueueKind::topic ? topic_names_ : names_).erase(at->second->name());
    queues_.erase(at);
}

void Engine::apply_noted(const Noted& e, Now now) {
    Session* session = sessions_.find(e.session);
    if (session == nullptr) {
        return;
    }  // Idle for so long that it was closed.
    if (mutant(Mutant::session_not_rebuilt) && recovering_) {
        return;
    }
    session->last_seen = now.broker;
    Note& note = Sessions::place_for(*session, e.request, e.hash);
    if (e.base == 0) {
        note.results.clear();
    }
    note.results.insert(note.results.end(), e.results.begin(), e.results.end());
    sessions_.weigh(*session);
}

void Engine::apply_leased(const Leased& e, Now now) {
    const auto at = queues_.find(e.queue);
    if (at == queues_.end()) {
        throw BrokenLog("there is no queue number " + std::to_string(e.queue.value));
    }
    at->second->advance(now.broker);
    at->second->lease(e, now, start_, sessions_);
    std::uint64_t count = 0;
    for (const Numbers& run : e.returned) {
        count += run.count;
    }
    for (const Slots& group : e.waiting) {
        count += group.slots.size();
    }
    next_delivery_ = std::max(next_delivery_, e.first.value + count);
    if (mutant(Mutant::delivery_number_reused)) {
        next_delivery_ = e.first.value + 1;
    }
    if (!e.attempt.empty()) {
        attempts_.remember(e.queue, e.attempt, {e.first, static_cast<std::uint32_t>(count)},
                           now.broker + limits::kAttemptKept);
    }
    Session* session = e.request == 0 ? nullptr : sessions_.find(e.session);
    if (session == nullptr) {
        return;
    }
    session->last_seen = now.broker;
    // It waited while the session went on: its place is a newer request's by now.
    if (Sessions::expired(*session, e.request)) {
        return;
    }
    Note& note = Sessions::place_for(*session, e.request, e.hash);
    note.queue = e.queue;
    note.first = e.first;
    note.count = static_cast<std::uint32_t>(count);
    sessions_.weigh(*session);
}

void Engine::answer(const Caller& caller, dialogue::Answer answer) {
    answers_.push_back({caller.ticket, {caller.request, broker_id_, std::move(answer)}});
}

void Engine::refuse(const Caller& caller, Code code, std::string reason) {
    answer(caller, dialogue::Refused{code, std::move(reason)});
}

namespace {
std::uint32_t entries_of(const dialogue::Operation& operation) {
    if (const auto* send = std::get_if<dialogue::Send>(&operation)) {
        return static_cast<std::uint32_t>(send->entries.size());
    }
    if (const auto* settle = std::get_if<dialogue::Settle>(&operation)) {
        return static_cast<std::uint32_t>(settle->verdicts.size());
    }
    return 0;
}

// Reasons are not remembered; the code says what there is to say again.
std::vector<dialogue::ResultRun> with_reasons(std::vector<dialogue::ResultRun> results) {
    for (auto& run : results) {
        if (run.code != Code::ok) {
            run.reason = std::string("answered before: ") + to_string(run.code);
        }
    }
    return results;
}
}  // namespace

bool Engine::answered_before(const Caller& caller, const dialogue::Operation& operation, Now now) {
    Session* session = sessions_.find(caller.session);
    if (session == nullptr) {
        return false;
    }
    session->last_seen = now.broker;
    const bool remembered = std::holds_alternative<dialogue::Send>(operation) ||
                            std::holds_alternative<dialogue::Receive>(operation) ||
                            std::holds_alternative<dialogue::Settle>(operation);
    if (!remembered) {
        return false;
    }
    const Note* note = Sessions::note_of(*session, caller.request);
    if (note == nullptr) {
        if (!Sessions::expired(*session, caller.request)) {
            return false;
        }
        refuse(caller, Code::request_expired,
               "the session has gone on by more requests than are remembered");
        return true;
    }
    if (note->hash != caller.hash) {
        refuse(caller, Code::request_mismatch, "this number was another request's");
        return true;
    }
    if (std::holds_alternative<dialogue::Receive>(operation)) {
        auto reply = same_lease(*note, now);
        if (!reply) {
            return false;
        }
        forget_waiter(caller);  // It may wait as well, since a time when its lease had run out.
        answer(caller, std::move(*reply));
        return true;
    }
    if (note->entries() < entries_of(operation)) {
        return false;
    }  // Cut off between two frames.
    if (std::holds_alternative<dialogue::Send>(operation)) {
        answer(caller, dialogue::SendReply{with_reasons(note->results)});
        return true;
    }
    answer(caller, dialogue::SettleReply{with_reasons(note->results)});
    if (const auto& next = std::get<dialogue::Settle>(operation).next) {
        const Caller asker{caller.ticket, caller.session, next->first, caller.hash};
        const dialogue::Operation receive = next->second;
        if (!answered_before(asker, receive, now)) {
            run(asker, next->second, now);
        }
    }
    return true;
}

void Engine::execute(std::uint64_t ticket, const dialogue::Request& request, std::uint64_t hash,
                     Now now) {
    const Caller caller{ticket, request.session, request.number, hash};
    if (answered_before(caller, request.operation, now)) {
        return;
    }
    std::visit([&](const auto& operation) { run(caller, operation, now); }, request.operation);
}

Queue* Engine::find_queue(std::string_view name) {
    const auto at = names_.find(name);
    return at == names_.end() ? nullptr : queues_.at(at->second).get();
}

std::optional<Stored> Engine::read(const Queue& queue, Place place) {
    auto record = read_stored(log_.read(place.at, place.size));
    if (record && !record->shared.empty()) {
        record->number = record->number_in(queue.number());
        record->queue = queue.number();
        record->shared.clear();
    }
    return record;
}

std::string_view Engine::keep(std::string text) { return kept_.emplace_back(std::move(text)); }

void Engine::end_turn() {
    answers_.clear();
    kept_.clear();
}

std::uint64_t Engine::digest() const {
    std::uint64_t sum =
        next_message_ * 31 + next_delivery_ * 37 + next_queue_ * 41 + moves_.digest();
    for (const auto& [number, queue] : queues_) {
        sum += queue->digest();
    }
    return sum + topics_.digest() + attempts_.digest() + usage_.bytes() * 43;
}

}  // namespace esteira::engine
