#include "producers/legacy_sales/database.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "common/contracts/money.hpp"

namespace esteira::legacy {
namespace {

constexpr std::uint64_t kRowsOfAStatement = 10'000;
constexpr std::array<std::string_view, 5> kRegions = {"Norte", "Sul", "Leste", "Oeste", "Centro"};

// One COPY-like statement: arrays are the fastest way in that the client knows.
constexpr postgres::Statement kInsert{
    "legacy_fill",
    "INSERT INTO sales (id, sale_date, product_id, customer_id, quantity, unit_price,"
    " total_value, seller_id, region)"
    " SELECT id, date '2023-01-01' + day, product, customer, quantity, price::numeric,"
    " total::numeric, seller, region FROM unnest($1::int8[], $2::int4[], $3::int4[], $4::int4[],"
    " $5::int4[], $6::text[], $7::text[], $8::int4[], $9::text[])"
    " AS s(id, day, product, customer, quantity, price, total, seller, region)"
    " ON CONFLICT (id) DO NOTHING"};

// SplitMix64: the sale of an id is made without those before it.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

using postgres::ArrayBuilder;
using postgres::ElementType;

struct Columns {
    ArrayBuilder id{ElementType::bigint};
    ArrayBuilder day{ElementType::integer};
    ArrayBuilder product{ElementType::integer};
    ArrayBuilder customer{ElementType::integer};
    ArrayBuilder quantity{ElementType::integer};
    ArrayBuilder price{ElementType::text};
    ArrayBuilder total{ElementType::text};
    ArrayBuilder seller{ElementType::integer};
    ArrayBuilder region{ElementType::text};

    void add(std::uint64_t number, std::uint64_t seed) {
        std::minstd_rand random(static_cast<std::uint_fast32_t>(mixed(mixed(seed) + number) | 1U));
        const auto below = [&](unsigned bound) {
            return static_cast<std::int32_t>(random() % bound);
        };
        const std::int32_t pieces = 1 + below(10);
        const contracts::Money unit{1'000 + below(49'000)};  // R$ 10.00 to R$ 499.99.
        id.add(static_cast<std::int64_t>(number));
        day.add(below(365));
        product.add(101 + below(10));
        customer.add(1'001 + below(1'000));
        quantity.add(pieces);
        price.add(contracts::write_money(unit));
        total.add(contracts::write_money({unit.centavos * pieces}));
        seller.add(1 + below(20));
        region.add(kRegions[static_cast<std::size_t>(below(kRegions.size()))]);
    }
};

}  // namespace

bool make_database(postgres::Connection& connection, const std::string& name) {
    const std::array parameters{postgres::text(name)};
    if (connection.execute("SELECT FROM pg_database WHERE datname = $1", parameters).count() > 0) {
        return false;
    }
    const auto quoted = connection.execute("SELECT format('CREATE DATABASE %I', $1)", parameters);
    connection.execute(std::string(quoted.text(0, 0)).c_str());
    return true;
}

bool make_table(postgres::Connection& connection) {
    if (connection
            .execute("SELECT FROM pg_tables WHERE schemaname = 'public'"
                     " AND tablename = 'sales'")
            .count() > 0) {
        return false;
    }
    connection.execute(
        "CREATE TABLE sales (id serial PRIMARY KEY, sale_date date NOT NULL,"
        " product_id integer NOT NULL, customer_id integer NOT NULL, quantity integer NOT NULL,"
        " unit_price numeric(10, 2) NOT NULL, total_value numeric(10, 2) NOT NULL,"
        " seller_id integer NOT NULL, region varchar(50) NOT NULL)");
    return true;
}

std::uint64_t fill(postgres::Connection& connection, std::uint64_t rows, std::uint64_t seed,
                   const std::function<void(std::uint64_t)>& told) {
    std::uint64_t written = 0;
    for (std::uint64_t first = 1; first <= rows; first += kRowsOfAStatement) {
        const std::uint64_t last = std::min(first + kRowsOfAStatement - 1, rows);
        Columns columns;
        for (std::uint64_t number = first; number <= last; ++number) {
            columns.add(number, seed);
        }
        const std::array parameters{
            columns.id.take(),       columns.day.take(),      columns.product.take(),
            columns.customer.take(), columns.quantity.take(), columns.price.take(),
            columns.total.take(),    columns.seller.take(),   columns.region.take()};
        written += static_cast<std::uint64_t>(connection.execute(kInsert, parameters).affected());
        if (told) {
            told(last);
        }
    }
    // The next sale of the shop itself gets the next number.
    connection.execute(
        "SELECT setval('sales_id_seq', greatest(max(id), 1), max(id) IS NOT NULL) FROM sales");
    return written;
}

}  // namespace esteira::legacy
