#include "common/stock/stock_reader.hpp"

#include <array>
#include <vector>

namespace esteira::stock {
namespace {

constexpr postgres::Statement kOne{
    "stock_one",
    "SELECT codigo_barra, filial, nome_produto, qtd_estoque, data_posicao"
    " FROM esteira.estoque_posicao WHERE codigo_barra = $1 AND filial = $2"};
constexpr postgres::Statement kSome{
    "stock_some",
    "SELECT codigo_barra, filial, nome_produto, qtd_estoque, data_posicao"
    " FROM esteira.estoque_posicao ORDER BY codigo_barra, filial LIMIT $1"};

std::vector<contracts::StockPosition> positions(const postgres::Rows& rows) {
    std::vector<contracts::StockPosition> all;
    for (int row = 0; row < rows.count(); ++row) {
        contracts::StockPosition& position = all.emplace_back();
        position.codigo_barra = rows.text(row, 0);
        position.filial = rows.text(row, 1);
        position.nome_produto = rows.text(row, 2);
        position.qtd_estoque = static_cast<std::int32_t>(rows.integer(row, 3));
        position.data_posicao = rows.text(row, 4);
    }
    return all;
}

StockAnswer one(postgres::Connection& connection, const contracts::StockKey& key) {
    const std::array parameters{postgres::text(key.codigo_barra), postgres::text(key.filial)};
    const auto found = positions(connection.execute(kOne, parameters));
    return {contracts::write_stock_item_answer(found), !found.empty()};
}

StockAnswer some(postgres::Connection& connection, const contracts::StockScan& scan) {
    const std::array parameters{postgres::integer(scan.quantidade_itens)};
    return {contracts::write_stock_scan_answer(positions(connection.execute(kSome, parameters)))};
}

}  // namespace

StockAnswer answer(postgres::Connection& connection, const contracts::StockQuestion& question) {
    if (const auto* key = std::get_if<contracts::StockKey>(&question)) {
        return one(connection, *key);
    }
    return some(connection, std::get<contracts::StockScan>(question));
}

}  // namespace esteira::stock
