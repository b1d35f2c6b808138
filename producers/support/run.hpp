#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/cli/app.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"
#include "producers/support/batch_sender.hpp"

// What every producer's program does around its messages: signals, flags, configuration, how a run
// ends, and what is told of it.
//
//   producers::RunOptions options;
//   cli::prepare(app, options.common, {...examples});
//   producers::add_flags(app, options, "stock");
//   producers::listen_to_signals();
//   return cli::run(app, argc, argv, [&] {
//       const config::Config settings = producers::load_settings(options, "esteira-produce-stock");
//       BatchSender sender(options.sender, [&](const auto& o) { tell(o, options); });
//       const cli::ExitCode ended = conclude(sender, [&] { ...sender.send(tag, batch)... });
//       summarize(sender, options, {{"items", n}}, "n items");
//       return ended;
//   });
namespace esteira::producers {

struct RunOptions {
    cli::Common common;
    config::Sources sources;
    std::string queue;
    std::uint32_t batch = 10;  // Messages of one request.
    double patience_s = 30;
    bool verbose = false;
    SenderOptions sender;
};

// --config --set --queue --batch --patience --spool --verbose; `queue` is where messages go unless
// the user says otherwise.
void add_flags(CLI::App& app, RunOptions& options, const std::string& queue);

// SIGINT and SIGTERM end waits at once, and the run at its next check; a second one ends the
// process. SIGPIPE is ignored.
void listen_to_signals();
bool interrupted();

// Reads the configuration and completes `options.sender` for a program of this name. Throws
// cli::Failure.
config::Config load_settings(RunOptions& options, const std::string& program);

// Runs `send_all`, waits for the answers and tells how it ended: ok; partial, not_found (no such
// queue) or error when messages were refused for good; unreachable, timeout or interrupted with a
// word on stderr when it did not get to its end.
cli::ExitCode conclude(BatchSender& sender, const std::function<void()>& send_all);

// For the sender's Tell: refusals on stderr, and with --verbose the id of each message.
void tell(const BatchSender::Outcome& outcome, const RunOptions& options);

// The account at the end. --json: one document, whose keys are messages, those of `more`, failed,
// waiting, from_spool and reasons. Else a line on stderr, with `told` after the messages:
// "sent 58 messages, 2,000 items; failed 0".
void summarize(const BatchSender& sender, const RunOptions& options,
               const nlohmann::ordered_json& more, const std::string& told);

}  // namespace esteira::producers
