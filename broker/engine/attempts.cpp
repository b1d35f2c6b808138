#include "broker/engine/attempts.hpp"

#include "common/base/bytes.hpp"

namespace esteira::engine {

namespace {

Attempt attempt_of(const Lease& lease, const Ending& ending, const Sessions& sessions) {
    Attempt attempt{lease.leased_at_wall, ending.at, ending.end, {}, {}, {}, ending.reason};
    if (const Worker* worker = sessions.worker_of(lease.session)) {
        attempt.worker = worker->name;
        attempt.pool = worker->pool;
        attempt.host = worker->host;
    }
    return attempt;
}

WallTime deadline_of(const Lease& lease) {
    return lease.leased_at_wall + (lease.visible_at - lease.leased_at);
}

History unpacked(HistoryBlock block) { return unpack_history(block).value_or(History{}); }

}  // namespace

bool attempt_open(const Held& held, const Lease& lease) {
    return held.receipt_open && lease.session != 0;
}

void end_attempt(Held& held, const Lease& lease, const Ending& ending, const Sessions& sessions) {
    if (!held.story) {
        held.story = std::make_unique<HeldStory>(HeldStory{lease.leased_at_wall, 0, {}, {}});
    }
    History history = unpacked(as_bytes(held.story->history));
    add_attempt(history, attempt_of(lease, ending, sessions));
    held.story->history = pack_history(history);
}

void time_out(Held& held, const Lease& lease, const Sessions& sessions) {
    if (attempt_open(held, lease)) {
        end_attempt(held, lease, {AttemptEnd::timed_out, deadline_of(lease), {}}, sessions);
    }
}

History history_of(HistoryBlock record, const Held& held) {
    return held.story ? joined(unpacked(record), unpacked(as_bytes(held.story->history)))
                      : unpacked(record);
}

History history_of(HistoryBlock record, const Held& held, const Lease& lease, Time now,
                   const Sessions& sessions) {
    History history = history_of(record, held);
    if (attempt_open(held, lease)) {
        const bool runs = lease.visible_at > now;
        const Ending ending{runs ? AttemptEnd::running : AttemptEnd::timed_out,
                            runs ? WallTime{} : deadline_of(lease),
                            {}};
        add_attempt(history, attempt_of(lease, ending, sessions));
    }
    return history;
}

std::string carried_history(HistoryBlock record, const Held& held, const Lease& lease,
                            const Sessions& sessions) {
    History history = history_of(record, held);
    if (attempt_open(held, lease)) {
        add_attempt(history, attempt_of(lease, {}, sessions));
    }
    return pack_history(history);
}

std::optional<WallTime> carried_lease(HistoryBlock record) {
    const History history = unpacked(record);
    if (history.attempts.empty() || history.attempts.back().end != AttemptEnd::running) {
        return std::nullopt;
    }
    return history.attempts.back().leased_at;
}

}  // namespace esteira::engine
