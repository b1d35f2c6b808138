#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/contracts/business_time.hpp"
#include "common/contracts/object_reader.hpp"

// What a point of sale says about the stock of one product in one branch.
//
//   {"codigo_barra": "0789...",      text, 1..64 characters; never a number: leading zeros count
//    "nome_produto": "Feijão",       text, at most 512 characters
//    "filial": "1001",               text, 1..64 characters
//    "qtd_estoque": 10,              integer, 0..2147483647
//    "data_atulizacao_posicao_estoque": "2024-05-01 10:00:00"}     see parse_time()
//
// The misspelled key is what the points of sale speak; the right spelling is taken as well. Other
// keys are kept: an item is stored as it was received. A message body is one item or an array.
namespace esteira::contracts {

inline constexpr std::size_t kStockKeyCharactersMax = 64;
inline constexpr std::size_t kProductNameCharactersMax = 512;
inline constexpr std::string_view kPositionTimeKey = "data_atulizacao_posicao_estoque";
inline constexpr std::string_view kPositionTimeKeyRightlySpelled =
    "data_atualizacao_posicao_estoque";

struct StockPosition {
    std::string codigo_barra;
    std::string filial;
    std::string nome_produto;
    std::int32_t qtd_estoque = 0;
    std::string data_posicao;  // As received.
    Instant instante;          // What data_posicao means; in [2000-01-01 UTC, now + 1 day].
    std::string item;          // The JSON object as received.

    bool operator==(const StockPosition&) const = default;
};

using StockItem = Item<StockPosition>;

// One entry per item, in their order. The error is the reason why the body as a whole cannot be
// read: too large, not JSON, too many items, or neither an object nor an array.
Result<std::vector<StockItem>, std::string> parse_stock_positions(std::string_view body,
                                                                  const Zone& zone, WallTime now);

// One item as JSON, keys in the order above, the time under the misspelled key. `item` and
// `instante` are not looked at.
std::string write_stock_item(const StockPosition& position);
// A message body: an array of items.
std::string write_stock_message(const std::vector<StockPosition>& positions);

}  // namespace esteira::contracts
