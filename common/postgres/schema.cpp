#include "common/postgres/schema.hpp"

namespace esteira::postgres {

std::int64_t schema_version(Connection& connection) {
    // Asked of the catalogue's rows: to_regclass() may answer from what this session remembers.
    const Rows there = connection.execute(
        "SELECT FROM pg_catalog.pg_tables"
        " WHERE schemaname = 'esteira' AND tablename = 'schema_version'");
    if (there.count() == 0) {
        return 0;
    }
    return connection.execute("SELECT coalesce(max(version), 0) FROM esteira.schema_version")
        .integer(0, 0);
}

std::vector<std::string> durability_flaws(Connection& connection) {
    const Rows rows = connection.execute(
        "SELECT name FROM pg_settings WHERE setting = 'off'"
        " AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name");
    std::vector<std::string> flaws;
    for (int row = 0; row < rows.count(); ++row) {
        flaws.push_back(std::string(rows.text(row, 0)) + " is off");
    }
    return flaws;
}

void require_ready(Connection& connection) {
    const std::int64_t version = schema_version(connection);
    if (version != kSchemaVersion) {
        throw Error("the database has schema version " + std::to_string(version) +
                        ", this program works with " + std::to_string(kSchemaVersion) +
                        (version < kSchemaVersion ? "; run 'esteira db migrate'" : ""),
                    ErrorClass::configuration);
    }
    std::string flaws;
    for (const std::string& flaw : durability_flaws(connection)) {
        flaws += (flaws.empty() ? "" : ", ") + flaw;
    }
    if (!flaws.empty()) {
        throw Error("PostgreSQL may lose what it commits: " + flaws, ErrorClass::configuration);
    }
}

}  // namespace esteira::postgres
