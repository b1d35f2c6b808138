#include "producers/support/run.hpp"

#include <csignal>
#include <cstdio>

#include "common/base/limits.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/format.hpp"

namespace esteira::producers {

using cli::ExitCode;

namespace {

volatile std::sig_atomic_t signalled = 0;

}  // namespace

void add_flags(CLI::App& app, RunOptions& options, const std::string& queue) {
    options.queue = queue;
    config::add_flags(app, options.sources);
    app.add_option("--queue", options.queue, "Where the messages go: a queue or a topic")
        ->check(cli::queue_name())
        ->capture_default_str();
    app.add_option("--batch", options.batch, "Messages of one request")
        ->check(cli::whole_number(1, limits::kRequestEntriesMax))
        ->capture_default_str();
    app.add_option("--patience", options.patience_s, "Seconds without an answer before giving up")
        ->check(cli::decimal_number(0.1, 86'400.0))
        ->capture_default_str();
    app.add_option("--spool", options.sender.spool,
                   "Folder that keeps batches until the broker has them")
        ->type_name("DIR");
    app.add_flag("--verbose,-v", options.verbose, "Print the id of each message");
}

// Without SA_RESTART, so that a wait ends at once.
void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { signalled = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM}) {
        sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() { return signalled != 0; }

config::Config load_settings(RunOptions& options, const std::string& program) {
    try {
        config::Config settings = config::load(options.sources).config;
        options.sender.client.endpoint = settings.broker.endpoint;
        options.sender.client.name = program;
        options.sender.client.patience =
            Millis{static_cast<std::int64_t>(options.patience_s * 1000)};
        options.sender.interrupted = interrupted;
        return settings;
    } catch (const config::ConfigError& error) {
        throw cli::Failure(ExitCode::configuration, error.what());
    }
}

cli::ExitCode conclude(BatchSender& sender, const std::function<void()>& send_all) {
    try {
        send_all();
        sender.finish();
    } catch (const Interrupted&) {
        return ExitCode::interrupted;
    } catch (const client::Unreachable& error) {
        cli::say(error.what());
        return ExitCode::unreachable;
    } catch (const SpoolFull& error) {
        cli::say(error.what());
        return ExitCode::unreachable;
    } catch (const KeptOut& error) {
        cli::say(error.what());
        return ExitCode::timeout;
    }
    if (sender.counts().failed == 0) {
        return ExitCode::ok;
    }
    if (sender.counts().sent > 0) {
        return ExitCode::partial;
    }
    const bool no_queue = sender.counts().reasons.contains("no_such_queue");
    return no_queue ? ExitCode::not_found : ExitCode::error;
}

void tell(const BatchSender::Outcome& outcome, const RunOptions& options) {
    const dialogue::ResultRun& result = outcome.result;
    if (result.code != dialogue::Code::ok) {
        cli::say(std::string(dialogue::to_string(result.code)) + ": " + result.reason);
    } else if (options.verbose) {
        for (std::uint32_t i = 0; i < result.count; ++i) {
            const MessageNumber number{result.first.value + i};
            const std::string id = dialogue::message_id(outcome.broker, number);
            // stdout is the one document's.
            options.common.json ? cli::say(id) : static_cast<void>(std::puts(id.c_str()));
        }
    }
}

void summarize(const BatchSender& sender, const RunOptions& options,
               const nlohmann::ordered_json& more, const std::string& told) {
    const SenderCounts& counts = sender.counts();
    const std::uint64_t waiting = sender.waiting_messages();
    if (options.common.json) {
        nlohmann::ordered_json document{{"messages", counts.sent}};
        document.update(more);
        document["failed"] = counts.failed;
        document["waiting"] = waiting;
        document["from_spool"] = counts.from_spool;
        for (const auto& [code, reason] : counts.reasons) {
            document["reasons"][code] = {{"messages", reason.messages}, {"last", reason.last}};
        }
        return cli::print_json(document);
    }
    if (options.common.quiet) {
        return;
    }
    cli::say("sent " + cli::human_count(counts.sent) + " messages, " + told + "; failed " +
             cli::human_count(counts.failed) +
             (waiting > 0 ? "; waiting " + cli::human_count(waiting) : ""));
}

}  // namespace esteira::producers
