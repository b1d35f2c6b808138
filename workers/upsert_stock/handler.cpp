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
    runtime::ItemResults results(batch);
    read(batch, results);
    write_newest(results);
    policy_.finished();
    bad_items_ += results.refused();
    return results.take();
}

void UpsertStock::read(std::span<const Delivery> batch, runtime::ItemResults& results) {
    const WallTime now = clock_.now().wall;
    candidates_.clear();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto items = contracts::parse_stock_positions(batch[i].body, zone_, now);
        if (!items) {
            results.unreadable(i, items.error());
            continue;
        }
        for (contracts::StockItem& item : std::move(items).value()) {
            const std::size_t index = results.add(i);
            if (item) {
                candidates_.push_back({std::move(item).value(), i, index});
            } else {
                results.refuse(i, index, item.error().item, item.error().reason);
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
void UpsertStock::write_newest(runtime::ItemResults& results) {
    std::vector<std::size_t> newest;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (i == 0 || !same_key(i - 1, i)) {
            newest.push_back(i);
        }
    }
    not_newer_ += candidates_.size() - newest.size();
    if (!newest.empty()) {
        write(newest, results);
    }
}

void UpsertStock::write(Places places, runtime::ItemResults& results) {
    policy_.write_or_halve(
        places,
        [this](Places part) {
            std::vector<const contracts::StockPosition*> rows;
            rows.reserve(part.size());
            for (const std::size_t place : part) {
                rows.push_back(&candidates_[place].position);
            }
            const std::size_t written = store_->upsert(rows);
            written_ += written;
            not_newer_ += rows.size() - written;
        },
        [&](std::size_t refused, const std::string& reason) {
            next_of_key(refused, reason, results);
        });
}

// The newest item of a key was bad, so the one before it, if the batch holds one, is the newest.
void UpsertStock::next_of_key(std::size_t refused, const std::string& reason,
                              runtime::ItemResults& results) {
    const Candidate& bad = candidates_[refused];
    results.refuse(bad.delivery, bad.index, bad.position.item, reason);
    const std::size_t next = refused + 1;
    if (next == candidates_.size() || !same_key(refused, next)) {
        return;
    }
    not_newer_ -= 1;
    write(std::array{next}, results);
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
