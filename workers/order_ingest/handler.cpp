#include "workers/order_ingest/handler.hpp"

#include <utility>

#include "common/base/overloaded.hpp"
#include "common/config/config.hpp"

namespace esteira::order_ingest {

using runtime::Delivery;
using runtime::ItemResults;

OrderIngest::OrderIngest(std::unique_ptr<ShopStore> store, contracts::Zone zone, Clock& clock)
    : store_(std::move(store)), zone_(std::move(zone)), clock_(clock) {}

void OrderIngest::start() {
    try {
        store_->require_ready();
    } catch (const postgres::Error& error) {
        throw runtime::Unavailable(policy_.judge(error));
    }
}

std::vector<runtime::Outcome> OrderIngest::handle(std::span<const Delivery> batch) {
    ItemResults results(batch);
    const std::vector<Candidate> candidates = read(batch, results);
    if (!candidates.empty()) {
        policy_.write_or_halve(
            std::span(candidates), [this](std::span<const Candidate> part) { write(part); },
            [&](const Candidate& bad, const std::string& reason) {
                const std::string& item = std::visit(
                    [](const auto& known) -> const std::string& { return known.item; }, bad.entity);
                results.refuse(bad.delivery, bad.index, item, reason);
            });
    }
    policy_.finished();
    bad_items_ += results.refused();
    return results.take();
}

std::vector<OrderIngest::Candidate> OrderIngest::read(std::span<const Delivery> batch,
                                                      ItemResults& results) const {
    const contracts::TimeRules rules{zone_, clock_.now().wall};
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto items = contracts::parse_shop(batch[i].body, rules, batch[i].sent_at);
        if (!items) {
            results.unreadable(i, items.error());
            continue;
        }
        for (auto& item : std::move(items).value()) {
            const std::size_t index = results.add(i);
            if (item) {
                candidates.push_back({std::move(item).value(), i, index});
            } else {
                results.refuse(i, index, item.error().item, item.error().reason);
            }
        }
    }
    return candidates;
}

void OrderIngest::write(std::span<const Candidate> candidates) {
    ShopRows rows;
    for (const Candidate& candidate : candidates) {
        std::visit(
            Overloaded{[&](const contracts::Customer& one) { rows.customers.push_back(&one); },
                       [&](const contracts::Product& one) { rows.products.push_back(&one); },
                       [&](const contracts::Order& one) {
                           rows.orders.push_back(&one);
                           if (one.cliente) {
                               rows.customers.push_back(&*one.cliente);
                           }
                       },
                       [&](const contracts::Cart& one) { rows.carts.push_back(&one); }},
            candidate.entity);
    }
    const std::size_t all =
        rows.customers.size() + rows.products.size() + rows.orders.size() + rows.carts.size();
    const std::size_t written = store_->write(rows);
    written_ += written;
    not_newer_ += all - written;
}

std::vector<runtime::Counter> OrderIngest::counters() const {
    return {{"written", written_}, {"not_newer", not_newer_}, {"bad_items", bad_items_}};
}

}  // namespace esteira::order_ingest

namespace esteira::runtime {

std::unique_ptr<Handler> make_handler(const config::Config& config, Clock& clock) {
    if (config.postgres.url.empty()) {
        throw Misconfigured("[postgres] url is not set");
    }
    auto zone = contracts::Zone::load(config.business.zone);
    if (!zone) {
        throw Misconfigured("[business] zone: " + zone.error());
    }
    auto store = std::make_unique<order_ingest::PostgresShopStore>(
        postgres::ConnectionSettings{config.postgres.url.reveal(), "esteira-worker-order-ingest"});
    return std::make_unique<order_ingest::OrderIngest>(std::move(store), std::move(zone).value(),
                                                       clock);
}

}  // namespace esteira::runtime
