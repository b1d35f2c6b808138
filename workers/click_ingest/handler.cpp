#include "workers/click_ingest/handler.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "common/base/limits.hpp"
#include "common/config/config.hpp"

namespace esteira::click_ingest {

using runtime::Delivery;
using runtime::ItemResults;

ClickIngest::ClickIngest(std::unique_ptr<ClickStore> store, contracts::Zone zone, Clock& clock)
    : store_(std::move(store)), zone_(std::move(zone)), clock_(clock) {}

void ClickIngest::start() {
    try {
        store_->require_ready();
    } catch (const postgres::Error& error) {
        throw runtime::Unavailable(policy_.judge(error));
    }
}

std::vector<runtime::Outcome> ClickIngest::handle(std::span<const Delivery> batch) {
    ItemResults results(batch);
    const std::vector<Candidate> candidates = read(batch, results);
    if (!candidates.empty()) {
        policy_.write_or_halve(
            std::span(candidates), [this](std::span<const Candidate> part) { write(part); },
            [&](const Candidate& bad, const std::string& reason) {
                if (bad.events.size() > 1) {
                    return write_but_for_bad_ones(bad, results);
                }
                results.refuse(bad.delivery, bad.indexes.front(), bad.events.front().item, reason);
            });
    }
    policy_.finished();
    bad_items_ += results.refused();
    return results.take();
}

std::vector<ClickIngest::Candidate> ClickIngest::read(std::span<const Delivery> batch,
                                                      ItemResults& results) const {
    const contracts::TimeRules rules{zone_, clock_.now().wall};
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto items = contracts::parse_shop_events(batch[i].body, rules);
        if (!items) {
            results.unreadable(i, items.error());
            continue;
        }
        Candidate candidate{i, batch[i].origin_id, {}, {}};
        for (auto& item : std::move(items).value()) {
            const std::size_t index = results.add(i);
            if (item) {
                candidate.events.push_back(std::move(item).value());
                candidate.indexes.push_back(index);
            } else {
                results.refuse(i, index, item.error().item, item.error().reason);
            }
        }
        if (results.refused_of(i) > limits::kRequestEntriesMax) {
            // They cannot be sent on, so the message is buried whole: none of it may be counted.
            results.unreadable(i, "more than " + std::to_string(limits::kRequestEntriesMax) +
                                      " events are bad; the first: " + results.first_reason(i));
            continue;
        }
        if (!candidate.events.empty()) {
            candidates.push_back(std::move(candidate));
        }
    }
    return candidates;
}

void ClickIngest::write(std::span<const Candidate> candidates) {
    std::vector<Message> messages;
    messages.reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
        Message& message = messages.emplace_back(Message{candidate.origin, {}});
        for (const contracts::ShopEvent& event : candidate.events) {
            message.events.push_back(&event);
        }
    }
    write_all(messages);
}

// One of its events is bad for PostgreSQL. Which one is found out without writing any; the others
// are written together, as the message is in the inbox or is not.
void ClickIngest::write_but_for_bad_ones(const Candidate& candidate, ItemResults& results) {
    Message good{candidate.origin, {}};
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < candidate.events.size(); ++i) {
        const contracts::ShopEvent& event = candidate.events[i];
        policy_.write_or_halve(
            std::span(&event, 1),
            [&](std::span<const contracts::ShopEvent>) {
                store_->try_out({candidate.origin, {&event}});
                good.events.push_back(&event);
                places.push_back(candidate.indexes[i]);
            },
            [&](const contracts::ShopEvent& bad, const std::string& reason) {
                results.refuse(candidate.delivery, candidate.indexes[i], bad.item, reason);
            });
    }
    if (good.events.empty()) {
        return;
    }
    policy_.write_or_halve(
        std::span<const Message>(&good, 1), [&](std::span<const Message>) { write_all({good}); },
        [&](const Message&, const std::string& reason) {
            for (std::size_t i = 0; i < places.size(); ++i) {
                results.refuse(candidate.delivery, places[i], good.events[i]->item, reason);
            }
        });
}

void ClickIngest::write_all(const std::vector<Message>& messages) {
    // A message and its replay, or its redrive, may come in one batch.
    std::set<std::string_view> origins;
    std::vector<Message> once;
    std::copy_if(messages.begin(), messages.end(), std::back_inserter(once),
                 [&](const Message& message) { return origins.insert(message.origin).second; });
    const Written written = store_->write(once);
    events_ += written.events;
    alerts_ += written.alerts;
    repeated_ += messages.size() - written.messages;
}

std::vector<runtime::Counter> ClickIngest::counters() const {
    return {{"events", events_},
            {"repeated_messages", repeated_},
            {"alerts", alerts_},
            {"bad_items", bad_items_}};
}

}  // namespace esteira::click_ingest

namespace esteira::runtime {

std::unique_ptr<Handler> make_handler(const config::Config& config, Clock& clock) {
    if (config.postgres.url.empty()) {
        throw Misconfigured("[postgres] url is not set");
    }
    auto zone = contracts::Zone::load(config.business.zone);
    if (!zone) {
        throw Misconfigured("[business] zone: " + zone.error());
    }
    const config::Clicks& clicks = config.clicks;
    constexpr std::int64_t kSecondsOfADay = 86'400;
    if (kSecondsOfADay % clicks.window_s != 0) {
        throw Misconfigured("[clicks] window_s: a day is to be a whole number of windows");
    }
    auto store = std::make_unique<click_ingest::PostgresClickStore>(
        postgres::ConnectionSettings{config.postgres.url.reveal(), "esteira-worker-click-ingest"},
        click_ingest::AttackRule{clicks.window_s, clicks.suspect_above, clicks.attack_above});
    return std::make_unique<click_ingest::ClickIngest>(std::move(store), std::move(zone).value(),
                                                       clock);
}

}  // namespace esteira::runtime
