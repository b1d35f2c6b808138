#include "workers/db/migrator.hpp"

#include <array>
#include <map>

#include "common/base/check.hpp"
#include "common/postgres/schema.hpp"

namespace esteira::db {
namespace {

using postgres::Connection;
using postgres::Parameter;
using postgres::Rows;

struct Applied {
    std::string name;
    std::string checksum;
    std::string applied_at;
};

std::map<std::int64_t, Applied> history(Connection& connection) {
    std::map<std::int64_t, Applied> applied;
    if (postgres::schema_version(connection) == 0) {
        return applied;
    }
    const Rows rows = connection.execute(
        "SELECT version, name, checksum,"
        " to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        " FROM esteira.schema_version");
    for (int row = 0; row < rows.count(); ++row) {
        applied[rows.integer(row, 0)] = {std::string(rows.text(row, 1)),
                                         std::string(rows.text(row, 2)),
                                         std::string(rows.text(row, 3))};
    }
    return applied;
}

std::string checksum(Connection& connection, const std::string& sql) {
    const std::array parameters{postgres::text(sql)};
    const Rows rows =
        connection.execute("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", parameters);
    return std::string(rows.text(0, 0));
}

void refuse_conflicts(const std::vector<MigrationStatus>& all) {
    for (const MigrationStatus& one : all) {
        if (one.state == MigrationState::changed) {
            throw HistoryConflict("migration " + one.name +
                                  " was changed after it had been applied; mend it by a new one");
        }
        if (one.state == MigrationState::unknown) {
            throw HistoryConflict("the database has migration " + one.name +
                                  ", which this program does not know: it is older than the "
                                  "database");
        }
    }
}

// The lock is kept until the transaction ends; its number is arbitrary and Esteira's own. What
// another migrator has applied while we waited for it is not applied again.
bool apply(Connection& connection, const Migration& migration) {
    postgres::Transaction transaction(connection);
    connection.execute("SET LOCAL lock_timeout = '60s'");
    connection.execute("SELECT pg_advisory_xact_lock(4995148753)");
    const auto applied = history(connection);
    if (applied.contains(migration.version)) {
        return false;
    }
    if (!applied.empty()) {
        connection.execute("SET LOCAL ROLE esteira_owner");
    }
    connection.run_script(migration.sql);
    const std::array parameters{postgres::integer(migration.version),
                                postgres::text(migration.name),
                                postgres::text(checksum(connection, migration.sql))};
    connection.execute(
        "INSERT INTO esteira.schema_version (version, name, checksum) VALUES ($1, $2, $3)",
        parameters);
    transaction.commit();
    return true;
}

}  // namespace

std::string_view name_of(MigrationState state) {
    switch (state) {
        case MigrationState::applied:
            return "applied";
        case MigrationState::pending:
            return "pending";
        case MigrationState::changed:
            return "changed";
        case MigrationState::unknown:
            return "unknown";
    }
    return "unknown";
}

std::vector<MigrationStatus> status(Connection& connection,
                                    const std::vector<Migration>& migrations) {
    auto applied = history(connection);
    std::vector<MigrationStatus> all;
    for (const Migration& migration : migrations) {
        ESTEIRA_CHECK(migration.version == static_cast<std::int64_t>(all.size()) + 1);
        MigrationStatus one{migration.version, migration.name, MigrationState::pending, {}};
        if (const auto found = applied.extract(migration.version)) {
            const bool same = found.mapped().checksum == checksum(connection, migration.sql);
            one.state = same ? MigrationState::applied : MigrationState::changed;
            one.applied_at = found.mapped().applied_at;
        }
        all.push_back(std::move(one));
    }
    for (auto& [version, row] : applied) {
        all.push_back({version, row.name, MigrationState::unknown, row.applied_at});
    }
    return all;
}

std::vector<std::int64_t> migrate(Connection& connection,
                                  const std::vector<Migration>& migrations) {
    const auto before = status(connection, migrations);
    refuse_conflicts(before);
    std::vector<std::int64_t> done;
    for (const Migration& migration : migrations) {
        const auto& was = before[static_cast<std::size_t>(migration.version - 1)];
        if (was.state == MigrationState::pending && apply(connection, migration)) {
            done.push_back(migration.version);
        }
    }
    return done;
}

}  // namespace esteira::db
