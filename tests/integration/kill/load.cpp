#include "tests/integration/kill/load.hpp"

#include <utility>

#include "common/base/bytes.hpp"

namespace esteira::kill {

namespace {

using dialogue::Verdict;

constexpr Millis kPatience{250};
constexpr std::size_t kOldKept = 100;
constexpr const char* kReason = "quantidade_negativa";

const char* name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::done:
            return "done";
        case Verdict::retry:
            return "retry";
        case Verdict::dead:
            return "dead";
        case Verdict::hand_back:
            return "handback";
        case Verdict::visibility:
            return "visibility";
    }
    return "";
}

}  // namespace

Actor::Actor(client::ClientOptions options, const std::string& folder, std::uint64_t seed)
    : ledger_(folder, options.name), options_(std::move(options)), random_(seed) {
    options_.patience = kPatience;
    options_.backoff_least = Millis{5};
    options_.backoff_most = Millis{50};
    client_ = std::make_unique<client::QueueClient>(options_);
}

void Actor::give_up() {
    ledger_.unknown();
    if (random_below(2) == 0) {
        client_ = std::make_unique<client::QueueClient>(options_);
        return;
    }
    while (client_->poll(Millis{0})) {  // Answers that came too late for their calls.
    }
}

void Actor::write_results(const client::QueueClient::Results& results) {
    if (!results) {
        return ledger_.fail(dialogue::to_string(results.error().code));
    }
    auto codes = nlohmann::json::array();
    for (const dialogue::ResultRun& run : results.value()) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
            codes.push_back(dialogue::to_string(run.code));
        }
    }
    ledger_.ok("results", std::move(codes));
}

// Mostly small, now and then so large that a frame is cut in the middle of it.
std::string Producer::next_body() {
    const std::size_t size = random_below(50) == 0 ? 200'000 : random_below(2'000);
    std::string body = ledger_.client() + ":" + std::to_string(++count_) + "|";
    body.resize(body.size() + size, static_cast<char>('a' + random_below(26)));
    return body;
}

void Producer::send_some() {
    std::vector<std::string> bodies(1 + random_below(10));
    auto entries = nlohmann::json::array();
    dialogue::Send send{"work", {}};
    for (std::string& body : bodies) {
        body = next_body();
        entries.push_back({{"eid", eid_of(as_bytes(body))}, {"sha", sha256(as_bytes(body))}});
        dialogue::SendEntry& entry = send.entries.emplace_back(as_bytes(body));
        if (random_below(20) == 0) {
            entry.delay = Millis{static_cast<std::int64_t>(random_below(500))};
        }
    }
    ledger_.invoke("send", std::move(entries));
    try {
        write_results(client().send(std::move(send)));
    } catch (const client::Unreachable&) {
        give_up();
    }
}

void Producer::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        send_some();
    }
}

dialogue::VerdictEntry Consumer::judge(const dialogue::Receipt& receipt, std::uint32_t index) {
    dialogue::VerdictEntry entry{receipt, index};
    const std::size_t die = random_below(100);
    if (die < 8) {
        entry.verdict = Verdict::hand_back;
    } else if (die < 18) {
        entry.verdict = Verdict::retry;
        entry.delay = Millis{static_cast<std::int64_t>(random_below(300))};
    } else if (die < 21) {
        entry.verdict = Verdict::dead;
        entry.reason = kReason;
    } else if (die < 25) {
        entry.verdict = Verdict::visibility;
        entry.delay = Millis{static_cast<std::int64_t>(random_below(1'000))};
    }
    return entry;
}

void Consumer::remember(const dialogue::Receipt& receipt, std::uint32_t index,
                        nlohmann::json entry) {
    entry["kind"] = name_of(Verdict::done);
    entry["reason"] = "";
    old_.push_back({{receipt, index}, std::move(entry)});
}

void Consumer::settle(const client::ReceivedBatch& batch) {
    std::vector<dialogue::VerdictEntry> verdicts;
    auto entries = nlohmann::json::array();
    for (std::uint32_t i = 0; i < batch.messages.size(); ++i) {
        nlohmann::json entry{{"eid", eid_of(batch.messages[i].body)},
                             {"number", batch.receipt.first.value + i}};
        if (random_below(20) == 0) {  // Forgotten: its lease runs out.
            remember(batch.receipt, i, entry);
            continue;
        }
        verdicts.push_back(judge(batch.receipt, i));
        if (verdicts.back().verdict == Verdict::hand_back && random_below(4) == 0) {
            remember(batch.receipt, i, entry);
        }
        entry["kind"] = name_of(verdicts.back().verdict);
        entry["reason"] = verdicts.back().reason;
        entries.push_back(std::move(entry));
    }
    while (old_.size() > kOldKept) {
        verdicts.push_back(old_.front().done);
        entries.push_back(std::move(old_.front().entry));
        old_.pop_front();
    }
    if (verdicts.empty()) {
        return;
    }
    ledger_.invoke("settle", std::move(entries));
    try {
        write_results(client().settle(std::move(verdicts)));
    } catch (const client::Unreachable&) {
        give_up();
    }
}

void Consumer::receive_some() {
    const auto count = static_cast<std::uint32_t>(1 + random_below(30));
    ledger_.invoke("receive", nlohmann::json::array());
    try {
        const auto batch = client().receive({"work", count, Millis{100}, {}});
        if (!batch) {
            return ledger_.fail(dialogue::to_string(batch.error().code));
        }
        auto entries = nlohmann::json::array();
        for (std::size_t i = 0; i < batch.value().messages.size(); ++i) {
            const dialogue::Delivery& message = batch.value().messages[i];
            entries.push_back({{"eid", eid_of(message.body)},
                               {"sha", sha256(message.body)},
                               {"number", batch.value().receipt.first.value + i},
                               {"receives", message.receives},
                               {"message", message.number.value}});
        }
        ledger_.ok("entries", std::move(entries));
        settle(batch.value());
    } catch (const client::Unreachable&) {
        give_up();
    }
}

void Consumer::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        receive_some();
    }
}

}  // namespace esteira::kill
