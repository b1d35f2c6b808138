#include "workers/runtime/settlement.hpp"

#include <string>
#include <utility>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/base/text.hpp"

namespace esteira::runtime {

namespace {

using dialogue::VerdictEntry;

dialogue::Verdict verdict_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::done:
            return dialogue::Verdict::done;
        case Verdict::retry:
            return dialogue::Verdict::retry;
        case Verdict::dead:
            return dialogue::Verdict::dead;
        case Verdict::hand_back:
            return dialogue::Verdict::hand_back;
    }
    ESTEIRA_CHECK(false);
}

std::size_t bytes_of(const std::vector<Send>& sends) {
    std::size_t bytes = 0;
    for (const Send& send : sends) {
        bytes += send.body.size();
    }
    return bytes;
}

std::string reason_text(std::string_view text) {
    return as_clean_text(text, limits::kReasonBytesMax);
}

void make_fit(Send& send) {
    if (send.origin_id.size() > limits::kOriginBytesMax) {
        send.reason = "(" + send.origin_id + ") " + send.reason;
        send.origin_id.clear();
    }
    send.reason = reason_text(send.reason);
}

VerdictEntry entry_of(const dialogue::Receipt& receipt, std::size_t index, const Outcome& outcome) {
    VerdictEntry entry;
    entry.receipt = receipt;
    entry.index = static_cast<std::uint32_t>(index);
    entry.verdict = verdict_of(outcome.verdict);
    entry.reason = outcome.reason;
    for (const Send& send : outcome.sends) {
        dialogue::SendEntry sent;
        sent.body = as_bytes(send.body);
        sent.origin = send.origin_id;
        sent.reason = send.reason;
        entry.sends.emplace_back(send.queue, sent);
    }
    return entry;
}

// Verdicts, one behind the other, into as few requests as the limits allow.
class Packer {
public:
    void add(VerdictEntry entry) {
        std::size_t bytes = 0;
        for (const auto& [queue, send] : entry.sends) {
            bytes += send.body.size();
        }
        const bool full = requests_.empty() ||
                          requests_.back().verdicts.size() >= limits::kRequestEntriesMax ||
                          sends_ + entry.sends.size() > limits::kRequestEntriesMax ||
                          (sends_ > 0 && bytes_ + bytes > kSendBytesMax);
        if (full) {
            requests_.emplace_back();
            sends_ = bytes_ = 0;
        }
        sends_ += entry.sends.size();
        bytes_ += bytes;
        requests_.back().verdicts.push_back(std::move(entry));
    }
    std::deque<dialogue::Settle> take() { return std::move(requests_); }

private:
    std::deque<dialogue::Settle> requests_;
    std::size_t sends_ = 0;  // Of the last request.
    std::size_t bytes_ = 0;
};

}  // namespace

void make_fit(std::vector<Outcome>& outcomes) {
    for (Outcome& outcome : outcomes) {
        ESTEIRA_CHECK(outcome.sends.empty() || outcome.verdict == Verdict::done);
        const std::size_t parts = outcome.sends.size();
        if (parts > limits::kRequestEntriesMax || bytes_of(outcome.sends) > kSendBytesMax) {
            outcome.verdict = Verdict::dead;
            outcome.reason =
                "too much to send on (" + std::to_string(parts) +
                " messages), so this is all of it; the first: " + outcome.sends.front().reason;
            outcome.sends.clear();
        }
        const bool failed = outcome.verdict == Verdict::retry || outcome.verdict == Verdict::dead;
        outcome.reason = failed ? reason_text(outcome.reason) : std::string();
        for (Send& send : outcome.sends) {
            make_fit(send);
        }
    }
}

std::deque<dialogue::Settle> settle_requests(const dialogue::Receipt& receipt,
                                             const std::vector<Outcome>& outcomes) {
    Packer packer;
    std::size_t i = 0;
    while (i < outcomes.size()) {
        VerdictEntry entry = entry_of(receipt, i, outcomes[i]);
        ++i;
        while (entry.sends.empty() && i < outcomes.size() && outcomes[i] == outcomes[i - 1]) {
            ++entry.count;
            ++i;
        }
        packer.add(std::move(entry));
    }
    if (i < receipt.count) {
        VerdictEntry rest;
        rest.receipt = receipt;
        rest.index = static_cast<std::uint32_t>(i);
        rest.count = receipt.count - rest.index;
        rest.verdict = dialogue::Verdict::hand_back;
        packer.add(std::move(rest));
    }
    return packer.take();
}

dialogue::Settle retry_request(const VerdictEntry& refused, std::string_view reason) {
    VerdictEntry entry;
    entry.receipt = refused.receipt;
    entry.index = refused.index;
    entry.count = refused.count;
    entry.verdict = dialogue::Verdict::retry;
    entry.reason = reason;
    return {{std::move(entry)}, std::nullopt};
}

}  // namespace esteira::runtime
