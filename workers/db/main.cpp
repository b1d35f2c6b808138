#include <cstdio>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/cli/app.hpp"
#include "common/cli/format.hpp"
#include "common/cli/table.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "common/postgres/schema.hpp"
#include "workers/db/maintenance.hpp"
#include "workers/db/migrator.hpp"

// esteira-db: brings the database to this build's schema, takes care of its tables, and shows where
// it stands.
namespace esteira::db {
namespace {

using cli::ExitCode;
using nlohmann::json;

constexpr Millis kAnswerMax = std::chrono::minutes(10);  // A migration may rewrite a table.

postgres::Connection open(const config::Sources& sources) {
    const config::Loaded loaded = config::load(sources);
    const std::string url = loaded.config.postgres.url.reveal();
    if (url.empty()) {
        throw cli::Failure(ExitCode::usage,
                           "no PostgreSQL is set: [postgres] url, ESTEIRA__POSTGRES__URL or "
                           "--set postgres.url=...");
    }
    return postgres::Connection({url, "esteira-db", kAnswerMax});
}

ExitCode run_migrate(postgres::Connection& connection, const cli::Common& common) {
    const auto done = migrate(connection, shipped_migrations());
    const auto version = postgres::schema_version(connection);
    if (common.json) {
        cli::print_json({{"applied", done}, {"schema_version", version}});
    } else if (!common.quiet) {
        cli::say("applied " + std::to_string(done.size()) + ", schema version " +
                 std::to_string(version));
    }
    return ExitCode::ok;
}

// Exit code 4 when the history conflicts, so that a script need not read the table.
ExitCode run_status(postgres::Connection& connection, const cli::Common& common) {
    json rows = json::array();
    cli::Table table({{"VERSION", cli::Align::right}, {"NAME"}, {"STATE"}, {"APPLIED AT"}});
    bool conflict = false;
    for (const MigrationStatus& one : status(connection, shipped_migrations())) {
        conflict |= one.state == MigrationState::changed || one.state == MigrationState::unknown;
        rows.push_back({{"version", one.version},
                        {"name", one.name},
                        {"state", name_of(one.state)},
                        {"applied_at", one.applied_at}});
        table.row({std::to_string(one.version), one.name, std::string(name_of(one.state)),
                   one.applied_at});
    }
    if (common.json) {
        cli::print_json({{"schema_version", postgres::schema_version(connection)},
                         {"expected_version", postgres::kSchemaVersion},
                         {"migrations", rows}});
    } else {
        table.print();
    }
    return conflict ? ExitCode::conflict : ExitCode::ok;
}

ExitCode run_maintain(postgres::Connection& connection, const cli::Common& common,
                      std::int64_t retention_days) {
    const auto version = postgres::schema_version(connection);
    if (version != postgres::kSchemaVersion) {
        throw cli::Failure(ExitCode::conflict, "the schema is at version " +
                                                   std::to_string(version) + ", this program at " +
                                                   std::to_string(postgres::kSchemaVersion) +
                                                   "; run esteira db migrate first");
    }
    const DayCare days = care_for_days(connection, retention_days);
    json rows = json::array();
    cli::Table table({{"TABLE"},
                      {"ROWS", cli::Align::right},
                      {"DEAD ROWS", cli::Align::right},
                      {"SIZE", cli::Align::right}});
    for (const TableCare& care : maintain(connection)) {
        rows.push_back({{"table", care.table},
                        {"rows", care.rows},
                        {"dead_rows", care.dead_rows},
                        {"bytes", care.bytes}});
        table.row({care.table, cli::human_count(static_cast<std::uint64_t>(care.rows)),
                   cli::human_count(static_cast<std::uint64_t>(care.dead_rows)),
                   cli::human_bytes(static_cast<std::uint64_t>(care.bytes))});
    }
    if (common.json) {
        cli::print_json({{"days",
                          {{"partitions_made", days.made},
                           {"partitions_dropped", days.dropped},
                           {"rows_deleted", days.deleted_rows}}},
                         {"tables", rows}});
    } else if (!common.quiet) {
        cli::say("days: " + std::to_string(days.made) + " partitions made, " +
                 std::to_string(days.dropped) + " dropped, " + std::to_string(days.deleted_rows) +
                 " older rows deleted");
        table.print();
    }
    return ExitCode::ok;
}

}  // namespace
}  // namespace esteira::db

int main(int argc, char** argv) {
    using namespace esteira;
    CLI::App app{"Brings the database to this version's schema, and shows where it stands."};
    cli::Common common;
    config::Sources sources;
    cli::prepare(app, common,
                 {"esteira-db migrate", "esteira-db maintain", "esteira-db status --json"});
    config::add_flags(app, sources);
    auto* migrate =
        app.add_subcommand("migrate", "Applies what is pending; again changes nothing.");
    auto* status = app.add_subcommand("status", "Lists all migrations and their state.");
    auto* maintain =
        app.add_subcommand("maintain",
                           "Makes partitions ahead, drops old days, reclaims what updates left "
                           "behind and renews the statistics; writers go on.");
    for (CLI::App* verb : {migrate, maintain, status}) {
        verb->fallthrough();
    }
    app.require_subcommand(1);
    return cli::run(app, argc, argv, [&] {
        try {
            auto connection = db::open(sources);
            if (*migrate) {
                return db::run_migrate(connection, common);
            }
            if (*status) {
                return db::run_status(connection, common);
            }
            return db::run_maintain(connection, common,
                                    config::load(sources).config.clicks.retention_days);
        } catch (const config::ConfigError& error) {
            throw cli::Failure(cli::ExitCode::usage, error.what());
        } catch (const db::HistoryConflict& error) {
            throw cli::Failure(cli::ExitCode::conflict, error.what());
        }
    });
}
