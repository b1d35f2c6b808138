#pragma once

#include <optional>
#include <string>

#include "broker/server/ops.hpp"

// The arguments of a request against what the table says of them.
namespace esteira::broker {

// Makes arguments complete (flags false, pairs and words empty), or tells what is wrong with them.
std::optional<OpsRefusal> check_arguments(const cli::Command& command, Json& arguments);

// An optional number, at most `most`.
std::uint32_t number_or(const Json& arguments, const char* name, std::uint32_t standard,
                        std::uint32_t most);
// For what cannot be undone: `confirm` has to be the name that `what` gives.
std::optional<OpsRefusal> not_confirmed(const Json& arguments, const char* what);
// An optional text; empty when absent.
std::string text_or_empty(const Json& arguments, const char* name);

}  // namespace esteira::broker
