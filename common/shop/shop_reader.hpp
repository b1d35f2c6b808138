#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/postgres/connection.hpp"

// The reading side of the e-commerce, for the query programs and the gateway. Every answer is JSON
// text; nothing: there is no such row. Throws postgres::Error.
namespace esteira::shop {

inline constexpr std::int64_t kOrdersMax = 1'000;  // Of one answer.

// One order with its lines and its customer, out of its row alone:
//
//   {"pedido_id", "cliente_id", "data" as received, "status", "total", "itens": [...],
//    "cliente": {...} or null, "atualizado_em": "2026-01-31T12:00:00Z"}
//
// If several customers have an order of this id, the newest one.
std::optional<std::string> order(postgres::Connection& connection, std::string_view pedido_id);

// The orders of a customer, an array of the same objects, the newest `data` first; at most `count`,
// 1..kOrdersMax. An empty array for a customer without orders.
std::string orders_of(postgres::Connection& connection, std::string_view cliente_id,
                      std::int64_t count);

// {"cliente_id", "nome", "email", "endereco", "data_nascimento", "preferencias", "atualizado_em"};
// what is not known is null.
std::optional<std::string> customer(postgres::Connection& connection, std::string_view cliente_id);

// {"produto_id", "nome", "descricao", "categoria", "preco", "estoque", "estoque_disponivel",
//  "atualizado_em"}: `estoque` as the newest count said, `estoque_disponivel` after what orders
//  have
// taken and given back since; below 0 when more was sold than there was.
std::optional<std::string> product(postgres::Connection& connection, std::string_view produto_id);

}  // namespace esteira::shop
