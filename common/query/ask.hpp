#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/postgres/connection.hpp"

// The frame of the programs that answer one question with JSON (esteira-query-*).
namespace esteira::query {

struct Question {
    std::string program;  // "esteira-query-order"
    std::string about;
    std::vector<std::string> examples;
    std::function<void(CLI::App&)> add_options;
    // JSON; nothing: there is no such row.
    std::function<std::optional<std::string>(postgres::Connection&)> answer;
    // What there is none of, for people.
    std::function<std::string()> missing = [] { return std::string("there is nothing"); };
};

// The whole program. Exit code 0 with an answer, 3 without one.
int ask(const Question& question, int argc, char** argv);

}  // namespace esteira::query
