#pragma once

#include <cstddef>
#include <span>

#include "common/contracts/stock_position.hpp"
#include "common/postgres/session.hpp"

namespace esteira::upsert_stock {

class StockStore {
public:
    virtual ~StockStore() = default;

    // Whether there is a database with the right schema. Throws postgres::Error.
    virtual void require_ready() = 0;

    // Writes the rows whose key is new, or whose time is newer than the stored one; the others stay
    // as they are. All or none. `rows` are sorted by (codigo_barra, filial), as bytes, and hold no
    // key twice. Returns how many were written. Throws postgres::Error: none was written, or (an
    // answer that never came) perhaps all were, which does no harm when they are written again.
    virtual std::size_t upsert(std::span<const contracts::StockPosition* const> rows) = 0;
};

class PostgresStockStore final : public StockStore {
public:
    explicit PostgresStockStore(postgres::ConnectionSettings settings);

    void require_ready() override;
    std::size_t upsert(std::span<const contracts::StockPosition* const> rows) override;

private:
    postgres::Session session_;
};

}  // namespace esteira::upsert_stock
