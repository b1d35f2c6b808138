#include "common/cli/commands.hpp"

#include <algorithm>
#include <cctype>

namespace esteira::cli {

namespace {

std::string upper(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return result;
}

std::string usage_of(const Argument& argument) {
    if (argument.positional) {
        return argument.kind == ArgumentKind::on_off ? "on|off" : upper(argument.name);
    }
    if (argument.optional_word) {
        return "[" + upper(argument.name) + "]";
    }
    switch (argument.kind) {
        case ArgumentKind::number:
            return "[" + flag_of(argument) + " N]";
        case ArgumentKind::pairs:
            return "[" + flag_of(argument) + " NAME=VALUE]...";
        case ArgumentKind::words:
            return "[" + flag_of(argument) + " WORD]...";
        case ArgumentKind::flag:
            return "[" + flag_of(argument) + "]";
        case ArgumentKind::on_off:
            return "[" + flag_of(argument) + " on|off]";
        case ArgumentKind::text:
        case ArgumentKind::list:
            break;
    }
    return "[" + flag_of(argument) + " " + upper(argument.name) + "]";
}

}  // namespace

std::string flag_of(const Argument& argument) {
    std::string flag = "--" + std::string(argument.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    return flag;
}

std::string usage_of(const Command& command) {
    std::string usage{command.name};
    std::replace(usage.begin(), usage.end(), '.', ' ');
    for (const Argument& argument : command.arguments) {
        usage += " " + usage_of(argument);
    }
    return usage;
}

}  // namespace esteira::cli
