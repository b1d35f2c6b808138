#pragma once

#include <optional>

#include <CLI/CLI.hpp>

#include "common/cli/exit_code.hpp"

namespace esteira::control {

// `topic publish TOPIC ...` is esteira-send, which stands beside this program: a send to a topic is
// a send.
class PublishVerb {
public:
    void add_to(CLI::App& topic);

    // Becomes esteira-send, if it was asked for. Throws cli::Failure when there is none.
    std::optional<cli::ExitCode> perform() const;

private:
    CLI::App* publish_ = nullptr;
};

}  // namespace esteira::control
