#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/postgres/connection.hpp"

// A database as shops have had for long: one table of sales, `sales` (id serial, sale_date,
// product_id, customer_id, quantity, unit_price and total_value numeric(10,2), seller_id, region).
namespace esteira::legacy {

inline constexpr const char* kDatabase = "legacy_sales_db";
inline constexpr std::uint64_t kSales = 500;  // Unless somebody asks for another number.
inline constexpr std::uint64_t kSalesMax = 100'000'000;

// Makes the database, by a connection to another one of the same server. False: it was there.
bool make_database(postgres::Connection& connection, const std::string& name);
// Makes the table. False: it was there.
bool make_table(postgres::Connection& connection);

// Sales 1 to `rows`, of 2023: products 101..110, customers 1001..2000, sellers 1..20, five regions;
// the same for the same seed, each by itself. Those whose id is there stay as they are. `told` is
// called with how many were gone through. Returns how many were written.
std::uint64_t fill(postgres::Connection& connection, std::uint64_t rows, std::uint64_t seed,
                   const std::function<void(std::uint64_t)>& told = {});

}  // namespace esteira::legacy
