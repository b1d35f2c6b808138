#include <algorithm>

#include "common/client/connection.hpp"
#include "common/client/queue_client.hpp"

// The half of the client that keeps a connection: open, lose, open again, ask again.
namespace esteira::client {

using namespace dialogue;

namespace {

// Also while answers stream in.
constexpr Millis kServiceEvery{100};

Millis ceil_millis(std::chrono::steady_clock::duration duration) {
    return std::max(Millis{0}, std::chrono::ceil<Millis>(duration));
}

}  // namespace

void QueueClient::open_link(SteadyTime now) {
    ++counts_.links;
    connection_->link =
        std::make_unique<Link>(connection_->context, options_.endpoint, counts_.links);
    service_at_ = now;
}

void QueueClient::lose_link(SteadyTime now) {
    connection_->link.reset();
    connected_ = false;
    const auto spread = static_cast<std::uint64_t>(backoff_.count()) / 2 + 1;
    open_at_ = now + backoff_ + Millis{static_cast<std::int64_t>(random_() % spread)};
    backoff_ = std::min(2 * backoff_, options_.backoff_most);
}

void QueueClient::on_connected() {
    connected_ = true;
    unsent_.clear();
    for (auto& [number, pending] : pending_) {
        unsent_.push_back(number);
    }
    greet_again();
}

void QueueClient::service(SteadyTime now) {
    service_at_ = now + kServiceEvery;
    check_answers_due(now);
    if (connection_->link == nullptr) {
        if (now < open_at_) {
            return;
        }
        open_link(now);
    }
    switch (connection_->link->state()) {
        case Link::State::connecting:
            return;
        case Link::State::lost:
            return lose_link(now);
        case Link::State::connected:
            if (!connected_) {
                on_connected();
            }
            return flush(now);
    }
}

void QueueClient::flush(SteadyTime now) {
    while (!unsent_.empty()) {
        Pending& pending = pending_.at(unsent_.front());
        if (!connection_->link->send(pending.frame.bytes())) {
            return;
        }
        counts_.repeats += pending.was_sent ? 1 : 0;
        pending.was_sent = true;
        pending.sent = now;
        unsent_.pop_front();
    }
}

void QueueClient::check_answers_due(SteadyTime now) {
    const bool overdue = std::any_of(pending_.begin(), pending_.end(), [&](const auto& entry) {
        const Pending& pending = entry.second;
        return pending.was_sent && now >= pending.sent + pending.wait + options_.request_timeout;
    });
    if (!connected_ || !overdue) {
        return;
    }
    ++counts_.overdue;
    lose_link(now);
}

void QueueClient::check_patience(SteadyTime now) {
    if (!options_.patience.has_value()) {
        return;
    }
    const bool lost = std::any_of(pending_.begin(), pending_.end(), [&](const auto& entry) {
        const Pending& pending = entry.second;
        return !pending.internal && now >= pending.submitted + pending.wait + *options_.patience;
    });
    if (!lost) {
        return;
    }
    // Who asks again after this is as patient again.
    for (auto& [number, pending] : pending_) {
        pending.submitted = now;
    }
    throw Unreachable(options_.endpoint + ": no answer from a broker");
}

Millis QueueClient::until_next_event(SteadyTime now) const {
    SteadyTime next = connection_->link == nullptr ? open_at_ : now + std::chrono::hours(1);
    for (const auto& [number, pending] : pending_) {
        if (options_.patience && !pending.internal) {
            next = std::min(next, pending.submitted + pending.wait + *options_.patience);
        }
        if (connected_ && pending.was_sent) {
            next = std::min(next, pending.sent + pending.wait + options_.request_timeout);
        }
    }
    return ceil_millis(next - now);
}

// Waits for the next event, or for a signal or a wake_fd: then false.
bool QueueClient::wait_until(SteadyTime deadline, SteadyTime now, bool until_signal) {
    const Millis pause = std::min(until_next_event(now), ceil_millis(deadline - now));
    const std::span<const int> wake_fds =
        until_signal ? std::span<const int>(options_.wake_fds) : std::span<const int>();
    if (connection_->link == nullptr) {
        return wait_for({}, pause, wake_fds);
    }
    return connection_->link->wait(pause, connected_ && !unsent_.empty(), wake_fds);
}

}  // namespace esteira::client
