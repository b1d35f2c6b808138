#pragma once

#include <string>

#include "common/config/config.hpp"
#include "common/postgres/connection.hpp"

// What the programs share that ask the rows (esteira-query-*).
namespace esteira::query {

// Connects as `program` to `url_flag` (--postgres) or else to [postgres] url. Throws cli::Failure
// (usage) when none is set or the configuration cannot be used, and postgres::Error.
postgres::Connection open(const config::Sources& sources, const std::string& url_flag,
                          const std::string& program);

}  // namespace esteira::query
