#pragma once

#include <chrono>
#include <cstdint>

#include "common/postgres/connection.hpp"

// How a connection comes about; for connection.cpp alone.
namespace esteira::postgres {

inline std::int64_t steady_ms() {
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// A connection that stands, owned by the caller, or an Error.
pg_conn* connect(const ConnectionSettings& settings);

}  // namespace esteira::postgres
