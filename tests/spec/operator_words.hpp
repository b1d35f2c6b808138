#pragma once

#include <map>
#include <string>
#include <vector>

#include "broker/engine/engine.hpp"

// What operators do in a script, told in a few words.
namespace esteira::spec {

struct OperatorLine {
    std::string command;
    std::vector<std::string> words;
    std::map<std::string, std::string> options;

    static bool knows(const std::string& command);
};

std::string operate(const OperatorLine& line, engine::Engine& engine, Now now);

}  // namespace esteira::spec
