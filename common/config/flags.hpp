#pragma once

#include <CLI/CLI.hpp>

#include "common/config/config.hpp"

namespace esteira::config {

// Adds --config FILE and --set SECTION.KEY=VALUE to a program, and fills `sources.environment` from
// this process. load(sources) after the command line was parsed.
void add_flags(CLI::App& app, Sources& sources);

}  // namespace esteira::config
