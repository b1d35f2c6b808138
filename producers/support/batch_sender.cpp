#include "producers/support/batch_sender.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <sys/random.h>

#include "common/base/check.hpp"
#include "common/base/limits.hpp"
#include "common/wire/codec.hpp"

namespace esteira::producers {

using dialogue::Code;

namespace {

constexpr Millis kPatience{30'000};
constexpr Millis kBackoffLeast{100};
constexpr Millis kBackoffMost{2'000};
constexpr Millis kStep{100};
// A repeated request must be among those that the broker remembers, whatever was answered since.
constexpr std::uint64_t kSpanMax = limits::kSessionRequestsKept - 4;

Bytes16 random_session() {
    Bytes16 session{};
    ESTEIRA_CHECK(getrandom(session.data(), session.size(), 0) ==
                  static_cast<ssize_t>(session.size()));
    return session;
}

// What may pass by itself, or by somebody's hand.
bool may_pass(Code code) {
    return code == Code::queue_full || code == Code::draining || code == Code::disk_full ||
           code == Code::limit_exceeded || code == Code::paused;
}

dialogue::Send send_in(const Spool::Batch& batch) {
    auto request = wire::decode_request(batch.frame);
    ESTEIRA_CHECK(request.has_value());
    return std::get<dialogue::Send>(std::move(request).value().operation);
}

}  // namespace

BatchSender::BatchSender(SenderOptions options, Tell tell)
    : options_(std::move(options)),
      tell_(std::move(tell)),
      session_(random_session()),
      progress_at_(std::chrono::steady_clock::now()),
      backoff_(kBackoffLeast) {
    ESTEIRA_CHECK(options_.window >= 1 && options_.window <= 32);
    options_.client.patience = options_.client.patience.value_or(kPatience);
    options_.client.session = session_;
    client_.emplace(options_.client);
    if (options_.spool.empty()) {
        return;
    }
    spool_.emplace(options_.spool, options_.spool_bytes_max);
    for (const std::uint64_t sequence : spool_->found()) {
        Outgoing& out = unsent_.emplace_back();
        out.sequence = sequence;
        out.found = true;
    }
    for (const std::string& file : spool_->unfinished()) {
        counts_.damaged.push_back(file + ": it was cut off while it was written");
    }
}

std::uint64_t BatchSender::waiting_batches() const {
    return unsent_.size() + in_flight_.size() + again_.size();
}

// Of files that were not read yet, the number is not known: they count as one.
std::uint64_t BatchSender::waiting_messages() const {
    const auto add = [](std::uint64_t sum, const Outgoing& out) {
        return sum + std::max(out.batch.entries, 1U);
    };
    const std::uint64_t waiting =
        std::accumulate(unsent_.begin(), unsent_.end(), std::uint64_t{0}, add);
    return std::accumulate(
        in_flight_.begin(), in_flight_.end(),
        std::accumulate(again_.begin(), again_.end(), waiting, add),
        [&](std::uint64_t sum, const auto& entry) { return add(sum, entry.second); });
}

BatchSender::Outgoing BatchSender::make(std::uint64_t tag, const dialogue::Send& send,
                                        std::vector<std::uint32_t> places) {
    Outgoing out;
    out.tag = tag;
    out.places = std::move(places);
    out.batch.session = session_;
    out.batch.number = next_number_;
    out.batch.entries = static_cast<std::uint32_t>(send.entries.size());
    wire::Buffer buffer;
    wire::encode(dialogue::Request{session_, next_number_, send}, buffer);
    out.batch.frame.assign(buffer.bytes().begin(), buffer.bytes().end());
    return out;
}

void BatchSender::check() {
    if (options_.interrupted && options_.interrupted()) {
        throw Interrupted();
    }
    const auto waited = std::chrono::steady_clock::now() - progress_at_;
    if (!refusal_.empty() && waited > *options_.client.patience) {
        throw KeptOut(refusal_);
    }
}

void BatchSender::send(std::uint64_t tag, const dialogue::Send& send) {
    std::vector<std::uint32_t> places(send.entries.size());
    std::iota(places.begin(), places.end(), 0U);
    Outgoing out = make(tag, send, std::move(places));
    if (!spool_) {
        while (waiting_batches() >= options_.window) {
            step(kStep);
            check();
        }
    } else {
        std::optional<std::uint64_t> sequence = spool_->put(out.batch);
        while (!sequence) {
            const std::uint64_t before = spool_->bytes();
            if (before == 0) {
                throw SpoolFull("a batch is larger than the spool may be");
            }
            try {
                step(kStep);
            } catch (const client::Unreachable& silence) {
                throw SpoolFull(std::string("the spool is full: ") + silence.what());
            }
            check();
            sequence = spool_->bytes() < before ? spool_->put(out.batch) : std::nullopt;
        }
        out.sequence = *sequence;
        out.batch.frame.clear();
        out.batch.frame.shrink_to_fit();
    }
    ++next_number_;
    unsent_.push_back(std::move(out));
    try {
        while (submit_next()) {
        }
        while (step(Millis{0})) {
        }
    } catch (const client::Unreachable&) {
        if (!spool_) {
            throw;
        }
    }
}

// Brings the frame back from its file. False: there is none any more; that was counted.
bool BatchSender::load(Outgoing& out) {
    if (!spool_ || !out.batch.frame.empty()) {
        return true;
    }
    auto batch = spool_->read(out.sequence);
    if (batch && wire::decode_request(batch.value().frame)) {
        out.batch = std::move(batch).value();
        return true;
    }
    counts_.damaged.push_back(batch ? spool_->set_aside_refused(out.sequence) + ": no request"
                                    : batch.error());
    counts_.failed += out.batch.entries;
    return false;
}

// False: the window is full, or there is nothing to send, or not yet.
bool BatchSender::submit_next() {
    const bool way_is_clear = again_.empty() || in_flight_.empty();
    if (way_is_clear && !again_.empty()) {
        std::move(again_.rbegin(), again_.rend(), std::front_inserter(unsent_));
        again_.clear();
    }
    if (unsent_.empty() || !way_is_clear || in_flight_.size() >= options_.window ||
        std::chrono::steady_clock::now() < not_before_) {
        return false;
    }
    Outgoing& out = unsent_.front();
    if (!load(out)) {
        unsent_.pop_front();
        return true;
    }
    const bool same_line =
        client_->session() == out.batch.session && client_->next_number() == out.batch.number;
    if (!in_flight_.empty() &&
        (!same_line || out.batch.number - in_flight_.begin()->first >= kSpanMax)) {
        return false;
    }
    if (!same_line) {
        options_.client.session = out.batch.session;
        options_.client.next_number = out.batch.number;
        client_.emplace(options_.client);
    }
    const auto number = client_->submit(send_in(out.batch));
    if (!number) {
        return false;
    }
    in_flight_.emplace(*number, std::move(out));
    unsent_.pop_front();
    return true;
}

// Sends what may be sent and takes one answer. False: none came.
bool BatchSender::step(Millis wait) {
    while (submit_next()) {
    }
    if (in_flight_.empty() && not_before_ > std::chrono::steady_clock::now()) {
        wait = std::min(wait,
                        std::chrono::ceil<Millis>(not_before_ - std::chrono::steady_clock::now()));
    }
    auto reply = client_->poll(wait);
    if (!reply) {
        return false;
    }
    auto found = in_flight_.extract(reply->response.number);
    if (!found.empty()) {
        account(std::move(found.mapped()), *reply);
    }
    return true;
}

void BatchSender::tell(const Outgoing& out, std::size_t from, const dialogue::ResultRun& run,
                       std::uint64_t broker) {
    if (run.code == Code::ok) {
        counts_.sent += run.count;
        counts_.from_spool += out.found ? run.count : 0;
    } else {
        counts_.failed += run.count;
        auto& reason = counts_.reasons[dialogue::to_string(run.code)];
        reason.messages += run.count;
        reason.last = run.reason;
    }
    if (tell_) {
        std::span<const std::uint32_t> places(out.places);
        tell_({out.tag, places.empty() ? places : places.subspan(from, run.count), run, broker});
    }
}

void BatchSender::account(Outgoing out, const client::Reply& reply) {
    std::vector<dialogue::ResultRun> runs;
    if (const auto* answer = std::get_if<dialogue::SendReply>(&reply.response.answer)) {
        runs = answer->results;
    } else if (const auto* refused = std::get_if<dialogue::Refused>(&reply.response.answer)) {
        runs.push_back({refused->code, out.batch.entries, {}, refused->reason});
    }
    std::vector<std::uint32_t> entries;  // To be tried again.
    std::string reason;
    std::uint32_t at = 0;
    bool refused = false;
    bool taken = false;
    for (dialogue::ResultRun& run : runs) {
        run.count = std::min(run.count, out.batch.entries - at);
        if (may_pass(run.code)) {
            for (std::uint32_t i = 0; i < run.count; ++i) {
                entries.push_back(at + i);
            }
            reason = run.reason;
        } else {
            tell(out, at, run, reply.response.broker);
            (run.code == Code::ok ? taken : refused) = true;
        }
        at += run.count;
    }
    if (at < out.batch.entries) {
        tell(out, at, {Code::bad_request, out.batch.entries - at, {}, "no answer to it"},
             reply.response.broker);
        refused = true;
    }
    if (taken || refused) {
        progress_at_ = std::chrono::steady_clock::now();
        backoff_ = kBackoffLeast;
        refusal_.clear();
    }
    if (entries.empty()) {
        ++counts_.batches;
        done(out, refused);
    } else {
        again(std::move(out), entries, reason);
    }
}

void BatchSender::done(const Outgoing& out, bool refused) {
    if (!spool_) {
        return;
    }
    if (refused) {
        counts_.refused.push_back(spool_->set_aside_refused(out.sequence));
    } else {
        spool_->remove(out.sequence);
    }
}

// The answer said what was not done, so these entries are a new request: its number must not be
// that of one which was.
void BatchSender::again(Outgoing out, const std::vector<std::uint32_t>& entries,
                        const std::string& reason) {
    const dialogue::Send whole = send_in(out.batch);
    dialogue::Send part{whole.queue, {}};
    std::vector<std::uint32_t> places;
    for (const std::uint32_t entry : entries) {
        part.entries.push_back(whole.entries[entry]);
        if (!out.places.empty()) {
            places.push_back(out.places[entry]);
        }
    }
    // A session of its own, since this process's numbers are given out in the order of send().
    const Bytes16 own = std::exchange(session_, random_session());
    const std::uint64_t number = std::exchange(next_number_, 1);
    Outgoing next = make(out.tag, part, std::move(places));
    session_ = own;
    next_number_ = number;
    next.sequence = out.sequence;
    next.found = out.found;
    if (spool_) {
        spool_->replace(out.sequence, next.batch);
    }
    ++counts_.retried;
    if (refusal_.empty()) {
        progress_at_ = std::chrono::steady_clock::now();
    }
    refusal_ = reason.empty() ? "the broker refuses" : reason;
    not_before_ = std::chrono::steady_clock::now() + backoff_;
    backoff_ = std::min(2 * backoff_, kBackoffMost);
    again_.push_back(std::move(next));
}

void BatchSender::work_until(Instant time) {
    while (true) {
        const auto left = std::chrono::ceil<Millis>(time - std::chrono::steady_clock::now());
        if (left <= Millis{0}) {
            return;
        }
        try {
            step(std::min(left, kStep));
        } catch (const client::Unreachable&) {
            if (!spool_) {
                throw;
            }
        }
        check();
    }
}

void BatchSender::finish() {
    while (waiting_batches() > 0) {
        step(kStep);
        check();
    }
    if (spool_) {
        spool_->sync();
    }
}

}  // namespace esteira::producers
