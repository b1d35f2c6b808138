#include "workers/order_ingest/store.hpp"

#include <array>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/postgres/schema.hpp"

// One transaction a call. First it locks the customers and the products that it is about, each in
// the order of their keys, so that two workers never wait for each other in a circle; a row that is
// not there yet is made, known by its id alone. So a customer and the orders of that customer, a
// count of a product and the orders that take from it, are written one after the other, and every
// later statement sees what the one before has committed.
namespace esteira::order_ingest {
namespace {

using contracts::Cart;
using contracts::Customer;
using contracts::Order;
using contracts::Product;
using postgres::array_of;
using postgres::Connection;
using postgres::ElementType;
using postgres::Parameter;
using postgres::Statement;

constexpr Statement kMakeCustomers{
    "orders_make_customers",
    "INSERT INTO esteira.clientes (cliente_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"};
constexpr Statement kLockCustomers{"orders_lock_customers",
                                   "SELECT FROM esteira.clientes WHERE cliente_id = ANY($1::text[])"
                                   " ORDER BY cliente_id FOR NO KEY UPDATE"};
constexpr Statement kMakeProducts{
    "orders_make_products",
    "INSERT INTO esteira.produtos (produto_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"};
constexpr Statement kLockProducts{"orders_lock_products",
                                  "SELECT FROM esteira.produtos WHERE produto_id = ANY($1::text[])"
                                  " ORDER BY produto_id FOR NO KEY UPDATE"};

// What an order's row holds of a customer that did not come in it: a bounded part, since a customer
// who changes is copied into all of the orders that came without one.
#define ESTEIRA_CUSTOMER                                                              \
    "json_build_object('cliente_id', c.cliente_id, 'nome', c.nome, 'email', c.email," \
    " 'endereco', c.endereco, 'data_nascimento', c.data_nascimento)"

constexpr Statement kCustomers{"orders_customers", R"(
WITH newest AS (
    SELECT DISTINCT ON (cliente_id) *
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                $7::timestamptz[], $8::json[])
         AS n(cliente_id, nome, email, endereco, data_nascimento, preferencias, instante, item)
    ORDER BY cliente_id, instante DESC, item::text COLLATE "C" DESC
), changed AS (
    INSERT INTO esteira.clientes AS kept
        (cliente_id, nome, email, endereco, data_nascimento, preferencias, instante, item)
    SELECT cliente_id, nome, nullif(email, ''), nullif(endereco, ''),
           nullif(data_nascimento, '')::date, nullif(preferencias, '')::json, instante, item
    FROM newest
    ON CONFLICT (cliente_id) DO UPDATE SET
        nome = excluded.nome, email = excluded.email, endereco = excluded.endereco,
        data_nascimento = excluded.data_nascimento, preferencias = excluded.preferencias,
        instante = excluded.instante, item = excluded.item, inserido_em = excluded.inserido_em
    WHERE kept.instante IS NULL OR (excluded.instante, excluded.item::text COLLATE "C")
                                   > (kept.instante, kept.item::text COLLATE "C")
    RETURNING cliente_id, nome, email, endereco, data_nascimento
), copied AS (
    UPDATE esteira.pedidos AS p SET cliente = )" ESTEIRA_CUSTOMER R"(
    FROM changed AS c WHERE p.cliente_id = c.cliente_id AND NOT p.cliente_embutido
)
SELECT count(*) FROM changed)"};

// A new count holds what happened before it; what orders have done since is added up anew.
constexpr Statement kProducts{"orders_products", R"(
WITH newest AS (
    SELECT DISTINCT ON (produto_id) *
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                $7::timestamptz[], $8::json[])
         AS n(produto_id, nome, descricao, categoria, preco, estoque, instante, item)
    ORDER BY produto_id, instante DESC, item::text COLLATE "C" DESC
), changed AS (
    INSERT INTO esteira.produtos AS kept
        (produto_id, nome, descricao, categoria, preco, estoque, movimento, instante, item)
    SELECT produto_id, nome, nullif(descricao, ''), nullif(categoria, ''), preco::numeric,
           estoque::bigint,
           (SELECT coalesce(sum(CASE WHEN m.saida_em > n.instante THEN -m.quantidade ELSE 0 END
                                + CASE WHEN m.devolucao_em > n.instante THEN m.quantidade
                                       ELSE 0 END), 0)::bigint
            FROM esteira.estoque_movimentos AS m
            WHERE m.produto_id = n.produto_id AND m.ultimo_em > n.instante),
           instante, item
    FROM newest AS n
    ON CONFLICT (produto_id) DO UPDATE SET
        nome = excluded.nome, descricao = excluded.descricao, categoria = excluded.categoria,
        preco = excluded.preco, estoque = excluded.estoque, movimento = excluded.movimento,
        instante = excluded.instante, item = excluded.item, inserido_em = excluded.inserido_em
    WHERE kept.instante IS NULL OR (excluded.instante, excluded.item::text COLLATE "C")
                                   > (kept.instante, kept.item::text COLLATE "C")
    RETURNING produto_id
)
SELECT count(*) FROM changed)"};

