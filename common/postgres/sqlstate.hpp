#pragma once

#include <array>
#include <string_view>

// What to do about an error of PostgreSQL, decided by its SQLSTATE alone. One table for everybody;
// the codes are those of appendix A of the PostgreSQL manual.
namespace esteira::postgres {

enum class ErrorClass {
    transient,       // Of this transaction: run it again, at most kTransientTries times. Then as
                     // infrastructure: whoever is in the way has no part in our rows.
    infrastructure,  // The server is away, full or broken: wait, and blame no message for it.
    data,            // Of one row: trying again cannot help.
    configuration,   // Schema, privileges, credentials: a person has to act; stop.
    other,           // As infrastructure for a few tries, then as data.
};

inline constexpr int kTransientTries = 5;

struct SqlstateRule {
    std::string_view prefix;  // The whole code, or the beginning that a family shares.
    ErrorClass error_class;
};

inline constexpr std::array kSqlstateRules = {
    SqlstateRule{"40001", ErrorClass::transient},       // serialization_failure
    SqlstateRule{"40P01", ErrorClass::transient},       // deadlock_detected
    SqlstateRule{"55P03", ErrorClass::transient},       // lock_not_available
    SqlstateRule{"57014", ErrorClass::transient},       // query_canceled (statement_timeout)
    SqlstateRule{"08", ErrorClass::infrastructure},     // connection exceptions
    SqlstateRule{"53", ErrorClass::infrastructure},     // out of disk, memory, connections
    SqlstateRule{"58", ErrorClass::infrastructure},     // system errors
    SqlstateRule{"57P01", ErrorClass::infrastructure},  // admin_shutdown
    SqlstateRule{"57P02", ErrorClass::infrastructure},  // crash_shutdown
    SqlstateRule{"57P03", ErrorClass::infrastructure},  // cannot_connect_now
    SqlstateRule{"25006", ErrorClass::infrastructure},  // read_only_sql_transaction
    SqlstateRule{"XX000", ErrorClass::infrastructure},  // internal_error
    SqlstateRule{"XX001", ErrorClass::infrastructure},  // data_corrupted
    SqlstateRule{"XX002", ErrorClass::infrastructure},  // index_corrupted
    SqlstateRule{"22", ErrorClass::data},               // data exceptions
    SqlstateRule{"23502", ErrorClass::data},            // not_null_violation
    SqlstateRule{"23503", ErrorClass::data},            // foreign_key_violation
    SqlstateRule{"23505", ErrorClass::data},            // unique_violation outside the arbiter
    SqlstateRule{"23514", ErrorClass::data},            // check_violation
    SqlstateRule{"21000", ErrorClass::data},            // cardinality_violation
    SqlstateRule{"42", ErrorClass::configuration},      // missing object, no privilege, syntax
    SqlstateRule{"3D000", ErrorClass::configuration},   // invalid_catalog_name
    SqlstateRule{"28", ErrorClass::configuration},      // invalid authorization
    SqlstateRule{"3F000", ErrorClass::configuration},   // invalid_schema_name
};

// An empty code means that no answer came: the connection was lost.
constexpr ErrorClass classify(std::string_view sqlstate) {
    if (sqlstate.empty()) {
        return ErrorClass::infrastructure;
    }
    for (const SqlstateRule& rule : kSqlstateRules) {
        if (sqlstate.starts_with(rule.prefix)) {
            return rule.error_class;
        }
    }
    return ErrorClass::other;
}

constexpr std::string_view name_of(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::transient:
            return "transient";
        case ErrorClass::infrastructure:
            return "infrastructure";
        case ErrorClass::data:
            return "data";
        case ErrorClass::configuration:
            return "configuration";
        case ErrorClass::other:
            return "other";
    }
    return "other";
}

}  // namespace esteira::postgres
