#include "workers/upsert_stock/store.hpp"

#include <array>
#include <utility>

#include "common/postgres/schema.hpp"

namespace esteira::upsert_stock {
namespace {

using contracts::StockPosition;
using postgres::array_of;
using postgres::ElementType;

// One statement is the whole transaction: the row is locked before its time is looked at, so an
// older position can never overwrite a newer one, whoever else is writing.
constexpr postgres::Statement kUpsert{"upsert_stock", R"(
INSERT INTO esteira.estoque_posicao AS kept
    (codigo_barra, filial, nome_produto, qtd_estoque, data_posicao, instante, item)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int4[], $5::text[],
                     $6::timestamptz[], $7::json[])
ON CONFLICT (codigo_barra, filial) DO UPDATE SET
    nome_produto = excluded.nome_produto,
    qtd_estoque = excluded.qtd_estoque,
    data_posicao = excluded.data_posicao,
    instante = excluded.instante,
    item = excluded.item,
    inserido_em = excluded.inserido_em
WHERE excluded.instante > kept.instante)"};

using Rows = std::span<const StockPosition* const>;

postgres::Parameter texts(ElementType type, Rows rows, std::string StockPosition::*member) {
    return array_of(type, rows,
                    [member](const StockPosition* row) { return std::string_view(row->*member); });
}

}  // namespace

PostgresStockStore::PostgresStockStore(postgres::ConnectionSettings settings)
    : session_(std::move(settings)) {}

void PostgresStockStore::require_ready() { postgres::require_ready(session_.connection()); }

std::size_t PostgresStockStore::upsert(Rows rows) {
    const std::array parameters{texts(ElementType::text, rows, &StockPosition::codigo_barra),
                                texts(ElementType::text, rows, &StockPosition::filial),
                                texts(ElementType::text, rows, &StockPosition::nome_produto),
                                array_of(ElementType::integer, rows,
                                         [](const StockPosition* row) { return row->qtd_estoque; }),
                                texts(ElementType::text, rows, &StockPosition::data_posicao),
                                array_of(ElementType::instant, rows,
                                         [](const StockPosition* row) { return row->instante; }),
                                texts(ElementType::json, rows, &StockPosition::item)};
    return session_.run([&](postgres::Connection& connection) {
        return static_cast<std::size_t>(connection.execute(kUpsert, parameters).affected());
    });
}

}  // namespace esteira::upsert_stock
