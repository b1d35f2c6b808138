#pragma once

#include <string>

#include "broker/control/ask.hpp"

namespace esteira::control {

// Moves dead letters back in slices, each of them one turn of the broker, and never more than there
// were at the start: what fails again at once is not moved in a circle. `rate`: "50/s", "600/m" or
// empty. `partial` when some could not be moved.
cli::ExitCode redrive(OpsClient& ops, const Json& arguments, const std::string& rate,
                      const cli::Common& common);

// Messages a second; 0 for an empty text. Throws Failure (usage).
double rate_of(const std::string& text);

}  // namespace esteira::control
