#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "broker/control/ask.hpp"
#include "common/cli/commands.hpp"

// The words of esteira-ctl that the ops socket's table makes: "queue.create" is `queue create`, its
// arguments are options. What a verb does beyond asking and showing stands in perform().
namespace esteira::control {

class Commands {
public:
    // Adds a group for each first word and a verb for each row.
    void add_to(CLI::App& app);

    // The group of that word, made when there is none.
    CLI::App& group(CLI::App& app, const std::string& word);

    // Runs the verb that was given on the command line; nothing when it was none of these.
    std::optional<cli::ExitCode> perform(const Settings& settings);

private:
    // What was given for one argument.
    struct Value {
        const cli::Argument* argument = nullptr;
        CLI::Option* option = nullptr;
        std::string text;
        std::uint64_t number = 0;
        bool flag = false;
        std::vector<std::string> pairs;
    };
    struct Verb {
        const cli::Command* command = nullptr;
        CLI::App* app = nullptr;
        std::deque<Value> values;
    };

    static void add_argument(Verb& verb, const cli::Argument& argument);
    static Json arguments_of(const Verb& verb);
    cli::ExitCode ping(const Settings& settings) const;
    cli::ExitCode await_pools(const Settings& settings) const;
    void confirm(const Verb& verb, Json& arguments) const;

    std::map<std::string, CLI::App*> groups_;
    std::deque<Verb> verbs_;
    double wait_s_ = 0;        // node ping, worker pools
    bool yes_ = false;         // what is_confirmed()
    bool no_wait_ = false;     // dlq redrive, dlq drop
    std::string body_file_{};  // dlq edit
};

}  // namespace esteira::control
