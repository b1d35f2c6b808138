// esteira-journal: a look at a broker's files, with or without a broker. Changes nothing.

#include <sodium.h>

#include "broker/server/journal_tool/room.hpp"
#include "common/cli/checks.hpp"
#include "common/config/flags.hpp"

namespace {

using namespace esteira;

cli::ExitCode look(const CLI::App& app, journal_tool::Options options,
                   const config::Sources& sources) {
    if (options.data.empty()) {
        try {
            options.data = config::load(sources).config.broker.data.string();
        } catch (const config::ConfigError& error) {
            throw cli::Failure{cli::ExitCode::configuration, error.what()};
        }
    }
    if (app.got_subcommand("verify")) {
        return journal_tool::verify(options);
    }
    return app.got_subcommand("dump") ? journal_tool::dump(options) : journal_tool::stats(options);
}

}  // namespace

int main(int argc, char** argv) {
    if (sodium_init() < 0) {
        return 1;
    }
    CLI::App app{"Verifies and shows a broker's journal; never changes it.", "esteira-journal"};
    journal_tool::Options options;
    cli::prepare(app, options.common,
                 {"esteira-journal verify", "esteira-journal stats --data /var/lib/esteira/broker",
                  "esteira-journal dump --queue stock --json"});
    config::Sources sources;
    config::add_flags(app, sources);
    app.add_option("--data", options.data, "The broker's folder; [broker] data when not said");
    app.add_subcommand("verify", "Whether a broker would start on it; exit code 79 if not");
    auto* dump = app.add_subcommand("dump", "One line an event (with --json one document a line)");
    dump->add_option("--queue", options.queue, "Only this queue's: a name, or its number");
    dump->add_option("--from", options.from, "Only from this chunk on")->check(cli::whole_number());
    dump->add_flag("--bodies", options.bodies, "Show the bodies, not only size and SHA-256");
    app.add_subcommand("stats", "Frames and bytes of each segment");
    app.require_subcommand(1);
    return cli::run(app, argc, argv, [&] { return look(app, options, sources); });
}
