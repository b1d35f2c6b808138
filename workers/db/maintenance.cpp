#include "workers/db/maintenance.hpp"

#include <array>

namespace esteira::db {

DayCare care_for_days(postgres::Connection& connection, std::int64_t retention_days) {
    constexpr std::int64_t kDaysAhead = 3;
    const std::array parameters{postgres::integer(retention_days), postgres::integer(kDaysAhead)};
    const auto rows = connection.execute(
        "SELECT feitas, largadas, apagadas FROM esteira.cuidar_dos_dias("
        "(now() AT TIME ZONE 'UTC')::date, $1::integer, $2::integer)",
        parameters);
    return {rows.integer(0, 0), rows.integer(0, 1), rows.integer(0, 2)};
}

std::vector<TableCare> maintain(postgres::Connection& connection) {
    // The command is written by the server, which knows how to quote a name.
    const auto tables = connection.execute(
        "SELECT relname, format('VACUUM (ANALYZE) %I.%I', schemaname, relname), n_dead_tup"
        " FROM pg_stat_user_tables WHERE schemaname = 'esteira' ORDER BY relname");
    std::vector<TableCare> done;
    for (int row = 0; row < tables.count(); ++row) {
        TableCare& care = done.emplace_back();
        care.table = tables.text(row, 0);
        care.dead_rows = tables.integer(row, 2);
        connection.execute(std::string(tables.text(row, 1)).c_str());
        const std::array name{postgres::text(care.table)};
        const auto after = connection.execute(
            "SELECT greatest(reltuples, 0)::bigint, pg_total_relation_size(oid)"
            " FROM pg_class WHERE relnamespace = 'esteira'::regnamespace AND relname = $1",
            name);
        care.rows = after.integer(0, 0);
        care.bytes = after.integer(0, 1);
    }
    return done;
}

}  // namespace esteira::db
