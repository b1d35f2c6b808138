#pragma once

#include <string>

#include "broker/control/ask.hpp"

namespace esteira::control {

// A command's result: the document itself with --json, else a table or lines for people. A command
// that nothing is written for is shown as its fields.
void show(const std::string& command, const Json& result, const cli::Common& common);

// Messages one below the other; bodies are shown as one line of at most `body_bytes_max`.
void show_messages(const Json& messages, std::size_t body_bytes_max);

}  // namespace esteira::control
