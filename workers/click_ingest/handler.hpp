#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/contracts/shop_event.hpp"
#include "workers/click_ingest/store.hpp"
#include "workers/runtime/handler.hpp"
#include "workers/runtime/item_results.hpp"
#include "workers/runtime/postgres_policy.hpp"

// The speed layer: counts what visitors do, a message at a time and each message once.
namespace esteira::click_ingest {

class ClickIngest final : public runtime::Handler {
public:
    ClickIngest(std::unique_ptr<ClickStore> store, contracts::Zone zone, Clock& clock);

    void start() override;
    std::vector<runtime::Outcome> handle(std::span<const runtime::Delivery> batch) override;
    // events; repeated_messages (counted before); alerts; bad_items.
    std::vector<runtime::Counter> counters() const override;

private:
    // The good events of a delivery, and their places in its body.
    struct Candidate {
        std::size_t delivery = 0;
        std::string_view origin;
        std::vector<contracts::ShopEvent> events;
        std::vector<std::size_t> indexes;
    };

    std::vector<Candidate> read(std::span<const runtime::Delivery> batch,
                                runtime::ItemResults& results) const;
    void write(std::span<const Candidate> candidates);
    void write_but_for_bad_ones(const Candidate& candidate, runtime::ItemResults& results);
    void write_all(const std::vector<Message>& messages);

    std::unique_ptr<ClickStore> store_;
    contracts::Zone zone_;
    Clock& clock_;
    runtime::PostgresPolicy policy_;
    std::uint64_t events_ = 0;
    std::uint64_t repeated_ = 0;
    std::uint64_t alerts_ = 0;
    std::uint64_t bad_items_ = 0;
};

}  // namespace esteira::click_ingest
