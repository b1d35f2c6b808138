#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/clock.hpp"

// One line of a script, taken apart: TIME [@SESSION] COMMAND [WORD | NAME=VALUE]...
namespace esteira::spec {

struct Line {
    Millis time{0};
    std::string session = "main";
    std::string command;
    std::vector<std::string> words;
    std::map<std::string, std::string> options;
};

Line parse(const std::string& text);

// "5s", "1.5s", "200ms", "3m", "1h"
Millis duration(const std::string& text);

// With blanks between; - for none.
std::string joined(const std::vector<std::string>& words);

}  // namespace esteira::spec
