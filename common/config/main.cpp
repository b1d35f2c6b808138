// esteira-config: what every program of this farm would read, and where each value comes from.

#include <cstdio>

#include "common/cli/app.hpp"
#include "common/cli/table.hpp"
#include "common/config/config.hpp"
#include "common/config/flags.hpp"

namespace {

using namespace esteira;

void print_all(const config::Loaded& loaded, const cli::Common& common) {
    nlohmann::ordered_json document;
    cli::Table table{{{"key"}, {"value"}, {"from"}}};
    for (const config::Shown& shown : config::show(loaded)) {
        document[shown.key] = {{"value", shown.value}, {"from", shown.origin}};
        table.row({shown.key, shown.value, shown.origin});
    }
    if (common.json) {
        cli::print_json(document);
    } else {
        table.print();
    }
}

cli::ExitCode print_one(const config::Loaded& loaded, const std::string& key,
                        const cli::Common& common) {
    for (const config::Shown& shown : config::show(loaded)) {
        if (shown.key != key) {
            continue;
        }
        if (common.json) {
            cli::print_json({{shown.key, shown.value}});
        } else {
            std::printf("%s\n", shown.value.c_str());
        }
        return cli::ExitCode::ok;
    }
    throw cli::Failure{cli::ExitCode::not_found, "no such key: " + key};
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"The configuration as the programs read it; passwords are ***.", "esteira-config"};
    cli::Common common;
    config::Sources sources;
    cli::prepare(app, common,
                 {"esteira-config show", "esteira-config get broker.endpoint",
                  "esteira-config check --config other.toml"});
    config::add_flags(app, sources);
    std::string key;
    const auto* show = app.add_subcommand("show", "Every key, its value and where it comes from");
    auto* get = app.add_subcommand("get", "One value");
    get->add_option("key", key, "As in show: section.key")->required();
    app.add_subcommand("check", "Say nothing but what is wrong; exit 78 when something is");
    app.require_subcommand(1);
    return cli::run(app, argc, argv, [&] {
        try {
            const config::Loaded loaded = config::load(sources);
            if (get->parsed()) {
                return print_one(loaded, key, common);
            }
            if (show->parsed()) {
                print_all(loaded, common);
            }
            return cli::ExitCode::ok;
        } catch (const config::ConfigError& error) {
            throw cli::Failure{cli::ExitCode::configuration, error.what()};
        }
    });
}
