#include "common/contracts/stock_position.hpp"

#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/contracts/fields.hpp"

namespace esteira::contracts {
namespace {

constexpr TextLimits kKey{1, kStockKeyCharactersMax};
constexpr TextLimits kName{0, kProductNameCharactersMax};
constexpr Range kQuantity{0, std::numeric_limits<std::int32_t>::max()};

void read_time(ObjectReader& in, const TimeRules& rules, StockPosition& position) {
    const bool misspelled = !in.raw(kPositionTimeKey).empty();
    const std::string_view right = in.raw(kPositionTimeKeyRightlySpelled);
    BusinessTime time;
    in.time(misspelled || right.empty() ? kPositionTimeKey : kPositionTimeKeyRightlySpelled, rules,
            time);
    if (misspelled && !right.empty() && json_text(right) != time.text) {
        in.refuse(std::string(kPositionTimeKey) + " and " +
                  std::string(kPositionTimeKeyRightlySpelled) + " are both there and differ");
    }
    position.data_posicao = std::move(time.text);
    position.instante = time.instant;
}

StockPosition read_position(ObjectReader& in, const TimeRules& rules) {
    StockPosition position;
    in.text("codigo_barra", kKey, position.codigo_barra);
    in.text("filial", kKey, position.filial);
    in.text("nome_produto", kName, position.nome_produto);
    std::int64_t quantity = 0;
    in.integer("qtd_estoque", kQuantity, quantity);
    position.qtd_estoque = static_cast<std::int32_t>(quantity);
    read_time(in, rules, position);
    return position;
}

nlohmann::ordered_json as_json(const StockPosition& position) {
    return {{"codigo_barra", position.codigo_barra},
            {"nome_produto", position.nome_produto},
            {"filial", position.filial},
            {"qtd_estoque", position.qtd_estoque},
            {kPositionTimeKey, position.data_posicao}};
}

}  // namespace

Result<std::vector<StockItem>, std::string> parse_stock_positions(std::string_view body,
                                                                  const Zone& zone, WallTime now) {
    const TimeRules rules{zone, now};
    return read_items<StockPosition>(body,
                                     [&](ObjectReader& in) { return read_position(in, rules); });
}

std::string write_stock_item(const StockPosition& position) { return as_json(position).dump(); }

std::string write_stock_message(const std::vector<StockPosition>& positions) {
    nlohmann::ordered_json body = nlohmann::ordered_json::array();
    for (const StockPosition& position : positions) {
        body.push_back(as_json(position));
    }
    return body.dump();
}

}  // namespace esteira::contracts
