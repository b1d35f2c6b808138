#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/postgres/connection.hpp"

// Brings a database to the schema of this build, one migration after the other, each in a
// transaction of its own. Several may run at once: an advisory lock lets one work.
namespace esteira::db {

struct Migration {
    std::int64_t version = 0;  // 1, 2, 3, ... without a gap.
    std::string name;          // "0001_base"
    std::string sql;
};

// config/migrations, as this program was built.
const std::vector<Migration>& shipped_migrations();

enum class MigrationState {
    applied,
    pending,
    changed,  // Applied, but its text was another one then.
    unknown,  // Applied, and not among the ones that are known here: the database is newer.
};
std::string_view name_of(MigrationState state);

struct MigrationStatus {
    std::int64_t version = 0;
    std::string name;
    MigrationState state = MigrationState::pending;
    std::string applied_at;  // ISO 8601 in UTC; empty while pending.
};

// The database's history does not fit the migrations at hand; nothing was touched.
struct HistoryConflict : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// All that are known or applied, by version. Changes nothing.
std::vector<MigrationStatus> status(postgres::Connection& connection,
                                    const std::vector<Migration>& migrations);

// Applies what is pending and returns its versions. Throws HistoryConflict, or postgres::Error when
// a migration fails: those before it stay applied, of itself nothing does.
std::vector<std::int64_t> migrate(postgres::Connection& connection,
                                  const std::vector<Migration>& migrations);

}  // namespace esteira::db
