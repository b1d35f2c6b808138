#pragma once

#include <cstdint>
#include <limits>

#include <CLI/CLI.hpp>

// What an option may be: checks for CLI::Option::check(). CLI11's own take a minus as a very large
// number, a leading zero as octal, and "nan" as within any range.
namespace esteira::cli {

inline constexpr std::uint64_t kWholeNumberMax = std::numeric_limits<std::uint64_t>::max();

// Digits and nothing else, without zeros before them.
CLI::Validator whole_number(std::uint64_t least = 0, std::uint64_t most = kWholeNumberMax);

// A number of any form that is one, as 0.5 or 1e3.
CLI::Validator decimal_number(double least, double most);

// What the name of a queue or a topic may be.
CLI::Validator queue_name();

// What the group of a message may be.
CLI::Validator group_name();

}  // namespace esteira::cli
