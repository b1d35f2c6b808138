#include "tests/integration/stock_line/books.hpp"

#include <chrono>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/support/ops_client.hpp"

namespace esteira::stock_line {

namespace {

// PostgreSQL writes the lines itself: the product's own code has no part in what it is judged by.
void write_rows(Farm& farm, const std::string& file, const std::string& from) {
    auto connection = farm.admin();
    const std::string sql =
        "SELECT json_build_object('key', codigo_barra || '|' || filial, 'eid', item->>'eid',"
        " 'at', (extract(epoch FROM instante) * 1000000)::bigint,"
        " 'quantity', (item->>'qtd_estoque')::bigint) FROM " +
        from;
    const auto rows = connection.execute(sql.c_str());
    std::ofstream out(file);
    for (int row = 0; row < rows.count(); ++row) {
        out << rows.text(row, 0) << '\n';
    }
}

}  // namespace

int check_books(Farm& farm, const std::string& folder, std::string& report) {
    write_rows(farm, folder + "/table.jsonl", "esteira.estoque_posicao");
    write_rows(farm, folder + "/history.jsonl", "chk.history ORDER BY n");
    farm.write_dead_letters(folder + "/dead.jsonl");
    support::OpsClient operators(farm.broker().ops_socket());
    nlohmann::json totals;
    for (const char* queue : {"stock", "dlq-stock"}) {
        const auto shown = operators.ask("queue.show", {{"queue", queue}});
        totals[queue] = shown.at("totals");
        totals[queue]["messages"] = shown.at("messages");
    }
    std::ofstream(folder + "/totals.json") << totals.dump();
    support::ChildProcess checker(
        {{ESTEIRA_PYTHON, "-B", ESTEIRA_SOURCE_DIR "/tests/integration/stock_line/check_stock.py",
          folder},
         {},
         farm.broker().folder() + "/report"});
    const int code = checker.wait(std::chrono::minutes(2)).value_or(-1);
    report = checker.said();
    return code;
}

}  // namespace esteira::stock_line
