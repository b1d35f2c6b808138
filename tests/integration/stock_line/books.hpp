#pragma once

#include <string>

#include "tests/integration/stock_line/farm.hpp"

namespace esteira::stock_line {

// Writes what is left beside the ledgers of `folder`: table.jsonl and history.jsonl out of the
// database, dead.jsonl and totals.json out of the broker. Then check_stock.py compares; its exit
// code, and what it says in `report`.
int check_books(Farm& farm, const std::string& folder, std::string& report);

}  // namespace esteira::stock_line
