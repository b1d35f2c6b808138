#pragma once

#include <cstddef>
#include <span>
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

    // Calls write(places), which stores all of them or, throwing postgres::Error, none. Those that
    // PostgreSQL refuses for what is in them are halved until the bad one stands alone, for which
    // refuse(place, reason) is called. Throws as judge() does.
    template <class Place, class Write, class Refuse>
    void write_or_halve(std::span<const Place> places, const Write& write, const Refuse& refuse) {
        std::string reason;
        try {
            return write(places);
        } catch (const postgres::Error& error) {
            reason = judge(error);
        }
        if (places.size() == 1) {
            return refuse(places.front(), reason);
        }
        const std::size_t half = places.size() / 2;
        write_or_halve(places.first(half), write, refuse);
        write_or_halve(places.subspan(half), write, refuse);
    }

    // A batch was brought to its end.
    void finished() { unknown_ = 0; }

private:
    int unknown_ = 0;
};

}  // namespace esteira::runtime
