#include "common/contracts/stock_position.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <nlohmann/json.hpp>

#include "common/contracts/fields.hpp"
#include "common/contracts/json_scan.hpp"

namespace esteira::contracts {
namespace {

constexpr Instant kOldest = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);

// The values of the keys that the contract knows, as written; empty where the key is missing.
struct KnownFields {
    std::string_view codigo_barra, filial, nome_produto, qtd_estoque;
    std::string_view time, time_rightly_spelled;
};

KnownFields known_fields(const std::vector<JsonField>& fields) {
    KnownFields known;
    for (const JsonField& field : fields) {
        if (field.key == "codigo_barra") {
            known.codigo_barra = field.value;
        }
        if (field.key == "filial") {
            known.filial = field.value;
        }
        if (field.key == "nome_produto") {
            known.nome_produto = field.value;
        }
        if (field.key == "qtd_estoque") {
            known.qtd_estoque = field.value;
        }
        if (field.key == kPositionTimeKey) {
            known.time = field.value;
        }
        if (field.key == kPositionTimeKeyRightlySpelled) {
            known.time_rightly_spelled = field.value;
        }
    }
    return known;
}

// Each reader returns the reason why not; empty means that the value was read.
std::string read_quantity(std::string_view value, std::int32_t& quantity) {
    if (value.empty()) {
        return "qtd_estoque is missing";
    }
    if (kind_of(value) != "a number") {
        return "qtd_estoque is " + std::string(kind_of(value)) + "; an integer is expected";
    }
    if (value.find_first_of(".eE") != std::string_view::npos) {
        return "qtd_estoque " + excerpt(value) + " is not written as an integer";
    }
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool fits =
        error == std::errc{} && number >= 0 && number <= std::numeric_limits<std::int32_t>::max();
    if (!fits) {
        return "qtd_estoque " + excerpt(value) + " is not within 0..2147483647";
    }
    quantity = static_cast<std::int32_t>(number);
    return {};
}

std::string read_time(const KnownFields& known, const Zone& zone, WallTime now,
                      StockPosition& position) {
    const std::string misspelled(kPositionTimeKey);
    const bool both = !known.time.empty() && !known.time_rightly_spelled.empty();
    const bool right = known.time.empty() && !known.time_rightly_spelled.empty();
    const std::string key = right ? std::string(kPositionTimeKeyRightlySpelled) : misspelled;
    const std::string_view value = right ? known.time_rightly_spelled : known.time;
    if (auto reason = read_text(key, value, {1, 64}, position.data_posicao); !reason.empty()) {
        return reason;
    }
    if (both && json_text(known.time_rightly_spelled) != position.data_posicao) {
        return misspelled + " and " + std::string(kPositionTimeKeyRightlySpelled) +
               " are both there and differ";
    }
    const auto instant = parse_time(position.data_posicao, zone);
    if (!instant) {
        return key + " " + excerpt(value) + " " + instant.error();
    }
    if (instant.value() < kOldest || instant.value() > now + std::chrono::days(1)) {
        return key + " " + excerpt(value) + " is not between 2000-01-01 and one day from now";
    }
    position.instante = instant.value();
    return {};
}

StockItem read_item(const JsonElement& element, const Zone& zone, WallTime now) {
    const auto bad = [&](std::string reason) {
        return StockItem(BadItem{std::string(element.text), std::move(reason)});
    };
    if (element.flaw != JsonFlaw::none) {
        return bad(std::string(describe(element.flaw)));
    }
    if (!element.is_object()) {
        return bad("the item is " + std::string(kind_of(element.text)) + "; an object is expected");
    }
    const KnownFields known = known_fields(element.fields);
    StockPosition position;
    constexpr TextLimits kKey{1, kStockKeyCharactersMax};
    std::string reason = read_text("codigo_barra", known.codigo_barra, kKey, position.codigo_barra);
    if (reason.empty()) {
        reason = read_text("filial", known.filial, kKey, position.filial);
    }
    if (reason.empty()) {
        reason = read_text("nome_produto", known.nome_produto, {0, kProductNameCharactersMax},
                           position.nome_produto);
    }
    if (reason.empty()) {
        reason = read_quantity(known.qtd_estoque, position.qtd_estoque);
    }
    if (reason.empty()) {
        reason = read_time(known, zone, now, position);
    }
    if (!reason.empty()) {
        return bad(std::move(reason));
    }
    position.item = element.text;
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
    std::vector<StockItem> items;
    const auto failed = read_elements(
        body, [&](const JsonElement& element) { items.push_back(read_item(element, zone, now)); });
    if (failed) {
        return *failed;
    }
    return items;
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
