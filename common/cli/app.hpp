#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/cli/exit_code.hpp"

// The frame of every program: flags that mean the same everywhere, our exit codes, data on stdout
// and talk on stderr.
//
//   CLI::App app{"Sends messages to a queue."};
//   cli::Common common;
//   cli::prepare(app, common, {"esteira-send stock --body '[]'"});
//   ...own options...
//   return cli::run(app, argc, argv, [&] { ...; return cli::ExitCode::ok; });
namespace esteira::cli {

// Thrown by a program's body to end with a code and one line for people.
struct Failure : std::runtime_error {
    Failure(ExitCode code_in, const std::string& what) : std::runtime_error(what), code(code_in) {}
    ExitCode code;
};

// Flags that every program has.
struct Common {
    bool json = false;   // One JSON document on stdout, and no progress.
    bool quiet = false;  // No talk; errors only.
};

// Adds --json, --quiet and --version, and the examples below the help.
void prepare(CLI::App& app, Common& common, const std::vector<std::string>& examples = {});

// Parses, runs `body` and returns the number for main(). Help and version go to stdout and are ok;
// a wrong command line is `usage`; Failure is its own code; any other exception is `error`.
int run(CLI::App& app, int argc, const char* const* argv, const std::function<ExitCode()>& body);

// One JSON document and a line end on stdout. Bytes that are not UTF-8 become U+FFFD, so that one
// odd message cannot hide the others.
void print_json(const nlohmann::json& document);

// One line on stderr, with control characters made visible.
void say(std::string_view line);

}  // namespace esteira::cli
