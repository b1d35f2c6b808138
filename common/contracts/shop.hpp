#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/contracts/money.hpp"
#include "common/contracts/object_reader.hpp"

// What an e-commerce says about its customers, products, orders and carts.
//
//   {"cliente_id": "...",            text, 1..64 characters; a UUID as a rule
//    "nome": "...",                  text, 1..200
//    "email": "...",                 text, at most 254 *
//    "endereco": "...",              text, at most 500; may hold line ends *
//    "data_nascimento": "1990-12-31",  a day from 1900 on *
//    "preferencias": ...,            whatever JSON *
//    "atualizado_em": "..."}         see below *
//
//   {"produto_id", "nome" (1..200), "descricao" (at most 2000) *, "categoria" (at most 100) *,
//    "preco": 12.30, "estoque": 5 (-1000000000..1000000000), "atualizado_em" *}
//
//   {"pedido_id", "cliente_id", "data": time, "status": one of kOrderStatusWords,
//    "total": 24.60, "itens": [1..1000 of {"item_id" *, "produto_id", "quantidade": 1..1000000,
//    "preco_unitario": 12.30}], "cliente": {a customer} *, "atualizado_em" *}
//
//   {"carrinho_id", "cliente_id", "itens": [0..1000 of {"produto_id", "quantidade",
//    "preco_unitario" *}], "total", "atualizado_em" *}
//
// What has a * may be missing or null. Other keys are kept: everything is stored as it was
// received. Amounts are JSON numbers or texts of numbers, see parse_money(); times see
// parse_time(). A message body is one of these or an array, mixed as you like; what an object is
// follows from the first of carrinho_id, pedido_id, produto_id, cliente_id that it has.
//
// The newest version of each wins. An order's time is `atualizado_em`, else `data`; of the others
// `atualizado_em`, else when the message was sent. Of two versions of one time the one whose status
// is further, then the one whose text is greater as bytes: the outcome does not depend on the order
// of arrival.
namespace esteira::contracts {

struct Customer {
    std::string cliente_id;
    std::string nome;
    std::string email;
    std::string endereco;
    std::optional<std::chrono::year_month_day> data_nascimento;
    std::string preferencias;  // JSON as received; empty: none.
    Instant instante;          // Of this version.
    std::string item;          // The JSON object as received.
};

struct Product {
    std::string produto_id;
    std::string nome;
    std::string descricao;
    std::string categoria;
    Money preco;
    std::int64_t estoque = 0;
    Instant instante;
    std::string item;
};

// In the order in which an order goes through them.
enum class OrderStatus : std::uint8_t { pendente, enviado, entregue, cancelado };
inline constexpr std::string_view kOrderStatusWords[] = {"Pendente", "Enviado", "Entregue",
                                                         "Cancelado"};
inline std::string_view to_string(OrderStatus status) {
    return kOrderStatusWords[static_cast<std::size_t>(status)];
}

struct OrderLine {
    std::string item_id;
    std::string produto_id;
    std::int64_t quantidade = 0;
    Money preco_unitario;
};

struct Order {
    std::string pedido_id;
    std::string cliente_id;
    BusinessTime data;
    OrderStatus status = OrderStatus::pendente;
    Money total;  // The sum of its lines, to the centavo.
    std::vector<OrderLine> itens;
    std::optional<Customer> cliente;  // Embedded; its cliente_id is the order's.
    Instant instante;
    std::string item;
};

struct CartLine {
    std::string produto_id;
    std::int64_t quantidade = 0;
    std::optional<Money> preco_unitario;
};

struct Cart {
    std::string carrinho_id;
    std::string cliente_id;
    std::vector<CartLine> itens;
    Money total;  // The sum of its lines, where all of them have a price.
    Instant instante;
    std::string item;
};

using ShopEntity = std::variant<Customer, Product, Order, Cart>;

// One entry per item, in their order. `sent_at` is the time of what has none of its own. The error
// is the reason why the body as a whole cannot be read.
Result<std::vector<Item<ShopEntity>>, std::string> parse_shop(std::string_view body,
                                                              const TimeRules& rules,
                                                              WallTime sent_at);

// As JSON, with the keys in the order above; what is empty is left out, and so is `atualizado_em`
// when it is. `instante` and `item` are not looked at.
std::string write_customer(const Customer& customer, std::string_view atualizado_em = {});
std::string write_product(const Product& product, std::string_view atualizado_em = {});
std::string write_order(const Order& order, std::string_view atualizado_em = {});
std::string write_cart(const Cart& cart, std::string_view atualizado_em = {});
// The lines alone: a JSON array.
std::string write_order_lines(const std::vector<OrderLine>& lines);
std::string write_cart_lines(const std::vector<CartLine>& lines);

}  // namespace esteira::contracts
