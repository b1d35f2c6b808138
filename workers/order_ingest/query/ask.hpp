#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/postgres/connection.hpp"

// What the programs that ask for one thing of the shop have in common: an id, a database, JSON.
namespace esteira::order_ingest {

struct Question {
    std::string program;  // "esteira-query-order"
    std::string about;
    std::vector<std::string> examples;
    std::string id_name;      // "pedido_id"
    std::string id_about;     // "The order's id."
    bool id_by_flag = false;  // As --cliente rather than as the first word.
    std::function<void(CLI::App&)> add_options{};
    // Nothing: there is no such row.
    std::function<std::optional<std::string>(postgres::Connection&, const std::string& id)> answer;
};

// The whole program. Exit code 0 when something was found, 3 when there is no such id.
int ask(const Question& question, int argc, char** argv);

}  // namespace esteira::order_ingest
