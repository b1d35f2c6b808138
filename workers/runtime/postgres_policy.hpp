#pragma once

#include <string>

#include "common/postgres/error.hpp"
#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

// What a worker does about an error of PostgreSQL, the same for every worker type. Transient errors
// come here after the store has tried the transaction again kTransientTries times: then somebody
// holds a lock for long or the server is too slow, and that is no message's fault either.
class PostgresPolicy {
public:
    static constexpr int kUnknownTries = 3;

    // Returns why the rows that were being written, of which one at least is bad, can never be
    // written: SQLSTATE, column, the server's words. Throws Unavailable for what is transient, for
    // infrastructure and for the first kUnknownTries unknown errors in a row, Misconfigured for
    // configuration.
    std::string judge(const postgres::Error& error);

    // A batch was brought to its end.
    void finished() { unknown_ = 0; }

private:
    int unknown_ = 0;
};

}  // namespace esteira::runtime
