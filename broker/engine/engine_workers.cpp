// Workers: who is there, what becomes of what they held, and upkeep by time.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"

namespace esteira::engine {

using dialogue::Code;

namespace {
constexpr Millis kSweepEvery = std::chrono::seconds(1);
constexpr Millis kLongTurn = std::chrono::seconds(2);
constexpr std::size_t kQueuesSwept = 500;  // In one turn; the next ones after this:
constexpr Millis kSliceEvery{20};
constexpr std::size_t kSweptMax = 10'000;  // Expired messages a sweep and queue.
constexpr std::size_t kGroupSlack = 256;
}  // namespace

void Engine::run(const Caller& caller, const dialogue::Hello& hello, Now now) {
    Session* session = sessions_.find(caller.session);
    if (hello.leaving) {
        dismiss_waiters(caller.session);
        if (session != nullptr) {
            give_back(*session, false, now);
            if (session->worker) {
                log_.begin_group(kGroupSlack);
                commit(WorkerLeft{session->number, false}, now);
            }
        }
        return answer(caller, dialogue::HelloReply{ESTEIRA_VERSION});
    }
    if (!hello.pool.empty() &&
        (session == nullptr || !session->worker || session->worker->pool != hello.pool)) {
        log_.begin_group(kGroupSlack + 3 * limits::kNameBytesMax);
        const std::uint64_t number = session_number(caller.session, now);
        commit(WorkerJoined{number, hello.name, hello.pool, hello.host, hello.pid}, now);
    }
    answer(caller, dialogue::HelloReply{ESTEIRA_VERSION});
}

void Engine::run(const Caller& caller, const dialogue::Beat& beat, Now) {
    for (const auto& started : beat.started) {
        const auto queue = queues_.find(started.receipt.queue);
        const std::uint32_t delivered = started.receipt.count;
        if (queue == queues_.end() || started.index > delivered ||
            started.count > delivered - started.index) {
            continue;
        }
        for (std::uint64_t i = 0; i < started.count; ++i) {
            const DeliveryNumber number{started.receipt.first.value + started.index + i};
            if (const auto found = queue->second->leases().find(number)) {
                found.held->started = true;
            }
        }
    }
    answer(caller, dialogue::BeatReply{});
}

// What a session holds becomes visible at once. Its death counts against what it had started.
void Engine::give_back(const Session& session, bool dead, Now now) {
    for (auto& [number, queue] : queues_) {
        queue->advance(now.broker);
        Rescheduled unharmed{
            number, dead ? Return::worker_dead : Return::hand_back, now.broker, {}, {}};
        Rescheduled crashed{number, Return::crashed, now.broker, "its worker died", {}};
        queue->leases().for_each([&](const Lease& lease, std::size_t i) {
            const Held& held = lease.held[i];
            const bool in_flight = lease.visible_at > now.broker && held.receipt_open;
            if (lease.session != session.number || !in_flight) {
                return;
            }
            auto& which = dead && held.started ? crashed : unharmed;
            add_number(which.numbers, DeliveryNumber{lease.first.value + i});
        });
        for (const Rescheduled* event : {&unharmed, &crashed}) {
            if (event->numbers.empty()) {
                continue;
            }
            log_.begin_group(encoded_size(*event));
            commit(*event, now);
        }
    }
}

void Engine::undeliverable(const dialogue::Receipt& receipt, Now now) {
    const auto at = queues_.find(receipt.queue);
    if (at == queues_.end()) {
        return;
    }
    at->second->advance(now.broker);
    Rescheduled back{receipt.queue, Return::hand_back, now.broker, {}, {}};
    for (std::uint64_t i = 0; i < receipt.count; ++i) {
        const DeliveryNumber number{receipt.first.value + i};
        const auto found = at->second->leases().find(number);
        if (found && found.held->receipt_open) {
            add_number(back.numbers, number);
        }
    }
    if (back.numbers.empty()) {
        return;
    }
    log_.begin_group(encoded_size(back));
    commit(back, now);
}

// `late`: what came in a long turn was noted with the time at which that turn began.
void Engine::sweep_workers(Millis late, Now now) {
    std::vector<std::uint64_t> silent;
    sessions_.for_each([&](const Session& session) {
        if (session.worker && now.broker - session.last_seen > limits::kWorkerSilentMax + late) {
            silent.push_back(session.number);
        }
    });
    for (const std::uint64_t number : silent) {
        give_back(*sessions_.find(number), true, now);
        log_.begin_group(kGroupSlack);
        commit(WorkerLeft{number, true}, now);
    }
    for (const std::uint64_t number : sessions_.idle(now.broker)) {
        sessions_.close(number);
    }
}

// Messages that outlived their queue's retention leave from the front, oldest first.
void Engine::sweep_expired(Queue& queue, Now now) {
    queue.advance(now.broker);
    const Millis retention = queue.settings().retention;
    SetAside expired{queue.number(), Gone::expired, {}, {}};
    std::size_t seen = 0;
    const auto is_old = [&](Place place) {
        const auto record = read_stored(log_.read(place.at, place.size));
        // One that cannot be read is found by the receive that comes upon it.
        return ++seen <= kSweptMax && record && record->sent_at + retention <= now.wall;
    };
    queue.leases().for_first_returned(kSweptMax, [&](DeliveryNumber delivery, const Held& held) {
        if (!is_old(held.place)) {
            return false;
        }
        add_number(expired.numbers, delivery);
        return true;
    });
    const auto oldest = queue.waiting().oldest_sent_at();
    if (oldest && *oldest + retention <= now.wall) {
        queue.waiting().for_first(kSweptMax, [&](Place place) {
            if (!is_old(place)) {
                return false;
            }
            add_slot(expired.waiting, place.at);
            return true;
        });
        if (const auto front = queue.waiting().front(); expired.waiting.empty() && front) {
            const auto record = read_stored(log_.read(front->at, front->size));
            if (record) {
                queue.waiting().set_oldest_sent_at(record->sent_at);
            }
        }
    }
    find_expired_in_groups(queue, expired, now);
    if (expired.numbers.empty() && expired.waiting.empty()) {
        return;
    }
    log_.begin_group(encoded_size(expired));
    commit(expired, now);
}

// A slice of all queues, so that no turn has to look at ten thousand.
void Engine::sweep_expired(Now now) {
    std::size_t seen = 0;
    auto at = names_.upper_bound(swept_);
    for (; at != names_.end() && seen < kQueuesSwept; ++at, ++seen) {
        sweep_expired(*queues_.at(at->second), now);
        swept_ = at->first;
    }
    if (at == names_.end()) {
        swept_.clear();
    }
}

void Engine::sweep(Now now) {
    const Millis turn = now.broker - std::exchange(turn_begun_, now.broker);
    advance_moves(now);
    if (now.broker < next_sweep_) {
        return;
    }
    // A log without sends to FIFO queues has to become short as well.
    dedup_.forget_old(now.broker);
    if (swept_.empty()) {
        sweep_workers(turn > kLongTurn ? turn : Millis{0}, now);
    }
    sweep_expired(now);
    next_sweep_ = now.broker + (swept_.empty() ? kSweepEvery : kSliceEvery);
}

void Engine::set_pool_wanted(std::string_view pool, std::optional<std::uint32_t> workers, Now now) {
    const PoolWanted event{pool, workers.value_or(kPoolAuto)};
    log_.begin_group(encoded_size(event));
    commit(event, now);
}

}  // namespace esteira::engine
