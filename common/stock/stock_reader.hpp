#pragma once

#include <string>

#include "common/contracts/stock_query.hpp"
#include "common/postgres/connection.hpp"

// The reading side of the stock positions, for the query program and the gateway.
namespace esteira::stock {

struct StockAnswer {
    std::string json;   // As common/contracts/stock_query.hpp writes it.
    bool found = true;  // False: a query for a key that is not there (which is still a success).
};

// Throws postgres::Error. A scan is in the order of the keys, as bytes.
StockAnswer answer(postgres::Connection& connection, const contracts::StockQuestion& question);

}  // namespace esteira::stock
