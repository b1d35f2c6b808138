#include <algorithm>
#include <array>
#include <utility>

#include <unistd.h>

#include "common/base/check.hpp"
#include "common/base/overloaded.hpp"
#include "common/logging/logging.hpp"
#include "workers/runtime/conversation.hpp"
#include "workers/runtime/failed_groups.hpp"
#include "workers/runtime/settlement.hpp"

// What a worker is told: by the broker, by its handler, by who wants it to stop.
namespace esteira::runtime {

using dialogue::Code;

void Conversation::listen(TimePoint until) {
    const auto pause = std::chrono::ceil<Millis>(until - Steady::now());
    auto reply = client_.poll(std::max(pause, Millis{0}));
    while (reply) {
        on_reply(std::move(*reply));
        reply = client_.poll(Millis{0});
    }
    take_stops();
    for (Report& report : exchange_.take_reports()) {
        std::visit([this](auto& what) { on_report(what); }, report);
    }
}

void Conversation::take_stops() {
    std::array<char, 256> signal{};  // A signalfd gives one of them at a time.
    while (read(stop_fd_, signal.data(), signal.size()) > 0) {
        ++stops_;
        logging::info("stop_asked", {{"times", stops_}});
        begin_stop(Ending::stopped);
    }
}

void Conversation::begin_stop(Ending ending) {
    if (ending_) {
        return;
    }
    ending_ = ending;
    drain_until_ = Steady::now() + options_.drain;
    if (const auto untaken = exchange_.stop()) {
        put_back(untaken->receipt());
        at_work_.reset();
    }
    put_waiting_back();
}

// ------------------------------------------------------------------------------------- the broker

void Conversation::on_reply(client::Reply reply) {
    const auto found = pending_.find(reply.response.number);
    if (found == pending_.end()) {
        return;
    }
    const Pending pending = std::move(found->second);
    pending_.erase(found);
    switch (pending.kind) {
        case Kind::hello:
            return on_hello(reply.response.answer);
        case Kind::mark:
            if (mark_ && mark_->number == reply.response.number) {
                mark_->give_at = TimePoint{};
            }
            return;
        case Kind::extend:
            return on_extended(pending, reply.response.answer);
        case Kind::receive:
            return on_received(reply);
        case Kind::settle:
            return on_settled(pending, reply.response.answer);
    }
}

void Conversation::on_hello(const dialogue::Answer& answer) {
    hello_.reset();
    if (const auto* refused = std::get_if<dialogue::Refused>(&answer)) {
        logging::warning("hello_refused",
                         {{"code", to_string(refused->code)}, {"reason", refused->reason}});
        return;
    }
    if (broker_there_ != true) {
        broker_there_ = true;
        logging::info("broker_there", {{"endpoint", options_.endpoint}});
    }
}

void Conversation::on_received(client::Reply& reply) {
    --asked_;
    if (const auto* refused = std::get_if<dialogue::Refused>(&reply.response.answer)) {
        if (Steady::now() < ask_at_) {
            return;  // The other receive was refused just now.
        }
        const Millis pause = ask_backoff_.next();
        ask_at_ = Steady::now() + pause;
        logging::warning("receive_refused", {{"queue", options_.queue},
                                             {"code", to_string(refused->code)},
                                             {"reason", refused->reason},
                                             {"again_in_ms", pause.count()}});
        return;
    }
    auto* received = std::get_if<dialogue::ReceiveReply>(&reply.response.answer);
    if (received == nullptr) {
        return;
    }
    ask_backoff_.reset();
    if (received->messages.empty()) {
        ++empty_since_;
        return;
    }
    const TimePoint now = Steady::now();
    last_work_ = now;
    empty_since_ = 0;
    const Lease lease{received->receipt, now + options_.visibility, now + options_.visibility / 2};
    if (!open_ || ending_) {
        return put_back(lease.receipt);
    }
    client::ReceivedBatch batch{received->receipt, std::move(received->messages),
                                std::move(reply.frame)};
    waiting_.push_back({Batch(std::move(batch), reply.response.broker), lease});
}

void Conversation::on_extended(const Pending& pending, const dialogue::Answer& answer) {
    Lease* lease = lease_of(pending.verdicts.front().receipt);
    const auto* settled = std::get_if<dialogue::SettleReply>(&answer);
    const Code code = settled == nullptr || settled->results.empty() ? Code::bad_request
                                                                     : settled->results[0].code;
    if (code == Code::receipt_stale) {
        ++stats_.stale;
    }
    if (lease == nullptr) {
        return;
    }
    lease->extending = false;
    lease->hidden_until = pending.submitted + options_.visibility;
    lease->extend_at = pending.submitted + options_.visibility / 2;
    if (code != Code::ok && code != Code::receipt_stale) {
        logging::warning("not_extended", {{"code", to_string(code)}});
        lease->extend_at = TimePoint::max();
    }
}

void Conversation::on_settled(const Pending& pending, const dialogue::Answer& answer) {
    --settling_;
    if (const auto* refused = std::get_if<dialogue::Refused>(&answer)) {
        // What is not settled comes back when its lease ends.
        stats_.refused += pending.verdicts.size();
        logging::error("settle_refused",
                       {{"code", to_string(refused->code)}, {"reason", refused->reason}});
        return;
    }
    const auto* reply = std::get_if<dialogue::SettleReply>(&answer);
    if (reply == nullptr) {
        return;
    }
    std::size_t i = 0;
    for (const dialogue::ResultRun& run : reply->results) {
        for (std::uint32_t n = 0; n < run.count && i < pending.verdicts.size(); ++n, ++i) {
            on_refused(pending.verdicts[i], run);
        }
    }
}

void Conversation::on_refused(const dialogue::VerdictEntry& verdict,
                              const dialogue::ResultRun& run) {
    if (run.code == Code::ok) {
        return;
    }
    if (run.code == Code::receipt_stale) {
        ++stats_.stale;
        // Its lease ran out before its verdict came: it is somebody else's, or will be.
        logging::info("verdict_stale",
                      {{"verdict", to_string(verdict.verdict)}, {"messages", verdict.count}});
        return;
    }
    ++stats_.refused;
    logging::warning("verdict_refused", {{"verdict", to_string(verdict.verdict)},
                                         {"code", to_string(run.code)},
                                         {"reason", run.reason}});
    const bool can_wait =
        verdict.verdict == dialogue::Verdict::dead || verdict.verdict == dialogue::Verdict::done;
    if (!can_wait || run.code == Code::receipt_invalid) {
        return;
    }
    Outgoing later;
    later.outcomes = {{Verdict::retry,
                       std::string(to_string(verdict.verdict)) + " was refused: " + run.reason,
                       {}}};
    make_fit(later.outcomes);
    later.requests.push_back(retry_request(verdict, later.outcomes.front().reason));
    outgoing_.push_back(std::move(later));
}

// ------------------------------------------------------------------------------------ the handler

void Conversation::on_report(Finished& finished) {
    at_work_.reset();
    last_work_ = Steady::now();
    empty_since_ = 0;
    Handled& handled = finished.handled;
    const dialogue::Receipt& receipt = finished.batch.receipt();
    make_fit(handled.outcomes);
    ++stats_.batches;
    stats_.count(handled.outcomes);
    stats_.handed_back += receipt.count - handled.outcomes.size();
    stats_.batch_seconds.observe(finished.seconds);
    stats_.counters = std::move(finished.counters);

    Outgoing& outgoing = outgoing_.emplace_back();
    outgoing.outcomes = std::move(handled.outcomes);
    outgoing.requests = settle_requests(receipt, outgoing.outcomes);
    put_back_behind(finished.batch.deliveries(), outgoing.outcomes);
    switch (handled.end) {
        case Handled::End::whole:
            break;
        case Handled::End::unavailable:
            close_gate(handled.why);
            break;
        case Handled::End::misconfigured: {
            StoreMisconfigured fault{handled.why};
            on_report(fault);
            break;
        }
    }
}

void Conversation::on_report(StoreReady&) {
    if (away_) {
        logging::info("store_back");
    }
    away_ = false;
    open_ = true;
    last_work_ = Steady::now();
    empty_since_ = 0;
}

void Conversation::on_report(StoreAway& away) { close_gate(away.why); }

void Conversation::on_report(StoreMisconfigured& fault) {
    logging::error("misconfigured", {{"reason", fault.why}});
    open_ = false;
    begin_stop(Ending::misconfigured);
}

// The handler waits until its store is back; others may have what it would have been given.
void Conversation::close_gate(const std::string& why) {
    if (!away_) {
        logging::warning("store_away", {{"reason", why}});
    }
    away_ = true;
    open_ = false;
    put_waiting_back();
}

// ------------------------------------------------------------------------------------------ leases

void Conversation::put_back(const dialogue::Receipt& receipt) {
    stats_.handed_back += receipt.count;
    Outgoing& outgoing = outgoing_.emplace_back();
    outgoing.requests = settle_requests(receipt, {});
}

void Conversation::put_waiting_back() {
    for (const Held& held : waiting_) {
        put_back(held.lease.receipt);
    }
    waiting_.clear();
    mark_.reset();
}

// A broker keeps a group to itself while it is in flight, so a batch that waits can hold messages
// behind one that failed only when leases ran out. Seldom: so it goes back whole.
void Conversation::put_back_behind(std::span<const Delivery> batch,
                                   const std::vector<Outcome>& outcomes) {
    FailedGroups failed;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].verdict == Verdict::retry) {
            failed.add(batch[i]);
        }
    }
    if (failed.none()) {
        return;
    }
    const auto is_behind = [&](const Delivery& delivery) { return failed.hold(delivery); };
    const auto put_back_one = [&](const Held& held) {
        const bool behind = std::ranges::any_of(held.batch.deliveries(), is_behind);
        if (behind) {
            put_back(held.lease.receipt);
        }
        return behind;
    };
    if (std::erase_if(waiting_, put_back_one) > 0) {
        mark_.reset();  // It was of the first one.
    }
}

Conversation::Lease* Conversation::lease_of(const dialogue::Receipt& receipt) {
    if (at_work_ && at_work_->receipt == receipt) {
        return &*at_work_;
    }
    for (Held& held : waiting_) {
        if (held.lease.receipt == receipt) {
            return &held.lease;
        }
    }
    return nullptr;
}

}  // namespace esteira::runtime
