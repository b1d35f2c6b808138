#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/life.hpp"

namespace esteira::simulation {

// Lives one seed; what went wrong, with seed, step and parameters, or nothing. What aborts inside
// says on standard error which seed it was.
struct Outcome {
    std::optional<std::string> failure;
    std::uint64_t fingerprint = 0;
};
Outcome live(const Parameters& parameters, Counters& counters, const Life::Trace& trace = {});

// Many seeds on all cores, in order; the first failures.
struct Sweep {
    Counters counters;
    std::vector<std::string> failures;
    std::uint64_t lived = 0;
};
Sweep live_all(const std::vector<std::uint64_t>& seeds, std::uint32_t steps);

}  // namespace esteira::simulation
