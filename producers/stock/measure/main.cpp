// esteira-measure-stock: the load test of R1's design, as a user sees it. Sends positions one after
// the other and asks for each until its row is there: how long a send takes, how long a query, and
// how long from the send until a query shows the position.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/bytes.hpp"
#include "common/cli/app.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/progress.hpp"
#include "common/cli/table.hpp"
#include "common/client/queue_client.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "common/contracts/stock_position.hpp"
#include "common/stock/stock_reader.hpp"

namespace esteira::stock {
namespace {

using cli::ExitCode;
using Steady = std::chrono::steady_clock;

// Positions of this branch are the measurement's; no shop has it.
constexpr const char* kBranch = "MEDIDA";
constexpr std::chrono::microseconds kLookAgain{500};

struct Options {
    cli::Common common;
    std::string queue = "stock";
    std::uint64_t count = 200;
    double patience_s = 30;
};

// Durations in milliseconds.
struct Sample {
    const char* name;
    std::vector<double> values{};

    void add(Steady::time_point since) {
        values.push_back(std::chrono::duration<double, std::milli>(Steady::now() - since).count());
    }
    double quantile(double share) const {
        std::vector<double> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
    }
};

class Measurement {
public:
    Measurement(const Options& options, client::QueueClient& client,
                postgres::Connection& connection)
        : options_(options), client_(client), connection_(connection) {}

    ExitCode run() {
        cli::Progress progress("measure stock", options_.count, "positions",
                               cli::Progress::mode_for(options_.common));
        const auto run =
            std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
        for (std::uint64_t i = 0; i < options_.count; ++i) {
            one("MEDIDA-" + run + "-" + std::to_string(i));
            progress.update(i + 1);
        }
        progress.finish();
        report();
        return ExitCode::ok;
    }

private:
    void one(const std::string& barcode) {
        contracts::StockPosition position;
        position.codigo_barra = barcode;
        position.filial = kBranch;
        position.nome_produto = "Medida de latência";
        position.qtd_estoque = 1;
        position.data_posicao = "2001-01-01 00:00:00";
        const std::string body = contracts::write_stock_message({position});
        const std::span<const std::byte> bytes = as_bytes(body);

        const auto begun = Steady::now();
        const auto sent = client_.send(options_.queue, std::span(&bytes, 1));
        if (!sent || sent.value().front().code != dialogue::Code::ok) {
            throw cli::Failure(ExitCode::error,
                               "the send was refused: " +
                                   (sent ? sent.value().front().reason : sent.error().reason));
        }
        send_.add(begun);
        const auto until = begun + std::chrono::duration_cast<Steady::duration>(
                                       std::chrono::duration<double>(options_.patience_s));
        while (!ask(barcode)) {
            if (Steady::now() > until) {
                throw cli::Failure(
                    ExitCode::timeout,
                    "the position does not arrive in PostgreSQL; does a worker run?");
            }
            std::this_thread::sleep_for(kLookAgain);
        }
        whole_.add(begun);
    }

    bool ask(const std::string& barcode) {
        const auto begun = Steady::now();
        const bool found = answer(connection_, contracts::StockKey{barcode, kBranch}).found;
        query_.add(begun);
        return found;
    }

    void report() const {
        if (options_.common.json) {
            nlohmann::ordered_json document{{"positions", options_.count}};
            for (const Sample* sample : {&send_, &query_, &whole_}) {
                document[sample->name] = {{"p50_ms", sample->quantile(0.5)},
                                          {"p99_ms", sample->quantile(0.99)}};
            }
            return cli::print_json(document);
        }
        cli::Table table({{"ms"}, {"p50", cli::Align::right}, {"p99", cli::Align::right}});
        for (const Sample* sample : {&send_, &query_, &whole_}) {
            table.row(
                {sample->name, millis(sample->quantile(0.5)), millis(sample->quantile(0.99))});
        }
        table.print();
    }

    static std::string millis(double value) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.2f", value);
        return text.data();
    }

    const Options& options_;
    client::QueueClient& client_;
    postgres::Connection& connection_;
    Sample send_{"send"};
    Sample query_{"query"};
    Sample whole_{"send_to_query"};
};

ExitCode measure(const Options& options, const config::Sources& sources) {
    config::Config settings;
    try {
        settings = config::load(sources).config;
    } catch (const config::ConfigError& error) {
        throw cli::Failure(ExitCode::configuration, error.what());
    }
    if (settings.postgres.url.empty()) {
        throw cli::Failure(ExitCode::usage, "no PostgreSQL is set: [postgres] url");
    }
    client::ClientOptions client_options;
    client_options.endpoint = settings.broker.endpoint;
    client_options.name = "esteira-measure-stock";
    client_options.patience = Millis{static_cast<std::int64_t>(options.patience_s * 1'000)};
    try {
        client::QueueClient client(client_options);
        postgres::Connection connection({settings.postgres.url.reveal(), "esteira-measure-stock"});
        return Measurement(options, client, connection).run();
    } catch (const client::Unreachable& error) {
        throw cli::Failure(ExitCode::unreachable, error.what());
    }
}

}  // namespace
}  // namespace esteira::stock

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{
        "Measures a farm: sends positions of the made-up branch MEDIDA one by one, and asks for "
        "each "
        "until PostgreSQL has it. The rows stay there.",
        "esteira-measure-stock"};
    stock::Options options;
    cli::prepare(app, options.common,
                 {"esteira-measure-stock", "esteira-measure-stock --count 1000 --json"});
    config::Sources sources;
    config::add_flags(app, sources);
    app.add_option("--queue", options.queue, "Where the positions go")
        ->check(cli::queue_name())
        ->capture_default_str();
    app.add_option("--count", options.count, "Positions to send")
        ->check(cli::whole_number(1, 100'000))
        ->capture_default_str();
    app.add_option("--patience", options.patience_s, "Seconds to wait for one position")
        ->check(cli::decimal_number(0.1, 3'600.0))
        ->capture_default_str();
    return cli::run(app, argc, argv, [&] { return stock::measure(options, sources); });
}
