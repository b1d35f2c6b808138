#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/postgres/connection.hpp"

// What the tables need from time to time beyond what PostgreSQL does by itself.
namespace esteira::db {

// What is kept by day: partitions for the days ahead are made, those of days before the last
// `retention_days` dropped.
struct DayCare {
    std::int64_t made = 0;
    std::int64_t dropped = 0;
    std::int64_t deleted_rows = 0;  // Of old days that never had a partition.
};
DayCare care_for_days(postgres::Connection& connection, std::int64_t retention_days);

struct TableCare {
    std::string table;           // "estoque_posicao"
    std::int64_t rows = 0;       // Afterwards, as ANALYZE estimates them.
    std::int64_t dead_rows = 0;  // Before: versions that updates had left behind.
    std::int64_t bytes = 0;      // Afterwards, with indexes.
};

// Reclaims dead rows and renews the planner's statistics of every table of the schema, in the order
// of their names. Writers go on meanwhile; run twice it does no harm. Needs the rights of the
// owner. Throws postgres::Error.
std::vector<TableCare> maintain(postgres::Connection& connection);

}  // namespace esteira::db
