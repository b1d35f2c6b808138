#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/cli/app.hpp"
#include "common/config/flags.hpp"
#include "common/contracts/stock_query.hpp"
#include "common/query/open.hpp"
#include "common/stock/stock_reader.hpp"

// esteira-query-stock: what is in stock, answered as the shops' programs expect it. Exit code 0
// when something was found, 2 for a question that is none, 3 for a key that is not there.
namespace esteira {
namespace {

using cli::ExitCode;

struct Asked {
    std::string codigo_barra;
    std::string filial;
    std::string scan;     // As it was written; the contract says what is wrong with it.
    std::string payload;  // "-": on standard input.
};

// Flags become the same payload that a program would send, so they are judged by the same rules.
std::string payload_of(const Asked& asked, const CLI::App& app) {
    if (asked.payload == "-") {
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    }
    if (!asked.payload.empty()) {
        return asked.payload;
    }
    if (app.count("--scan") > 0) {
        const auto count = nlohmann::json::parse(asked.scan, nullptr, false);
        nlohmann::json scan = {{"query_type", "scan"}, {"quantidade_itens", asked.scan}};
        if (count.is_number()) {
            scan["quantidade_itens"] = count;
        }
        return scan.dump();
    }
    nlohmann::json query = {{"query_type", "query"}};
    if (app.count("--codigo-barra") > 0) {
        query["codigo_barra"] = asked.codigo_barra;
    }
    if (app.count("--filial") > 0) {
        query["filial"] = asked.filial;
    }
    return query.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
}

ExitCode ask(const std::string& payload, const config::Sources& sources,
             const std::string& url_flag) {
    const auto question = contracts::parse_stock_question(payload);
    if (!question) {
        std::puts(contracts::write_stock_refusal(question.error()).c_str());
        return ExitCode::usage;
    }
    auto connection = query::open(sources, url_flag, "esteira-query-stock");
    const stock::StockAnswer answer = stock::answer(connection, question.value());
    std::puts(answer.json.c_str());
    return answer.found ? ExitCode::ok : ExitCode::not_found;
}

}  // namespace
}  // namespace esteira

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{"Shows stock positions. The answer is JSON, with or without --json."};
    cli::Common common;
    config::Sources sources;
    Asked asked;
    std::string url;
    cli::prepare(app, common,
                 {"esteira-query-stock --codigo-barra 0789123456789 --filial 1001",
                  "esteira-query-stock --scan 10",
                  "esteira-query-stock '{\"query_type\":\"scan\",\"quantidade_itens\":10}'"});
    config::add_flags(app, sources);
    auto* code = app.add_option("--codigo-barra", asked.codigo_barra, "The product's barcode.");
    auto* branch = app.add_option("--filial", asked.filial, "The branch.");
    auto* scan = app.add_option("--scan", asked.scan, "At most so many of all positions.");
    auto* payload =
        app.add_option("payload", asked.payload, "The question as JSON; - reads stdin.");
    app.add_option("--postgres", url, "Connection string, without a password.");
    scan->excludes(code)->excludes(branch);
    payload->excludes(code)->excludes(branch)->excludes(scan);
    return cli::run(app, argc, argv, [&] {
        if (app.count_all() == 1) {
            throw cli::Failure(
                cli::ExitCode::usage,
                "say what to look for: --codigo-barra and --filial, --scan, or JSON");
        }
        return ask(payload_of(asked, app), sources, url);
    });
}
