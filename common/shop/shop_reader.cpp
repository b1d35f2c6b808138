#include "common/shop/shop_reader.hpp"

#include <array>

namespace esteira::shop {
namespace {

using postgres::Connection;
using postgres::Statement;

#define ESTEIRA_UTC(column) \
    "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
#define ESTEIRA_ORDER                                                                           \
    "json_build_object('pedido_id', pedido_id, 'cliente_id', cliente_id, 'data', item->'data'," \
    " 'status', status, 'total', total, 'itens', itens, 'cliente', cliente,"                    \
    " 'atualizado_em', " ESTEIRA_UTC("instante") ")"

constexpr Statement kOrder{"shop_order", "SELECT " ESTEIRA_ORDER
                                         " FROM esteira.pedidos WHERE pedido_id = $1"
                                         " ORDER BY instante DESC, cliente_id LIMIT 1"};
constexpr Statement kOrders{"shop_orders",
                            "SELECT coalesce(json_agg(o.pedido), '[]') FROM (SELECT " ESTEIRA_ORDER
                            " AS pedido FROM esteira.pedidos WHERE cliente_id = $1"
                            " ORDER BY data DESC, pedido_id LIMIT $2) AS o"};
constexpr Statement kCustomer{
    "shop_customer",
    "SELECT json_build_object('cliente_id', cliente_id, 'nome', nome, 'email', email,"
    " 'endereco', endereco, 'data_nascimento', data_nascimento, 'preferencias', preferencias,"
    " 'atualizado_em', " ESTEIRA_UTC("instante") ")"
    " FROM esteira.clientes WHERE cliente_id = $1 AND instante IS NOT NULL"};
constexpr Statement kProduct{
    "shop_product",
    "SELECT json_build_object('produto_id', produto_id, 'nome', nome, 'descricao', descricao,"
    " 'categoria', categoria, 'preco', preco, 'estoque', estoque,"
    " 'estoque_disponivel', estoque_disponivel, 'atualizado_em', " ESTEIRA_UTC("instante") ")"
    " FROM esteira.produtos WHERE produto_id = $1 AND instante IS NOT NULL"};

#undef ESTEIRA_ORDER
#undef ESTEIRA_UTC

std::optional<std::string> one(Connection& connection, const Statement& statement,
                               std::string_view id) {
    const std::array parameters{postgres::text(id)};
    const postgres::Rows rows = connection.execute(statement, parameters);
    return rows.count() == 0 ? std::nullopt : std::optional(std::string(rows.text(0, 0)));
}

}  // namespace

std::optional<std::string> order(Connection& connection, std::string_view pedido_id) {
    return one(connection, kOrder, pedido_id);
}

std::string orders_of(Connection& connection, std::string_view cliente_id, std::int64_t count) {
    const std::array parameters{postgres::text(cliente_id), postgres::integer(count)};
    return std::string(connection.execute(kOrders, parameters).text(0, 0));
}

std::optional<std::string> customer(Connection& connection, std::string_view cliente_id) {
    return one(connection, kCustomer, cliente_id);
}

std::optional<std::string> product(Connection& connection, std::string_view produto_id) {
    return one(connection, kProduct, produto_id);
}

}  // namespace esteira::shop
