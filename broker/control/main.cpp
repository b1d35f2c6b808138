// esteira-ctl: what operators ask of a running broker.

#include "broker/control/commands.hpp"
#include "broker/control/definitions/verbs.hpp"
#include "broker/control/messages.hpp"
#include "broker/control/publish.hpp"
#include "common/cli/checks.hpp"
#include "common/config/flags.hpp"

namespace {

using namespace esteira;

cli::ExitCode perform(control::Settings& settings, control::Commands& commands,
                      const control::MessageVerbs& messages, const control::PublishVerb& publish,
                      const control::definitions::Verbs& definitions) {
    try {
        settings.loaded = config::load(settings.sources);
    } catch (const config::ConfigError& error) {
        throw cli::Failure{cli::ExitCode::configuration, error.what()};
    }
    if (const auto code = publish.perform()) {
        return *code;
    }
    if (const auto code = messages.perform(settings)) {
        return *code;
    }
    if (const auto code = definitions.perform(settings)) {
        return *code;
    }
    return commands.perform(settings).value_or(cli::ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Steers a running broker over its ops socket.", "esteira-ctl"};
    control::Settings settings;
    cli::prepare(
        app, settings.common,
        {"esteira-ctl queue ls", "esteira-ctl queue create stock --attribute MaxReceives=3",
         "esteira-ctl msg peek stock --count 3", "esteira-ctl dlq redrive dlq-stock --rate 50/s",
         "esteira-ctl node ping --wait 10"});
    config::add_flags(app, settings.sources);
    app.add_option("--timeout", settings.timeout_s, "Seconds to wait for an answer")
        ->check(cli::decimal_number(0.01, 3600))
        ->capture_default_str();
    control::Commands commands;
    control::MessageVerbs messages;
    commands.add_to(app);
    messages.add_to(commands.group(app, "msg"));
    control::PublishVerb publish;
    publish.add_to(commands.group(app, "topic"));
    control::definitions::Verbs definitions;
    definitions.add_to(app);
    app.require_subcommand(1);
    return cli::run(app, argc, argv,
                    [&] { return perform(settings, commands, messages, publish, definitions); });
}
