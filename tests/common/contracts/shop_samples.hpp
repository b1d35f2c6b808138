#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "common/contracts/shop.hpp"
#include "tests/common/contracts/refusal.hpp"

// One good object of each kind that a shop speaks of, for tests to spoil.
namespace esteira::contracts {

using Json = nlohmann::ordered_json;
using Change = std::function<void(Json&)>;

inline Json customer() {
    return {{"cliente_id", "c-1"},
            {"nome", "Ana Conceição"},
            {"email", "ana@loja.example"},
            {"endereco", "Rua A, 1\nSão Paulo"},
            {"data_nascimento", "1990-12-31"},
            {"preferencias", {{"cor", "azul"}}},
            {"atualizado_em", "2024-04-30 10:00:00"}};
}

inline Json product() {
    return {{"produto_id", "p-1"},
            {"nome", "Feijão"},
            {"descricao", "Preto"},
            {"categoria", "Grãos"},
            {"preco", "12.30"},
            {"estoque", 5},
            {"atualizado_em", "2024-04-30 10:00:00"}};
}

inline Json order() {
    return {{"pedido_id", "o-1"},
            {"cliente_id", "c-1"},
            {"data", "2024-04-30 09:00:00"},
            {"status", "Enviado"},
            {"total", "27.10"},
            {"itens",
             {{{"item_id", "i-1"},
               {"produto_id", "p-1"},
               {"quantidade", 2},
               {"preco_unitario", "12.30"}},
              {{"item_id", "i-2"},
               {"produto_id", "p-1"},
               {"quantidade", 1},
               {"preco_unitario", "2.50"}}}},
            {"cliente", customer()},
            {"atualizado_em", "2024-04-30 10:00:00"}};
}

inline Json cart() {
    return {{"carrinho_id", "k-1"},
            {"cliente_id", "c-1"},
            {"itens",
             {{{"produto_id", "p-1"}, {"quantidade", 2}, {"preco_unitario", "12.30"}},
              {{"produto_id", "p-2"}, {"quantidade", 1}, {"preco_unitario", "2.50"}}}},
            {"total", "27.10"},
            {"atualizado_em", "2024-04-30 10:00:00"}};
}

inline const WallTime kSent = kNow - std::chrono::hours(1);

inline auto parse_shop_now(std::string_view body) { return parse_shop(body, kRules, kSent); }

// Why `entity` is refused.
inline std::string shop_reason(const std::string& entity) {
    return refusal(parse_shop_now, customer().dump(), entity);
}
inline std::string shop_reason(Json entity, const Change& change) {
    change(entity);
    return shop_reason(entity.dump());
}
inline std::string without(Json entity, const char* key) {
    return shop_reason(std::move(entity), [&](Json& it) { it.erase(key); });
}
template <class Value>
std::string with(Json entity, const char* key, const Value& value) {
    return shop_reason(std::move(entity), [&](Json& it) { it[key] = value; });
}

// The only entity of a body; the test fails when there is none of that kind.
template <class Entity>
Entity shop_entity(const std::string& body) {
    const auto items = parse_shop_now(body);
    if (!items || items.value().size() != 1 || !items.value()[0] ||
        !std::holds_alternative<Entity>(items.value()[0].value())) {
        ADD_FAILURE() << "no such entity: " << body;
        return {};
    }
    return std::get<Entity>(items.value()[0].value());
}

}  // namespace esteira::contracts
