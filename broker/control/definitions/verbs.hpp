#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include "broker/control/ask.hpp"
#include "broker/control/definitions/plan.hpp"

namespace esteira::control::definitions {

// `definitions plan|apply|export|import`: the broker's queues and topics as esteira.toml, or a
// file, declares them.
class Verbs {
public:
    void add_to(CLI::App& app);

    // Nothing when the word on the command line was another.
    std::optional<cli::ExitCode> perform(const Settings& settings) const;

private:
    void add_pruning(CLI::App& verb, bool applies);
    // What stands in the configuration, or in the file of an import.
    config::Definitions declared(const Settings& settings) const;
    Plan make_plan(OpsClient& ops, const Settings& settings) const;
    cli::ExitCode plan(const Settings& settings) const;
    cli::ExitCode apply(const Settings& settings) const;
    cli::ExitCode write(const Settings& settings) const;

    CLI::App* plan_ = nullptr;
    CLI::App* apply_ = nullptr;
    CLI::App* export_ = nullptr;
    CLI::App* import_ = nullptr;
    std::filesystem::path file_;
    Pruning pruning_;
    bool check_ = false;
    bool dry_run_ = false;
    bool yes_ = false;
};

// Does one step. Throws Failure with what the broker says against it.
void perform(OpsClient& ops, const Step& step);

}  // namespace esteira::control::definitions
