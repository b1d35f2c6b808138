#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/contracts/stock_position.hpp"
#include "workers/runtime/handler.hpp"
#include "workers/runtime/item_results.hpp"
#include "workers/runtime/postgres_policy.hpp"
#include "workers/upsert_stock/store.hpp"

// Keeps the newest stock position of each product in each branch. The newest time wins, whatever
// the order and the number of deliveries, so no inbox is needed.
namespace esteira::upsert_stock {

// An item that can be written, and where it came from.
struct Candidate {
    contracts::StockPosition position;
    std::size_t delivery = 0;  // In the batch.
    std::size_t index = 0;     // In the body.
};

// Puts the candidates in the order in which they are tried: by key as bytes, the newest of a key
// first, and of equal times the one that arrived first.
void sort_newest_first(std::vector<Candidate>& candidates);

class UpsertStock final : public runtime::Handler {
public:
    UpsertStock(std::unique_ptr<StockStore> store, contracts::Zone zone, Clock& clock);

    void start() override;
    std::vector<runtime::Outcome> handle(std::span<const runtime::Delivery> batch) override;
    // written; not_newer (in the table or in the same batch); bad_items.
    std::vector<runtime::Counter> counters() const override;

private:
    // Places in candidates_ of rows to write together; sorted, no key twice.
    using Places = std::span<const std::size_t>;

    void read(std::span<const runtime::Delivery> batch, runtime::ItemResults& results);
    void write_newest(runtime::ItemResults& results);
    void write(Places places, runtime::ItemResults& results);
    void next_of_key(std::size_t refused, const std::string& reason, runtime::ItemResults& results);
    bool same_key(std::size_t a, std::size_t b) const;

    std::unique_ptr<StockStore> store_;
    contracts::Zone zone_;
    Clock& clock_;
    runtime::PostgresPolicy policy_;
    std::vector<Candidate> candidates_;  // Of the batch at hand.
    std::uint64_t written_ = 0;
    std::uint64_t not_newer_ = 0;
    std::uint64_t bad_items_ = 0;
};

}  // namespace esteira::upsert_stock
