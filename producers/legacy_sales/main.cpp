// esteira-legacy: a database of sales as shops have had for long, made, filled and exported into
// RAW.
#include <cstdio>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/bytes.hpp"
#include "common/cli/app.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/format.hpp"
#include "common/cli/progress.hpp"
#include "common/client/queue_client.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "producers/legacy_sales/database.hpp"
#include "producers/legacy_sales/export.hpp"

namespace esteira::legacy {
namespace {

using cli::ExitCode;
using Json = nlohmann::ordered_json;

constexpr Millis kAnswerMax = std::chrono::minutes(5);

struct Options {
    cli::Common common;
    config::Sources sources;
    std::string server;  // Empty: [postgres] url.
    std::string database = kDatabase;
    std::uint64_t rows = kSales;
    std::uint64_t seed = 0;
    std::string raw;  // Empty: lake/raw/sales in the var folder.
    bool whole = false;
    std::string announce;  // A queue; empty: nobody is told.
};

// What libpq is given last wins, in both forms of a connection string.
std::string url_of(const std::string& server, const std::string& database) {
    if (server.find("://") == std::string::npos) {
        return server + " dbname=" + database;
    }
    return server + (server.find('?') == std::string::npos ? "?" : "&") + "dbname=" + database;
}

std::string server_of(const Options& options, const config::Loaded& loaded) {
    const std::string server =
        options.server.empty() ? loaded.config.postgres.url.reveal() : options.server;
    if (server.empty()) {
        throw cli::Failure(ExitCode::usage,
                           "no PostgreSQL is set: --postgres, ESTEIRA__POSTGRES__URL or "
                           "[postgres] url");
    }
    return server;
}

postgres::ConnectionSettings settings_of(const Options& options, const std::string& server) {
    return {url_of(server, options.database), "esteira-legacy", kAnswerMax};
}

void tell(const Options& options, const Json& document, const std::string& line) {
    if (options.common.json) {
        cli::print_json(document);
    } else if (!options.common.quiet) {
        cli::say(line);
    }
}

ExitCode init(const Options& options, const std::string& server) {
    postgres::Connection home({server, "esteira-legacy", kAnswerMax});
    const bool made = make_database(home, options.database);
    postgres::Connection connection(settings_of(options, server));
    const bool table = make_table(connection);
    tell(options, {{"database", options.database}, {"made", made}, {"table_made", table}},
         options.database + (made || table ? ": made" : ": was there"));
    return ExitCode::ok;
}

ExitCode fill_sales(const Options& options, const std::string& server) {
    postgres::Connection connection(settings_of(options, server));
    cli::Progress progress("legacy fill", options.rows, "sales",
                           cli::Progress::mode_for(options.common));
    const std::uint64_t written = fill(connection, options.rows, options.seed,
                                       [&](std::uint64_t done) { progress.update(done); });
    progress.finish();
    tell(options, {{"rows", options.rows}, {"written", written}},
         cli::human_count(written) + " of " + cli::human_count(options.rows) +
             " sales written; the others were there");
    return ExitCode::ok;
}

void announce(const Options& options, const config::Config& config, const Manifest& manifest) {
    const std::string body = Json{
        {"dataset", "sales"},
        {"layer", "raw"},
        {"file", manifest.file},
        {"rows", manifest.rows},
        {"up_to",
         manifest.up_to}}.dump();
    client::ClientOptions client_options;
    client_options.endpoint = config.broker.endpoint;
    client_options.name = "esteira-legacy";
    client::QueueClient client(client_options);
    const std::span<const std::byte> bodies[] = {as_bytes(body)};
    const auto sent = client.send(options.announce, bodies);
    if (!sent) {
        throw cli::Failure(ExitCode::partial, "the file is there, and " + options.announce +
                                                  " was not told: " + sent.error().reason);
    }
}

ExitCode export_all(const Options& options, const std::string& server,
                    const config::Loaded& loaded) {
    const std::filesystem::path folder = options.raw.empty() ? loaded.var / "lake" / "raw" / "sales"
                                                             : std::filesystem::path(options.raw);
    cli::Progress progress("legacy export", 0, "sales", cli::Progress::mode_for(options.common));
    const auto manifest = export_sales(settings_of(options, server), folder, options.whole,
                                       [&](std::uint64_t done) { progress.update(done); });
    progress.finish();
    if (!manifest) {
        tell(options, {{"rows", 0}, {"file", nullptr}}, "nothing new");
        return ExitCode::ok;
    }
    if (!options.announce.empty()) {
        announce(options, loaded.config, *manifest);
    }
    tell(options,
         {{"rows", manifest->rows},
          {"file", (folder / manifest->file).string()},
          {"above", manifest->above},
          {"up_to", manifest->up_to},
          {"bytes", manifest->bytes},
          {"sha256", manifest->sha256}},
         cli::human_count(manifest->rows) + " sales in " + (folder / manifest->file).string());
    return ExitCode::ok;
}

}  // namespace
}  // namespace esteira::legacy

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{"A legacy database of sales: makes it, fills it, exports it into RAW.",
                 "esteira-legacy"};
    legacy::Options options;
    cli::prepare(app, options.common,
                 {"esteira-legacy init", "esteira-legacy fill --rows 100000 --seed 7",
                  "esteira-legacy export", "esteira-legacy export --whole --raw /data/raw/sales",
                  "esteira-legacy export --announce promotion"});
    config::add_flags(app, options.sources);
    app.add_option("--postgres", options.server,
                   "The server, as libpq reads it; [postgres] url if not said");
    app.add_option("--database", options.database, "Its database")->capture_default_str();
    auto* init = app.add_subcommand("init", "Makes database and table; again changes nothing");
    auto* fill = app.add_subcommand("fill", "Writes sales of 2023; the same seed, the same sales");
    fill->add_option("--rows", options.rows, "Sales 1 to N")
        ->check(cli::whole_number(1, legacy::kSalesMax))
        ->capture_default_str();
    fill->add_option("--seed", options.seed, "Another seed, other sales")
        ->check(cli::whole_number())
        ->capture_default_str();
    auto* exporting = app.add_subcommand(
        "export", "Writes what is new since the last export as CSV, out of one snapshot");
    exporting->add_option("--raw", options.raw, "The folder; lake/raw/sales in the var folder")
        ->type_name("DIR");
    exporting->add_flag("--whole", options.whole, "Everything, not what is new");
    exporting->add_option("--announce", options.announce, "A queue that is told of the file")
        ->check(cli::queue_name());
    for (CLI::App* verb : {init, fill, exporting}) {
        verb->fallthrough();
    }
    app.require_subcommand(1);
    return cli::run(app, argc, argv, [&] {
        try {
            const config::Loaded loaded = config::load(options.sources);
            const std::string server = legacy::server_of(options, loaded);
            if (*init) {
                return legacy::init(options, server);
            }
            return *fill ? legacy::fill_sales(options, server)
                         : legacy::export_all(options, server, loaded);
        } catch (const config::ConfigError& error) {
            throw cli::Failure(cli::ExitCode::usage, error.what());
        } catch (const legacy::ExportError& error) {
            throw cli::Failure(cli::ExitCode::conflict, error.what());
        }
    });
}
