#pragma once

#include <set>
#include <string>

#include <sys/types.h>

namespace esteira::support {

// Every worker process of the farm whose var folder this is, whoever its parent is: found by its
// environment, so that an orphan is found as well, and never a stranger that got an old pid.
std::set<pid_t> workers_of(const std::string& var);

}  // namespace esteira::support
