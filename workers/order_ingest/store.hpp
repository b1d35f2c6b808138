#pragma once

#include <cstddef>
#include <vector>

#include "common/contracts/shop.hpp"
#include "common/postgres/session.hpp"

namespace esteira::order_ingest {

// What is written together. Pointers to what the caller owns.
struct ShopRows {
    std::vector<const contracts::Customer*> customers;  // Also those embedded in orders.
    std::vector<const contracts::Product*> products;
    std::vector<const contracts::Order*> orders;
    std::vector<const contracts::Cart*> carts;
};

class ShopStore {
public:
    virtual ~ShopStore() = default;

    // Whether there is a database with the right schema. Throws postgres::Error.
    virtual void require_ready() = 0;

    // Writes what is new, or newer than what is stored (contracts/shop.hpp says which of two is);
    // the rest stays as it is. All or none. An order that is written takes its lines from the stock
    // of their products and, cancelled, gives them back: the stock follows from the newest version
    // of every order and the newest count of every product, in whatever order and however often
    // they came. Returns how many rows were written. Throws postgres::Error: none was written, or
    // (an answer that never came) perhaps all were, which does no harm when it is done again.
    virtual std::size_t write(const ShopRows& rows) = 0;
};

class PostgresShopStore final : public ShopStore {
public:
    explicit PostgresShopStore(postgres::ConnectionSettings settings);

    void require_ready() override;
    std::size_t write(const ShopRows& rows) override;

private:
    postgres::Session session_;
};

}  // namespace esteira::order_ingest
