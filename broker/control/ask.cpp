#include "broker/control/ask.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace esteira::control {

cli::ExitCode exit_code_of(const std::string& code) {
    struct Row {
        std::string_view code;
        cli::ExitCode exit;
    };
    constexpr Row kRows[] = {
        {"bad_request", cli::ExitCode::usage},       {"unknown_command", cli::ExitCode::usage},
        {"no_such_queue", cli::ExitCode::not_found}, {"not_found", cli::ExitCode::not_found},
        {"no_such_pool", cli::ExitCode::not_found},  {"no_such_worker", cli::ExitCode::not_found},
        {"queue_exists", cli::ExitCode::conflict},   {"conflict", cli::ExitCode::conflict},
        {"not_confirmed", cli::ExitCode::conflict},  {"receipt_stale", cli::ExitCode::conflict},
        {"receipt_invalid", cli::ExitCode::usage},   {"draining", cli::ExitCode::conflict},
        {"paused", cli::ExitCode::conflict},         {"queue_full", cli::ExitCode::conflict},
    };
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [&](const Row& r) { return r.code == code; });
    return row == std::end(kRows) ? cli::ExitCode::error : row->exit;
}

Json ask(OpsClient& ops, const std::string& command, const Json& arguments) {
    try {
        return ops.ask(command, arguments);
    } catch (const NoAnswer& silence) {
        throw cli::Failure{silence.connected ? cli::ExitCode::timeout : cli::ExitCode::unreachable,
                           silence.what()};
    } catch (const RefusedByBroker& refused) {
        throw cli::Failure{exit_code_of(refused.code), refused.what()};
    }
}

}  // namespace esteira::control
