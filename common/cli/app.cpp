#include "common/cli/app.hpp"

#include <cstdio>
#include <exception>

#include "common/cli/format.hpp"

namespace esteira::cli {

void prepare(CLI::App& app, Common& common, const std::vector<std::string>& examples) {
    app.set_version_flag("--version", std::string{"esteira "} + ESTEIRA_VERSION);
    app.add_flag("--json", common.json, "Print one JSON document instead of text");
    app.add_flag("--quiet,-q", common.quiet, "Say nothing but errors");
    app.fallthrough();
    if (examples.empty()) {
        return;
    }
    std::string footer = "Examples:";
    for (const std::string& example : examples) {
        footer += "\n  " + example;
    }
    app.footer(footer);
}

int run(CLI::App& app, int argc, const char* const* argv, const std::function<ExitCode()>& body) {
    const std::string name = app.get_name().empty() ? std::string{"esteira"} : app.get_name();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            return app.exit(error);
        }  // Help or version, to stdout.
        say(name + ": " + error.what());
        say("Run with --help for usage.");
        return number(ExitCode::usage);
    }
    try {
        return number(body());
    } catch (const Failure& failure) {
        say(name + ": " + failure.what());
        return number(failure.code);
    } catch (const std::exception& error) {
        say(name + ": " + error.what());
        return number(ExitCode::error);
    }
}

void print_json(const nlohmann::json& document) {
    const std::string text =
        document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        throw Failure{ExitCode::error, "cannot write to stdout"};
    }
}

void say(std::string_view line) {
    const std::string text = visible(line) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace esteira::cli
