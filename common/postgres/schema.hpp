#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/postgres/connection.hpp"

namespace esteira::postgres {

// The schema that this build of Esteira works with: the number of its last migration.
inline constexpr std::int64_t kSchemaVersion = 4;

// The number of the last migration that was applied; 0 if none was.
std::int64_t schema_version(Connection& connection);

// Server settings under which a committed row could be lost; empty when there are none.
std::vector<std::string> durability_flaws(Connection& connection);

// What every worker asks before its first message. Throws Error, class configuration: the schema is
// another one, or the server does not keep what it commits.
void require_ready(Connection& connection);

}  // namespace esteira::postgres
