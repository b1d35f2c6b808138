// Who waits for messages. A turn looks only at the queues to which something has happened, or whose
// time has come: thousands may be waited for while one is at work.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"

namespace esteira::engine {

using dialogue::Code;

void Engine::park(const Caller& caller, Queue& queue, const Wanted& wanted, Time deadline) {
    const auto known = receiving_.find(queue.number());
    if (known != receiving_.end()) {
        auto& waiters = known->second.waiters;
        const auto same = std::find_if(waiters.begin(), waiters.end(), [&](const Waiter& w) {
            return w.caller.session == caller.session && w.caller.request == caller.request;
        });
        if (same != waiters.end()) {
            same->caller.ticket = caller.ticket;  // Asked again over a new connection.
            return;
        }
    }
    if (waiter_count_ >= limits::kLongPollsMax) {
        return refuse(caller, Code::limit_exceeded, "too many receives are waiting");
    }
    Receiving& line = receiving_[queue.number()];
    line.waiters.push_back({caller, wanted, deadline});
    line.first_deadline = std::min(line.first_deadline, deadline);
    ++waiter_count_;
    queue.watch(&stirred_);
    stirred_.push_back(queue.number());
}

std::vector<QueueNumber> Engine::take_stirred() {
    std::vector<QueueNumber> queues = std::exchange(stirred_, {});
    std::sort(queues.begin(), queues.end());
    queues.erase(std::unique(queues.begin(), queues.end()), queues.end());
    return queues;
}

void Engine::serve(Now now) {
    alarms_.take_due(now.broker, stirred_);
    for (const QueueNumber number : take_stirred()) {
        const auto line = receiving_.find(number);
        if (line == receiving_.end()) {
            continue;
        }
        Queue& queue = *queues_.at(number);
        serve(queue, line->second, now);
        if (line->second.waiters.empty()) {
            leave(line);
        } else {
            stirred_.push_back(number);  // It is to have an alarm again.
        }
    }
}

void Engine::serve(Queue& queue, Receiving& line, Now now) {
    queue.advance(now.broker);
    while (!line.waiters.empty()) {
        Waiter& waiter = line.waiters.front();
        if (waiter.deadline <= now.broker) {
            waiter.wanted.min = 1;
        }
        // Somebody who waited before under the same attempt may have been given it in this turn.
        auto reply = same_attempt(queue, waiter.wanted, now);
        if (!reply) {
            reply = lease(waiter.caller, queue, waiter.wanted, now);
        }
        if (!reply) {
            break;
        }
        answer(waiter.caller, std::move(*reply));
        line.waiters.pop_front();
        --waiter_count_;
    }
    if (line.first_deadline > now.broker) {
        return;
    }
    line.first_deadline = Time::max();
    std::erase_if(line.waiters, [&](const Waiter& waiter) {
        if (waiter.deadline > now.broker) {
            line.first_deadline = std::min(line.first_deadline, waiter.deadline);
            return false;
        }
        // Somebody else may have been given it under the same attempt.
        auto reply = same_attempt(queue, waiter.wanted, now);
        empty_receives_ += !reply;
        answer(waiter.caller, reply ? std::move(*reply) : dialogue::ReceiveReply{});
        --waiter_count_;
        return true;
    });
}

// Nobody waits for this queue any more.
void Engine::leave(Receivers::iterator line) {
    waiter_count_ -= line->second.waiters.size();
    queues_.at(line->first)->watch(nullptr);
    alarms_.clear(line->first);
    receiving_.erase(line);
}

void Engine::set_alarm(Queue& queue, const Receiving& line, Now now) {
    // Messages that wait for a batch to be full wake nobody.
    const std::uint32_t wanted = line.waiters.front().wanted.min;
    if (queue.has_batch(wanted, now.broker)) {
        return alarms_.set(queue.number(), now.broker);
    }
    const Time visible = queue.next_visible_after(now.broker, wanted).value_or(Time::max());
    alarms_.set(queue.number(), std::min(line.first_deadline, visible));
}

Time Engine::next_wake(Now now) {
    for (const QueueNumber number : take_stirred()) {
        const auto line = receiving_.find(number);
        if (line == receiving_.end()) {
            continue;
        }
        if (line->second.waiters.empty()) {
            leave(line);
            continue;
        }
        Queue& queue = *queues_.at(number);
        queue.advance(now.broker);
        set_alarm(queue, line->second, now);
    }
    return std::max(std::min({next_sweep_, alarms_.first(), moves_wake(now)}), now.broker);
}

std::size_t Engine::waiter_count(QueueNumber queue) const {
    const auto line = receiving_.find(queue);
    return line == receiving_.end() ? 0 : line->second.waiters.size();
}

template <class Which>
void Engine::erase_waiters(const Which& which) {
    for (auto& [number, line] : receiving_) {
        if (const std::size_t erased = std::erase_if(line.waiters, which); erased > 0) {
            waiter_count_ -= erased;
            stirred_.push_back(number);
        }
    }
}

void Engine::forget_waiter(std::uint64_t ticket) {
    erase_waiters([&](const Waiter& w) { return w.caller.ticket == ticket; });
}

// A request is answered once; a second answer would lease messages to somebody who has gone on.
void Engine::forget_waiter(const Caller& caller) {
    erase_waiters([&](const Waiter& w) {
        return w.caller.session == caller.session && w.caller.request == caller.request;
    });
}

// Who has said good-bye waits for nothing more; a message handed to it would be stuck until its
// lease ends.
void Engine::dismiss_waiters(const Bytes16& session) {
    erase_waiters([&](const Waiter& w) {
        if (w.caller.session != session) {
            return false;
        }
        answer(w.caller, dialogue::ReceiveReply{});
        return true;
    });
}

}  // namespace esteira::engine