// What an order takes is the difference to what its version before took: nothing the second time.
constexpr Statement kOrders{"orders_orders", R"(
WITH newest AS (
    SELECT DISTINCT ON (cliente_id, pedido_id) *
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::int4[], $6::text[],
                $7::json[], $8::json[], $9::timestamptz[], $10::json[])
         AS n(cliente_id, pedido_id, data, status, etapa, total, itens, cliente, instante, item)
    ORDER BY cliente_id, pedido_id, instante DESC, etapa DESC, item::text COLLATE "C" DESC
), before AS MATERIALIZED (
    SELECT p.cliente_id, p.pedido_id, p.data, p.etapa, p.instante, p.itens
    FROM newest JOIN esteira.pedidos AS p USING (cliente_id, pedido_id)
), written AS (
    INSERT INTO esteira.pedidos AS kept
        (cliente_id, pedido_id, data, status, etapa, total, itens, cliente, cliente_embutido,
         instante, item)
    SELECT n.cliente_id, n.pedido_id, n.data, n.status, n.etapa, n.total::numeric,
           n.itens::jsonb, CASE WHEN n.cliente::text <> 'null' THEN n.cliente
                               WHEN c.instante IS NOT NULL THEN )" ESTEIRA_CUSTOMER R"( END,
           n.cliente::text <> 'null', n.instante, n.item
    FROM newest AS n LEFT JOIN esteira.clientes AS c USING (cliente_id)
    ON CONFLICT (cliente_id, pedido_id) DO UPDATE SET
        data = excluded.data, status = excluded.status, etapa = excluded.etapa,
        total = excluded.total, itens = excluded.itens, cliente = excluded.cliente,
        cliente_embutido = excluded.cliente_embutido, instante = excluded.instante,
        item = excluded.item, inserido_em = excluded.inserido_em
    WHERE (excluded.instante, excluded.etapa, excluded.item::text COLLATE "C")
          > (kept.instante, kept.etapa, kept.item::text COLLATE "C")
    RETURNING cliente_id, pedido_id, data, etapa, instante, itens
), versions AS (
    SELECT 1 AS sign, * FROM written
    UNION ALL
    SELECT -1, b.* FROM before AS b JOIN written USING (cliente_id, pedido_id)
), lines AS (
    SELECT v.sign, l.produto_id, v.cliente_id, v.pedido_id,
           sum(l.quantidade)::bigint AS quantidade, v.data AS saida_em,
           CASE WHEN v.etapa = 3 THEN v.instante END AS devolucao_em
    FROM versions AS v, jsonb_to_recordset(v.itens) AS l(produto_id text, quantidade bigint)
    GROUP BY 1, 2, 3, 4, 6, 7
), moved AS (
    INSERT INTO esteira.estoque_movimentos
        (produto_id, cliente_id, pedido_id, quantidade, saida_em, devolucao_em)
    SELECT DISTINCT ON (produto_id, cliente_id, pedido_id)
           produto_id, cliente_id, pedido_id, CASE WHEN sign = 1 THEN quantidade ELSE 0 END,
           saida_em, devolucao_em
    FROM lines ORDER BY produto_id, cliente_id, pedido_id, sign DESC
    ON CONFLICT (produto_id, cliente_id, pedido_id) DO UPDATE SET
        quantidade = excluded.quantidade, saida_em = excluded.saida_em,
        devolucao_em = excluded.devolucao_em
), stock AS (
    UPDATE esteira.produtos AS p SET movimento = p.movimento + d.difference
    FROM (SELECT q.produto_id,
                 sum(sign * (CASE WHEN saida_em > q.instante THEN -quantidade ELSE 0 END
                             + CASE WHEN devolucao_em > q.instante THEN quantidade
                                    ELSE 0 END))::bigint AS difference
          FROM lines JOIN esteira.produtos AS q USING (produto_id)
          WHERE q.instante IS NOT NULL
          GROUP BY q.produto_id) AS d
    WHERE p.produto_id = d.produto_id AND d.difference <> 0
)
SELECT count(*) FROM written)"};

