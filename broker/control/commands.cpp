#include "broker/control/commands.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include <unistd.h>

#include "broker/control/show.hpp"
#include "broker/control/tasks.hpp"
#include "common/base/bytes.hpp"
#include "common/cli/checks.hpp"
#include "common/cli/json_text.hpp"

namespace esteira::control {

namespace {

constexpr Millis kPingEvery{50};
constexpr double kWaitMax_s = 86'400;

const std::map<std::string, std::string> kGroups{
    {"queue", "Queues: list, show, make, set, empty, remove"},
    {"topic", "Topics: list, show, make, subscribe queues, publish"},
    {"msg", "Messages: look at them, receive, delete"},
    {"dlq", "Dead letters: list, read, send back, mend, drop"},
    {"worker", "Workers and their pools: list, size, drain"},
    {"node", "The broker itself"},
};

bool is_confirmed(const cli::Command& command) {
    return std::any_of(command.arguments.begin(), command.arguments.end(),
                       [](const cli::Argument& a) { return a.name == "confirm"; });
}

Json object_of(const std::vector<std::string>& pairs, const std::string& flag) {
    Json object = Json::object();
    for (const std::string& pair : pairs) {
        const std::size_t at = pair.find('=');
        if (at == std::string::npos || at == 0) {
            throw cli::Failure{cli::ExitCode::usage, flag + " takes NAME=VALUE, not " + pair};
        }
        object[pair.substr(0, at)] = pair.substr(at + 1);
    }
    return object;
}

// The bytes of a file as the argument that can carry them.
void put_body(const std::string& path, Json& arguments) {
    if (std::filesystem::is_directory(path)) {
        throw cli::Failure{cli::ExitCode::usage, path + " is a folder, not a file"};
    }
    std::ifstream file(path, std::ios::binary);
    std::istream& in = path == "-" ? std::cin : file;
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (path != "-" && !file.is_open()) {
        throw cli::Failure{cli::ExitCode::not_found, "cannot read " + path};
    }
    cli::OrderedJson carried = cli::OrderedJson::object();
    cli::put_bytes(carried, "body", as_bytes(bytes));
    arguments.update(Json(carried));
}

}  // namespace

CLI::App& Commands::group(CLI::App& app, const std::string& word) {
    auto at = groups_.find(word);
    if (at == groups_.end()) {
        CLI::App* made = app.add_subcommand(word, kGroups.at(word));
        made->require_subcommand(1);
        at = groups_.emplace(word, made).first;
    }
    return *at->second;
}

void Commands::add_argument(Verb& verb, const cli::Argument& argument) {
    Value& value = verb.values.emplace_back();
    value.argument = &argument;
    const std::string name = argument.positional || argument.optional_word
                                 ? std::string(argument.name)
                                 : cli::flag_of(argument);
    const std::string what{argument.what};
    switch (argument.kind) {
        case cli::ArgumentKind::text:
            value.option = verb.app->add_option(name, value.text, what);
            break;
        case cli::ArgumentKind::on_off:
            value.option = verb.app->add_option(name, value.text, what);
            value.option->check(CLI::IsMember({"on", "off"}));
            break;
        case cli::ArgumentKind::number:
            value.option = verb.app->add_option(name, value.number, what);
            value.option->check(cli::whole_number());
            break;
        case cli::ArgumentKind::flag:
            value.option = verb.app->add_flag(name, value.flag, what);
            break;
        case cli::ArgumentKind::pairs:
            value.option = verb.app->add_option(name, value.pairs, what);
            value.option->take_all()->type_size(1)->type_name("NAME=VALUE");
            break;
        case cli::ArgumentKind::words:
            value.option = verb.app->add_option(name, value.pairs, what);
            value.option->take_all()->type_size(1)->type_name("WORD");
            break;
        case cli::ArgumentKind::list:
            break;  // For programs: it is no word.
    }
    if (argument.positional) {
        value.option->required();
    }
}

void Commands::add_to(CLI::App& app) {
    for (const cli::Command& command : cli::kOpsCommands) {
        if (command.for_programs) {
            continue;
        }
        const std::string name{command.name};
        const std::size_t dot = name.find('.');
        const std::string what{command.what};
        Verb& verb = verbs_.emplace_back();
        verb.command = &command;
        verb.app = dot == std::string::npos
                       ? app.add_subcommand(name, what)
                       : group(app, name.substr(0, dot)).add_subcommand(name.substr(dot + 1), what);
        for (const cli::Argument& argument : command.arguments) {
            add_argument(verb, argument);
        }
        if (!command.examples.empty()) {
            verb.app->footer("Examples:\n  " + std::string(command.examples));
        }
        if (name == "node.ping") {
            verb.app->add_option("--wait", wait_s_, "Ask again for so many seconds")
                ->check(cli::decimal_number(0, kWaitMax_s));
        } else if (name == "worker.pools") {
            verb.app
                ->add_option("--wait", wait_s_,
                             "So many seconds until all pools are as they should be")
                ->check(cli::decimal_number(0, kWaitMax_s));
        } else if (is_confirmed(command)) {
            verb.app->add_flag("--yes", yes_, "Do not ask for the name");
        } else if (name == "dlq.edit") {
            verb.app->add_option("--body-file", body_file_, "The body as a file, - for stdin")
                ->excludes("--body")
                ->excludes("--body-base64");
        }
        if (name == "dlq.redrive" || name == "dlq.drop") {
            verb.app->add_flag("--no-wait", no_wait_, "Start it, and do not follow it");
        }
    }
}

Json Commands::arguments_of(const Verb& verb) {
    Json arguments = Json::object();
    for (const Value& value : verb.values) {
        const std::string name{value.argument->name};
        if (value.option->count() == 0) {
            continue;
        }
        switch (value.argument->kind) {
            case cli::ArgumentKind::text:
                arguments[name] = value.text;
                break;
            case cli::ArgumentKind::on_off:
                arguments[name] = value.text == "on";
                break;
            case cli::ArgumentKind::number:
                arguments[name] = value.number;
                break;
            case cli::ArgumentKind::flag:
                arguments[name] = value.flag;
                break;
            case cli::ArgumentKind::pairs:
                arguments[name] = object_of(value.pairs, cli::flag_of(*value.argument));
                break;
            case cli::ArgumentKind::words:
                arguments[name] = value.pairs;
                break;
            case cli::ArgumentKind::list:
                break;
        }
    }
    return arguments;
}

// On a terminal the name is asked for; a script has to say --yes.
void Commands::confirm(const Verb& verb, Json& arguments) const {
    if (arguments.contains("confirm")) {
        return;
    }
    if (yes_) {
        // What is to go comes first.
        arguments["confirm"] = arguments[std::string(verb.command->arguments.front().name)];
        return;
    }
    if (isatty(STDIN_FILENO) == 0) {
        throw cli::Failure{cli::ExitCode::usage,
                           cli::usage_of(*verb.command) + ": this cannot be undone; say --yes"};
    }
    std::fprintf(stderr, "This cannot be undone. Type the name to go on: ");
    std::string typed;
    std::getline(std::cin, typed);
    arguments["confirm"] = typed;
}

cli::ExitCode Commands::ping(const Settings& settings) const {
    const auto end =
        std::chrono::steady_clock::now() + Millis{static_cast<std::int64_t>(wait_s_ * 1000)};
    OpsClient ops = settings.ops();
    while (true) {
        try {
            show("node.ping", ask(ops, "node.ping", Json::object()), settings.common);
            return cli::ExitCode::ok;
        } catch (const cli::Failure& failure) {
            const bool silent = failure.code == cli::ExitCode::unreachable ||
                                failure.code == cli::ExitCode::timeout;
            if (!silent || std::chrono::steady_clock::now() >= end) {
                throw;
            }
        }
        std::this_thread::sleep_for(kPingEvery);
    }
}

// For scripts: until every pool has the workers that it should have, and all have said hello.
cli::ExitCode Commands::await_pools(const Settings& settings) const {
    const auto end =
        std::chrono::steady_clock::now() + Millis{static_cast<std::int64_t>(wait_s_ * 1000)};
    OpsClient ops = settings.ops();
    while (true) {
        const Json result = ask(ops, "worker.pools", Json::object());
        bool steady = !result["pools"].empty();
        bool misconfigured = false;
        for (const Json& pool : result["pools"]) {
            steady = steady && pool["state"] == "steady" && pool["online"] >= pool["wanted"];
            misconfigured = misconfigured || pool["state"] == "misconfigured";
        }
        const bool late = std::chrono::steady_clock::now() >= end;
        if (steady || misconfigured || late) {
            show("worker.pools", result, settings.common);
        }
        if (misconfigured) {
            throw cli::Failure{cli::ExitCode::configuration,
                               "a pool's workers end with 78; their logs say why"};
        }
        if (steady) {
            return cli::ExitCode::ok;
        }
        if (late) {
            throw cli::Failure{cli::ExitCode::timeout, "not every pool is as it should be"};
        }
        std::this_thread::sleep_for(kPingEvery);
    }
}

std::optional<cli::ExitCode> Commands::perform(const Settings& settings) {
    const auto verb =
        std::find_if(verbs_.begin(), verbs_.end(), [](const Verb& v) { return v.app->parsed(); });
    if (verb == verbs_.end()) {
        return std::nullopt;
    }
    const std::string name{verb->command->name};
    if (name == "node.ping") {
        return ping(settings);
    }
    if (name == "worker.pools" && wait_s_ > 0) {
        return await_pools(settings);
    }
    Json arguments = arguments_of(*verb);
    OpsClient ops = settings.ops();
    const bool only_tries = arguments.value("dry_run", false);
    if (is_confirmed(*verb->command) && !only_tries) {
        confirm(*verb, arguments);
    }
    if (name == "dlq.redrive" || (name == "dlq.drop" && !arguments.contains("message"))) {
        return run_task(ops, name, arguments, !no_wait_, settings.common);
    }
    if (!body_file_.empty()) {
        put_body(body_file_, arguments);
    }
    show(name, ask(ops, name, arguments), settings.common);
    return cli::ExitCode::ok;
}

}  // namespace esteira::control
