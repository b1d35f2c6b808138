#pragma once

#include "common/postgres/error.hpp"
#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

// What a worker does about an error of PostgreSQL, the same for every worker type. Transient errors
// come here after the store has tried the transaction again kTransientTries times.
class PostgresPolicy {
public:
    static constexpr int kUnknownTries = 3;

    // Returns the verdict for the rows that were being written: retry (transient) or dead (the
    // rows, of which one at least is bad: SQLSTATE, column, the server's words). Throws Unavailable
    // for infrastructure and for the first kUnknownTries unknown errors in a row, Misconfigured for
    // configuration.
    Outcome judge(const postgres::Error& error);

    // A batch was brought to its end.
    void finished() { unknown_ = 0; }

private:
    int unknown_ = 0;
};

}  // namespace esteira::runtime
