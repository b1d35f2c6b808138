#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "broker/control/ask.hpp"

namespace esteira::control {

// `msg receive` and `msg delete`: what a consumer does, by hand and over the consumers' own port.
class MessageVerbs {
public:
    void add_to(CLI::App& msg);

    // Nothing when the verb on the command line was neither.
    std::optional<cli::ExitCode> perform(const Settings& settings) const;

private:
    cli::ExitCode receive(const Settings& settings) const;
    cli::ExitCode remove(const Settings& settings) const;

    CLI::App* receive_ = nullptr;
    CLI::App* delete_ = nullptr;
    std::string queue_;
    std::uint32_t count_ = 1;
    std::uint32_t min_ = 1;
    std::string attempt_;
    double wait_s_ = 0;
    std::optional<std::uint32_t> visibility_s_;
    std::vector<std::string> receipts_;
};

}  // namespace esteira::control
