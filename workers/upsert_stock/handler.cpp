#include "workers/upsert_stock/handler.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "common/config/config.hpp"

namespace esteira::upsert_stock {

using runtime::Delivery;
using runtime::Outcome;
using runtime::Verdict;

void sort_newest_first(std::vector<Candidate>& candidates) {
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(a.position.codigo_barra, a.position.filial, b.position.instante, a.delivery,
                        a.index) < std::tie(b.position.codigo_barra, b.position.filial,
                                            a.position.instante, b.delivery, b.index);
    });
}

UpsertStock::UpsertStock(std::unique_ptr<StockStore> store, contracts::Zone zone, Clock& clock)
    : store_(std::move(store)), zone_(std::move(zone)), clock_(clock) {}

void UpsertStock::start() {
    try {
        store_->require_ready();
    } catch (const postgres::Error& error) {
        throw runtime::Unavailable(policy_.judge(error));
    }
}

std::vector<Outcome> UpsertStock::handle(std::span<const Delivery> batch) {
    read(batch);
    write_newest();
    policy_.finished();

    std::vector<Outcome> outcomes;
    outcomes.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
        bad_items_ += progress_[i].refused.size();
        outcomes.push_back(outcome(batch[i], std::move(progress_[i])));
    }
    return outcomes;
}

void UpsertStock::read(std::span<const Delivery> batch) {
    const WallTime now = clock_.now().wall;
    candidates_.clear();
    progress_.assign(batch.size(), {});
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto items = contracts::parse_stock_positions(batch[i].body, zone_, now);
        if (!items) {
            progress_[i].unreadable = items.error();
            continue;
        }
        for (contracts::StockItem& item : std::move(items).value()) {
            const std::size_t index = progress_[i].items++;
            if (item) {
                candidates_.push_back({std::move(item).value(), i, index});
            } else {
                progress_[i].refused.push_back({index, item.error().item, item.error().reason});
            }
        }
    }
    sort_newest_first(candidates_);
}

bool UpsertStock::same_key(std::size_t a, std::size_t b) const {
    const contracts::StockPosition& left = candidates_[a].position;
    const contracts::StockPosition& right = candidates_[b].position;
    return left.codigo_barra == right.codigo_barra && left.filial == right.filial;
}

// Afterwards all is written or refused for good.
void UpsertStock::write_newest() {
    std::vector<std::size_t> newest;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (i == 0 || !same_key(i - 1, i)) {
            newest.push_back(i);
        }
    }
    not_newer_ += candidates_.size() - newest.size();
    if (!newest.empty()) {
        write(newest);
    }
}

// Rows that PostgreSQL refuses for what is in them are halved until the bad one stands alone.
void UpsertStock::write(Places places) {
    std::vector<const contracts::StockPosition*> rows;
    rows.reserve(places.size());
    for (const std::size_t place : places) {
        rows.push_back(&candidates_[place].position);
    }
    std::string refused;
    try {
        const std::size_t written = store_->upsert(rows);
        written_ += written;
        not_newer_ += rows.size() - written;
        return;
    } catch (const postgres::Error& error) {
        refused = policy_.judge(error);
    }
    if (places.size() == 1) {
        return next_of_key(places.front(), refused);
    }
    const std::size_t half = places.size() / 2;
    write(places.first(half));
    write(places.subspan(half));
}

// The newest item of a key was bad, so the one before it, if the batch holds one, is the newest.
void UpsertStock::next_of_key(std::size_t refused, const std::string& reason) {
    const Candidate& bad = candidates_[refused];
    progress_[bad.delivery].refused.push_back({bad.index, bad.position.item, reason});
    const std::size_t next = refused + 1;
    if (next == candidates_.size() || !same_key(refused, next)) {
        return;
    }
    not_newer_ -= 1;
    write(std::array{next});
}

Outcome UpsertStock::outcome(const Delivery& delivery, Progress progress) {
    if (progress.unreadable) {
        return {Verdict::dead, std::move(*progress.unreadable), {}};
    }
    auto& refused = progress.refused;
    if (refused.empty()) {
        return {};
    }
    std::sort(refused.begin(), refused.end(),
              [](const Refused& a, const Refused& b) { return a.index < b.index; });
    if (refused.size() == progress.items) {
        std::string reason = std::move(refused.front().reason);
        if (progress.items > 1) {
            reason =
                "all " + std::to_string(progress.items) + " items are bad; the first: " + reason;
        }
        return {Verdict::dead, std::move(reason), {}};
    }
    Outcome split;
    for (Refused& item : refused) {
        split.sends.push_back(
            {.body = std::move(item.body),
             .origin_id = std::string(delivery.origin_id) + "/" + std::to_string(item.index),
             .reason = std::move(item.reason)});
    }
    return split;
}

std::vector<runtime::Counter> UpsertStock::counters() const {
    return {{"written", written_}, {"not_newer", not_newer_}, {"bad_items", bad_items_}};
}

}  // namespace esteira::upsert_stock

namespace esteira::runtime {

std::unique_ptr<Handler> make_handler(const config::Config& config, Clock& clock) {
    if (config.postgres.url.empty()) {
        throw Misconfigured("[postgres] url is not set");
    }
    auto zone = contracts::Zone::load(config.business.zone);
    if (!zone) {
        throw Misconfigured("[business] zone: " + zone.error());
    }
    auto store = std::make_unique<upsert_stock::PostgresStockStore>(
        postgres::ConnectionSettings{config.postgres.url.reveal(), "esteira-worker-upsert-stock"});
    return std::make_unique<upsert_stock::UpsertStock>(std::move(store), std::move(zone).value(),
                                                       clock);
}

}  // namespace esteira::runtime
