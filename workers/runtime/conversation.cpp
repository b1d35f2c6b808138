#include "workers/runtime/conversation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/logging/logging.hpp"
#include "workers/runtime/settlement.hpp"

// What a worker says to its broker, and when.
namespace esteira::runtime {

namespace {

using namespace std::chrono_literals;

constexpr Millis kRequestTimeout = 10s;
constexpr Millis kAwayAfter = 3s;  // Without an answer to a hello, for the log.
constexpr Millis kStatsEvery = 60s;
constexpr Millis kGoodbyeMax = 2s;
constexpr Millis kGoodbyeInHaste = 500ms;
constexpr Millis kAskAgainLeast = 500ms;  // After a receive was refused.
constexpr Millis kAskAgainMost = 15s;
// A batch is given to the handler when the broker knows that it was started, so that a crash counts
// against it; at the latest after this, so that an absent broker does not idle the handler.
constexpr Millis kMarkWaitMax = 1s;

std::string host_name() {
    std::array<char, 128> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

client::ClientOptions client_options(const Options& options, std::vector<int> wake_fds) {
    client::ClientOptions client;
    client.endpoint = options.endpoint;
    client.name = options.name;
    client.pool = options.pool;
    client.request_timeout = kRequestTimeout;
    client.wake_fds = std::move(wake_fds);
    return client;
}

std::vector<dialogue::VerdictEntry> without_views(const dialogue::Settle& settle) {
    std::vector<dialogue::VerdictEntry> verdicts;
    verdicts.reserve(settle.verdicts.size());
    for (const dialogue::VerdictEntry& full : settle.verdicts) {
        verdicts.push_back({full.receipt, full.index, full.count, full.verdict, {}, {}, {}});
    }
    return verdicts;
}

}  // namespace

std::string_view name_of(Ending ending) {
    switch (ending) {
        case Ending::stopped:
            return "stopped";
        case Ending::emptied:
            return "emptied";
        case Ending::misconfigured:
            return "misconfigured";
        case Ending::abandoned:
            return "abandoned";
        case Ending::interrupted:
            return "interrupted";
    }
    return "";
}

Conversation::Conversation(Options options, Exchange& exchange, int stop_fd, Stats& stats)
    : options_(std::move(options)),
      exchange_(exchange),
      stop_fd_(stop_fd),
      stats_(stats),
      host_(host_name()),
      client_(client_options(options_, {exchange.wake_fd(), stop_fd})),
      ask_backoff_(kAskAgainLeast, kAskAgainMost) {
    const TimePoint now = Steady::now();
    last_work_ = now;
    stats_at_ = now + kStatsEvery;
}

Ending Conversation::run() {
    while (!over_) {
        act(Steady::now());
        listen(next_due());
        end_if_over(Steady::now());
    }
    say_goodbye();
    return *ending_;
}

void Conversation::act(TimePoint now) {
    say_hello(now);
    for (Held& held : waiting_) {
        extend(held.lease, now);
    }
    if (at_work_) {
        extend(*at_work_, now);
    }
    start_next(now);
    send_settles(now);
    ask_for_more(now);
    if (now >= stats_at_) {
        stats_at_ = now + kStatsEvery;
        log_stats("worker_stats", stats_);
    }
}

// A sign of life, and more than a beat: a broker that took this worker for dead knows it again.
void Conversation::say_hello(TimePoint now) {
    if (now < hello_due_) {
        return;
    }
    hello_due_ = now + limits::kWorkerBeat;
    if (hello_ && broker_there_ != false && now >= hello_at_ + kAwayAfter) {
        broker_there_ = false;
        logging::warning("broker_away", {{"endpoint", options_.endpoint}});
    }
    if (hello_) {
        return;
    }
    hello_ = client_.submit(dialogue::Hello{options_.name, options_.pool, host_,
                                            static_cast<std::uint32_t>(getpid()), false});
    if (hello_) {
        hello_at_ = now;
        pending_[*hello_] = {Kind::hello, now};
    }
}

void Conversation::extend(Lease& lease, TimePoint now) {
    if (lease.extending || now < lease.extend_at) {
        return;
    }
    dialogue::VerdictEntry entry;
    entry.receipt = lease.receipt;
    entry.count = lease.receipt.count;
    entry.verdict = dialogue::Verdict::visibility;
    entry.delay = options_.visibility;
    const auto number = client_.submit(dialogue::Settle{{entry}, std::nullopt});
    if (number) {
        lease.extending = true;
        pending_[*number] = {Kind::extend, now, {entry}};
    }
}

// Marks the next batch as started, and hands it over when the broker knows.
void Conversation::start_next(TimePoint now) {
    while (!waiting_.empty() && waiting_.front().lease.hidden_until <= now) {
        put_back(waiting_.front().lease.receipt);  // Others may have it by now.
        waiting_.pop_front();
        mark_.reset();
    }
    if (at_work_ || waiting_.empty() || !open_ || ending_) {
        return;
    }
    Held& next = waiting_.front();
    if (!mark_) {
        const auto number =
            client_.submit(dialogue::Beat{{{next.lease.receipt, 0, next.lease.receipt.count}}});
        if (!number) {
            return;
        }
        pending_[*number] = {Kind::mark, now};
        mark_ = {*number, now + kMarkWaitMax};
    }
    if (now < mark_->give_at) {
        return;
    }
    mark_.reset();
    at_work_ = next.lease;
    exchange_.give(std::move(next.batch));
    waiting_.pop_front();
}

void Conversation::send_settles(TimePoint now) {
    while (!outgoing_.empty()) {
        auto& requests = outgoing_.front().requests;
        if (requests.empty()) {
            outgoing_.pop_front();
            continue;
        }
        dialogue::Settle& settle = requests.front();
        const bool asks = requests.size() == 1 && wants_more(now);
        if (asks) {
            settle.next.emplace(0, receive());
        }
        Pending pending{Kind::settle, now, without_views(settle)};
        const auto number = client_.submit(settle);
        if (!number) {
            settle.next.reset();
            return;
        }
        pending_[*number] = std::move(pending);
        ++settling_;
        if (asks) {
            pending_[*number + 1] = {Kind::receive, now};
            ++asked_;
        }
        requests.pop_front();
    }
}

bool Conversation::wants_more(TimePoint now) const {
    return open_ && !ending_ && now >= ask_at_ &&
           waiting_.size() + (at_work_ ? 1 : 0) + asked_ < kBatchesHeld;
}

dialogue::Receive Conversation::receive() const {
    const Millis wait = std::min(options_.until_empty.value_or(options_.window), options_.window);
    return {options_.queue,
            options_.batch_max,
            wait,
            options_.visibility,
            std::min(options_.batch_min, options_.batch_max),
            {}};
}

void Conversation::ask_for_more(TimePoint now) {
    while (wants_more(now)) {
        const auto number = client_.submit(receive());
        if (!number) {
            return;
        }
        pending_[*number] = {Kind::receive, now};
        ++asked_;
    }
}

// Answers and reports come by themselves; this is for what is due by the clock.
Conversation::TimePoint Conversation::next_due() const {
    const TimePoint now = Steady::now();
    TimePoint due = std::min(hello_due_, stats_at_);
    const auto unless_past = [&](TimePoint at) { due = at > now ? std::min(due, at) : due; };
    const auto consider = [&](const Lease& lease) {
        if (!lease.extending) {
            due = std::min(due, lease.extend_at);
        }
    };
    for (const Held& held : waiting_) {
        consider(held.lease);
        due = std::min(due, held.lease.hidden_until);
    }
    if (at_work_) {
        consider(*at_work_);
    }
    if (mark_) {
        due = std::min(due, mark_->give_at);
    }
    unless_past(ask_at_);
    unless_past(drain_until_);
    if (options_.until_empty) {
        unless_past(last_work_ + *options_.until_empty);
    }
    return std::max(due, now + Millis{1});
}

bool Conversation::settled() const { return !at_work_ && outgoing_.empty() && settling_ == 0; }

void Conversation::end_if_over(TimePoint now) {
    const bool empty = options_.until_empty && !ending_ && open_ && settled() && waiting_.empty() &&
                       empty_since_ > 0 && now >= last_work_ + *options_.until_empty;
    if (empty) {
        begin_stop(Ending::emptied);
    }
    if (!ending_) {
        return;
    }
    if (stops_ > 1) {
        ending_ = Ending::interrupted;
        over_ = true;
    } else if (settled()) {
        over_ = true;
    } else if (now >= drain_until_) {
        logging::warning("drain_over", {{"at_work", at_work_ ? at_work_->receipt.count : 0},
                                        {"unsettled", settling_ + outgoing_.size()}});
        ending_ = at_work_ ? Ending::abandoned : *ending_;
        over_ = true;
    }
}

// What is still held goes back to the queue by it, uncounted.
void Conversation::say_goodbye() {
    const auto number = client_.submit(dialogue::Hello{options_.name, options_.pool, host_,
                                                       static_cast<std::uint32_t>(getpid()), true});
    const TimePoint until =
        Steady::now() + (ending_ == Ending::interrupted ? kGoodbyeInHaste : kGoodbyeMax);
    for (TimePoint now = Steady::now(); number && now < until; now = Steady::now()) {
        const auto reply = client_.poll(std::chrono::ceil<Millis>(until - now));
        if (reply && reply->response.number == *number) {
            return;
        }
        exchange_.take_reports();
        take_stops();
    }
    logging::warning("no_goodbye", {{"endpoint", options_.endpoint}});
}

}  // namespace esteira::runtime