#undef ESTEIRA_CUSTOMER

constexpr Statement kCarts{"orders_carts", R"(
WITH newest AS (
    SELECT DISTINCT ON (cliente_id, carrinho_id) *
    FROM unnest($1::text[], $2::text[], $3::json[], $4::text[], $5::timestamptz[], $6::json[])
         AS n(cliente_id, carrinho_id, itens, total, instante, item)
    ORDER BY cliente_id, carrinho_id, instante DESC, item::text COLLATE "C" DESC
), changed AS (
    INSERT INTO esteira.carrinhos AS kept (cliente_id, carrinho_id, itens, total, instante, item)
    SELECT cliente_id, carrinho_id, itens::jsonb, total::numeric, instante, item FROM newest
    ON CONFLICT (cliente_id, carrinho_id) DO UPDATE SET
        itens = excluded.itens, total = excluded.total, instante = excluded.instante,
        item = excluded.item, inserido_em = excluded.inserido_em
    WHERE (excluded.instante, excluded.item::text COLLATE "C")
          > (kept.instante, kept.item::text COLLATE "C")
    RETURNING carrinho_id
)
SELECT count(*) FROM changed)"};

template <class Row>
using Pointers = std::vector<const Row*>;

template <class Row, class Value>
Parameter texts(const Pointers<Row>& rows, const Value& value_of, ElementType type) {
    ESTEIRA_CHECK(type == ElementType::text || type == ElementType::json);
    return array_of(type, rows, [&](const Row* row) { return std::string(value_of(*row)); });
}
template <class Row>
Parameter texts(const Pointers<Row>& rows, std::string Row::*member,
                ElementType type = ElementType::text) {
    return array_of(type, rows, [&](const Row* row) { return std::string_view(row->*member); });
}
template <class Row>
Parameter instants(const Pointers<Row>& rows) {
    return array_of(ElementType::instant, rows, [](const Row* row) { return row->instante; });
}

std::size_t count_of(const postgres::Rows& rows) {
    return static_cast<std::size_t>(rows.integer(0, 0));
}

// The ids are sorted as bytes, as the columns compare.
void lock(Connection& connection, const Statement& make, const Statement& lock,
          const std::set<std::string_view>& ids) {
    if (ids.empty()) {
        return;
    }
    const std::array parameters{
        array_of(ElementType::text, ids, [](std::string_view id) { return id; })};
    connection.execute(make, parameters);
    connection.execute(lock, parameters);
}

void lock_all(Connection& connection, const ShopRows& rows) {
    std::set<std::string_view> customers;
    std::set<std::string_view> products;
    for (const Customer* customer : rows.customers) {
        customers.insert(customer->cliente_id);
    }
    for (const Product* product : rows.products) {
        products.insert(product->produto_id);
    }
    for (const Order* order : rows.orders) {
        customers.insert(order->cliente_id);
        for (const contracts::OrderLine& line : order->itens) {
            products.insert(line.produto_id);
        }
    }
    lock(connection, kMakeCustomers, kLockCustomers, customers);
    lock(connection, kMakeProducts, kLockProducts, products);
}

