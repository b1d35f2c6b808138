// esteira-send: messages from a file, a pipe or the command line into a queue.

#include <csignal>

#include "common/base/limits.hpp"
#include "common/cli/checks.hpp"
#include "common/config/flags.hpp"
#include "producers/send_file/sending.hpp"

namespace {

using namespace esteira;

volatile std::sig_atomic_t interrupted = 0;

// Without SA_RESTART, so that a read or a wait ends at once. A second signal ends the process.
void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM}) {
        sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

cli::ExitCode send(send_file::Options options, const config::Sources& sources, double patience_s) {
    if (options.queue.empty() != options.flush) {
        throw cli::Failure{cli::ExitCode::usage, "a queue, or --flush and no queue"};
    }
    if (options.flush && options.sender.spool.empty()) {
        throw cli::Failure{cli::ExitCode::usage, "--flush needs --spool"};
    }
    try {
        options.sender.client.endpoint = config::load(sources).config.broker.endpoint;
    } catch (const config::ConfigError& error) {
        throw cli::Failure{cli::ExitCode::configuration, error.what()};
    }
    options.sender.client.name = "esteira-send";
    options.sender.client.patience = Millis{static_cast<std::int64_t>(patience_s * 1000)};
    options.sender.interrupted = [] { return interrupted != 0; };
    return send_file::Sending{std::move(options)}.run();
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Sends messages to a queue or a topic: each line of a file or of stdin is one.",
                 "esteira-send"};
    send_file::Options options;
    cli::prepare(app, options.common,
                 {"esteira-send stock --body '[]'", "esteira-send stock positions.jsonl --rate 500",
                  "generate | esteira-send stock --spool /var/lib/shop/spool",
                  "esteira-send --flush --spool /var/lib/shop/spool"});
    config::Sources sources;
    config::add_flags(app, sources);
    std::vector<std::string> attributes;
    double patience_s = 30;
    double spool_mib_max = 1024;
    app.add_option("queue", options.queue, "Name of a queue or a topic")->check(cli::queue_name());
    app.add_option("file", options.file, "One message a line; - or nothing: stdin");
    app.add_option("--body", options.body, "Send this one message, and read nothing");
    app.add_flag(
        "--envelope", options.envelope,
        "Lines are {\"body\":\"...\",\"delay\":S,\"attributes\":{...},\"group\":G,\"dedup\":ID}");
    app.add_option("--group", options.group, "Group of messages that say none (FIFO, fair queues)")
        ->check(cli::group_name());
    app.add_option("--attribute", attributes,
                   "An attribute of every message, as NAME=VALUE. May be repeated")
        ->take_all()
        ->type_size(1)
        ->type_name("NAME=VALUE");
    app.add_option("--batch", options.batch, "Messages of one request")
        ->check(cli::whole_number(1, limits::kRequestEntriesMax))
        ->capture_default_str();
    app.add_option("--window", options.sender.window, "Requests on their way at once")
        ->check(cli::whole_number(1, 32))
        ->capture_default_str();
    app.add_option("--rate", options.rate, "Messages a second, at most; as fast as it goes if 0")
        ->check(cli::decimal_number(0, 1e9));
    app.add_option("--patience", patience_s, "Seconds without an answer before giving up")
        ->check(cli::decimal_number(0.1, 86'400.0))
        ->capture_default_str();
    app.add_option("--spool", options.sender.spool,
                   "Folder that keeps batches until the broker has them");
    app.add_option("--spool-max", spool_mib_max, "MiB that the spool may take")
        ->check(cli::decimal_number(1, 1e6))
        ->capture_default_str();
    app.add_flag("--flush", options.flush, "Send what the spool holds, and read nothing");
    app.add_flag("--verbose,-v", options.verbose, "Print the id of each message");
    listen_to_signals();
    return cli::run(app, argc, argv, [&] {
        auto block = send_file::attributes_of_words(attributes);
        if (!block) {
            throw cli::Failure{cli::ExitCode::usage, block.error()};
        }
        if (options.envelope && !attributes.empty()) {
            throw cli::Failure{cli::ExitCode::usage, "envelopes say their own attributes"};
        }
        options.attributes = std::move(block).value();
        options.sender.spool_bytes_max = static_cast<std::uint64_t>(spool_mib_max * 1024 * 1024);
        return send(std::move(options), sources, patience_s);
    });
}
