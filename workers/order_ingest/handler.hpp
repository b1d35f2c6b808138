#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "common/contracts/shop.hpp"
#include "workers/order_ingest/store.hpp"
#include "workers/runtime/handler.hpp"
#include "workers/runtime/item_results.hpp"
#include "workers/runtime/postgres_policy.hpp"

// Keeps the newest version of each customer, product, order and cart, and what orders leave of the
// stock. The newest wins, whatever the order and the number of deliveries, so no inbox is needed.
namespace esteira::order_ingest {

class OrderIngest final : public runtime::Handler {
public:
    OrderIngest(std::unique_ptr<ShopStore> store, contracts::Zone zone, Clock& clock);

    void start() override;
    std::vector<runtime::Outcome> handle(std::span<const runtime::Delivery> batch) override;
    // written; not_newer (in the tables or in the same batch); bad_items. An embedded customer
    // counts as one of its own.
    std::vector<runtime::Counter> counters() const override;

private:
    // An item that can be written, and where it came from.
    struct Candidate {
        contracts::ShopEntity entity;
        std::size_t delivery = 0;
        std::size_t index = 0;
    };

    std::vector<Candidate> read(std::span<const runtime::Delivery> batch,
                                runtime::ItemResults& results) const;
    void write(std::span<const Candidate> candidates);

    std::unique_ptr<ShopStore> store_;
    contracts::Zone zone_;
    Clock& clock_;
    runtime::PostgresPolicy policy_;
    std::uint64_t written_ = 0;
    std::uint64_t not_newer_ = 0;
    std::uint64_t bad_items_ = 0;
};

}  // namespace esteira::order_ingest