std::size_t write_customers(Connection& connection, const Pointers<Customer>& rows) {
    const auto birth = [](const Customer& customer) {
        return customer.data_nascimento ? contracts::write_day(*customer.data_nascimento) : "";
    };
    const std::array parameters{texts(rows, &Customer::cliente_id),
                                texts(rows, &Customer::nome),
                                texts(rows, &Customer::email),
                                texts(rows, &Customer::endereco),
                                texts(rows, birth, ElementType::text),
                                texts(rows, &Customer::preferencias),
                                instants(rows),
                                texts(rows, &Customer::item, ElementType::json)};
    return count_of(connection.execute(kCustomers, parameters));
}

std::size_t write_products(Connection& connection, const Pointers<Product>& rows) {
    const auto price = [](const Product& product) { return contracts::write_money(product.preco); };
    const auto stock = [](const Product& product) { return std::to_string(product.estoque); };
    const std::array parameters{texts(rows, &Product::produto_id),
                                texts(rows, &Product::nome),
                                texts(rows, &Product::descricao),
                                texts(rows, &Product::categoria),
                                texts(rows, price, ElementType::text),
                                texts(rows, stock, ElementType::text),
                                instants(rows),
                                texts(rows, &Product::item, ElementType::json)};
    return count_of(connection.execute(kProducts, parameters));
}

std::size_t write_orders(Connection& connection, const Pointers<Order>& rows) {
    const auto status = [](const Order& order) { return contracts::to_string(order.status); };
    const auto total = [](const Order& order) { return contracts::write_money(order.total); };
    const auto lines = [](const Order& order) { return contracts::write_order_lines(order.itens); };
    const auto customer = [](const Order& order) {
        return order.cliente ? std::string_view(order.cliente->item) : "null";
    };
    const std::array parameters{
        texts(rows, &Order::cliente_id),
        texts(rows, &Order::pedido_id),
        array_of(ElementType::instant, rows, [](const Order* row) { return row->data.instant; }),
        texts(rows, status, ElementType::text),
        array_of(ElementType::integer, rows,
                 [](const Order* row) { return static_cast<std::int32_t>(row->status); }),
        texts(rows, total, ElementType::text),
        texts(rows, lines, ElementType::json),
        texts(rows, customer, ElementType::json),
        instants(rows),
        texts(rows, &Order::item, ElementType::json)};
    return count_of(connection.execute(kOrders, parameters));
}

std::size_t write_carts(Connection& connection, const Pointers<Cart>& rows) {
    const auto lines = [](const Cart& cart) { return contracts::write_cart_lines(cart.itens); };
    const auto total = [](const Cart& cart) { return contracts::write_money(cart.total); };
    const std::array parameters{texts(rows, &Cart::cliente_id),
                                texts(rows, &Cart::carrinho_id),
                                texts(rows, lines, ElementType::json),
                                texts(rows, total, ElementType::text),
                                instants(rows),
                                texts(rows, &Cart::item, ElementType::json)};
    return count_of(connection.execute(kCarts, parameters));
}

}  // namespace

PostgresShopStore::PostgresShopStore(postgres::ConnectionSettings settings)
    : session_(std::move(settings)) {}

void PostgresShopStore::require_ready() { postgres::require_ready(session_.connection()); }

std::size_t PostgresShopStore::write(const ShopRows& rows) {
    return session_.run([&](Connection& connection) {
        postgres::Transaction transaction(connection);
        lock_all(connection, rows);
        std::size_t written = 0;
        if (!rows.customers.empty()) {
            written += write_customers(connection, rows.customers);
        }
        if (!rows.products.empty()) {
            written += write_products(connection, rows.products);
        }
        if (!rows.orders.empty()) {
            written += write_orders(connection, rows.orders);
        }
        if (!rows.carts.empty()) {
            written += write_carts(connection, rows.carts);
        }
        transaction.commit();
        return written;
    });
}

}  // namespace esteira::order_ingest
