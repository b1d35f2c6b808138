#pragma once

#include <string>

#include "broker/control/ops_client.hpp"
#include "common/base/dialogue.hpp"
#include "common/cli/app.hpp"
#include "common/config/config.hpp"

// What all verbs have in common: where the broker is, and what a refusal means for the exit code.
namespace esteira::control {

struct Settings {
    cli::Common common;
    config::Sources sources;
    double timeout_s = 5;
    // Where: after the command line was parsed.
    config::Loaded loaded;

    Millis timeout() const { return Millis{static_cast<std::int64_t>(timeout_s * 1000)}; }
    OpsClient ops() const { return OpsClient{loaded.config.broker.ops_socket, timeout()}; }
};

// 3 for what is not there, 4 for what the broker's state does not allow, 2 for what is no request.
cli::ExitCode exit_code_of(const std::string& code);
inline cli::ExitCode exit_code_of(dialogue::Code code) {
    return exit_code_of(dialogue::to_string(code));
}

// As OpsClient::ask; refusals and silence become cli::Failure.
Json ask(OpsClient& ops, const std::string& command, const Json& arguments);

}  // namespace esteira::control
