#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/contracts/business_time.hpp"
#include "common/contracts/shop.hpp"
#include "producers/shop/dice.hpp"

// A made-up shop: who buys, what is sold, what was ordered in the 30 days before a day, and what
// lies in carts. The same for the same seed and day, on every machine; each thing is made by
// itself, whatever was made before.
namespace esteira::shop {

struct ShopSize {
    std::uint64_t customers = 10;
    std::uint64_t products = 20;
    std::uint64_t orders = 15;
    std::uint64_t carts = 5;
};

class Shop {
public:
    // `until`: the day at whose beginning in `zone` everything has happened; `zone` outlives this.
    // No orders or carts without customers and products.
    Shop(ShopSize size, std::uint64_t seed, std::chrono::year_month_day until,
         const contracts::Zone& zone, bool embed_customers = false);

    // As common/contracts/shop.hpp writes them, with `atualizado_em`. Customers and products are as
    // of 31 days before `until`, so that every order takes from the stock.
    std::string customer(std::uint64_t number) const;
    std::string product(std::uint64_t number) const;
    // 1 to 5 lines, of 1 to 3 pieces at the products' prices. `version` 0: as it was made,
    // Pendente; up to versions_of(number) - 1, which is how it ended.
    std::string order(std::uint64_t number, std::uint64_t version) const;
    std::uint64_t versions_of(std::uint64_t number) const;
    std::string cart(std::uint64_t number) const;

    const ShopSize& size() const { return size_; }

private:
    contracts::Customer customer_of(std::uint64_t number) const;
    contracts::Product product_of(std::uint64_t number) const;
    std::string time_text(contracts::Instant instant) const;
    contracts::OrderStatus ending_of(std::uint64_t number) const;

    ShopSize size_;
    std::uint64_t seed_;
    std::chrono::year_month_day until_;
    const contracts::Zone& zone_;
    bool embed_customers_;
    contracts::Instant end_;
};

}  // namespace esteira::shop
