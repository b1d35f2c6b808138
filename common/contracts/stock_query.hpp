#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "common/contracts/stock_position.hpp"

// The question and answer about stock positions, as the shops' programs know them:
//
//   {"codigo_barra": "...", "filial": "...", "query_type": "query"}   one product in one branch
//   {"query_type": "scan", "quantidade_itens": N}                      at most N of all positions
//
// The command line and the gateway give the same answers, to the letter, because both use this.
namespace esteira::contracts {

inline constexpr std::int32_t kScanItemsMax = 10'000;

struct StockKey {
    std::string codigo_barra;
    std::string filial;
};
struct StockScan {
    std::int32_t quantidade_itens = 0;  // 1..kScanItemsMax
};
using StockQuestion = std::variant<StockKey, StockScan>;

// The error says what is wrong with the question.
Result<StockQuestion, std::string> parse_stock_question(std::string_view payload);

// {"status_code":200,"Message":"SUCCESS","Item":{...}}; without a position "Item":{}.
std::string write_stock_item_answer(const std::vector<StockPosition>& none_or_one);
// {"status_code":200,"Message":"SUCCESS","Itens":[...]}
std::string write_stock_scan_answer(const std::vector<StockPosition>& positions);
// {"status_code":400,"Message":"<what is wrong>"}
std::string write_stock_refusal(std::string_view message);

}  // namespace esteira::contracts
