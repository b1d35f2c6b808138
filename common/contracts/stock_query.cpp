#include "common/contracts/stock_query.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "common/contracts/fields.hpp"
#include "common/contracts/json_scan.hpp"

namespace esteira::contracts {
namespace {

std::string_view value_of(const JsonElement& element, std::string_view key) {
    for (const JsonField& field : element.fields) {
        if (field.key == key) {
            return field.value;
        }
    }
    return {};
}

std::string read_count(std::string_view value, std::int32_t& count) {
    const std::string allowed =
        "an integer within 1.." + std::to_string(kScanItemsMax) + " is expected";
    if (value.empty()) {
        return "quantidade_itens is missing; " + allowed;
    }
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    const bool whole = error == std::errc{} && end == value.data() + value.size();
    if (!whole || count < 1 || count > kScanItemsMax) {
        return "quantidade_itens is " + excerpt(value) + "; " + allowed;
    }
    return {};
}

// Returns the reason why not; empty when it was read.
std::string read_question(const JsonElement& element, StockQuestion& question) {
    if (element.flaw != JsonFlaw::none) {
        return std::string(describe(element.flaw));
    }
    std::string kind;
    std::string reason = read_text("query_type", value_of(element, "query_type"), {0, 64}, kind);
    if (!reason.empty()) {
        return reason;
    }
    if (kind == "scan") {
        auto& scan = question.emplace<StockScan>();
        return read_count(value_of(element, "quantidade_itens"), scan.quantidade_itens);
    }
    if (kind != "query") {
        return "query_type is \"" + kind + "\"; \"query\" or \"scan\" is expected";
    }
    auto& key = question.emplace<StockKey>();
    constexpr TextLimits kKey{1, kStockKeyCharactersMax};
    reason = read_text("codigo_barra", value_of(element, "codigo_barra"), kKey, key.codigo_barra);
    if (!reason.empty()) {
        return reason;
    }
    return read_text("filial", value_of(element, "filial"), kKey, key.filial);
}

nlohmann::ordered_json as_answer(const StockPosition& position) {
    return {{"nome_produto", position.nome_produto},
            {"filial", position.filial},
            {kPositionTimeKey, position.data_posicao},
            {"qtd_estoque", position.qtd_estoque},
            {"codigo_barra", position.codigo_barra}};
}

std::string success(const char* key, nlohmann::ordered_json content) {
    nlohmann::ordered_json answer = {{"status_code", 200}, {"Message", "SUCCESS"}};
    answer[key] = std::move(content);
    return answer.dump();
}

}  // namespace

Result<StockQuestion, std::string> parse_stock_question(std::string_view payload) {
    StockQuestion question;
    std::string reason;
    const auto failed = read_elements(
        payload, [&](const JsonElement& element) { reason = read_question(element, question); });
    if (failed) {
        return *failed;
    }
    if (JsonScanner(payload).peek() == '[') {
        return std::string("the body is an array; one object is expected");
    }
    if (!reason.empty()) {
        return reason;
    }
    return question;
}

std::string write_stock_item_answer(const std::vector<StockPosition>& none_or_one) {
    auto item = nlohmann::ordered_json::object();
    if (!none_or_one.empty()) {
        item = as_answer(none_or_one.front());
    }
    return success("Item", std::move(item));
}

std::string write_stock_scan_answer(const std::vector<StockPosition>& positions) {
    auto items = nlohmann::ordered_json::array();
    for (const StockPosition& position : positions) {
        items.push_back(as_answer(position));
    }
    return success("Itens", std::move(items));
}

std::string write_stock_refusal(std::string_view message) {
    const nlohmann::ordered_json answer = {{"status_code", 400}, {"Message", message}};
    return answer.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace esteira::contracts
