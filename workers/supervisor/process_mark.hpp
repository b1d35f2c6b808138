#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

namespace esteira::supervisor {

// Who a process is: "number start-time boot". A number that was given to somebody else since makes
// another mark. Nothing for one that has ended.
std::optional<std::string> mark_of(pid_t pid);

// What a pid file holds; empty: nothing, or it cannot be read.
std::string mark_in(const std::string& file);
// Nothing: it is no mark.
std::optional<pid_t> pid_of(const std::string& mark);

}  // namespace esteira::supervisor
