#include "broker/server/ops_arguments.hpp"

#include <algorithm>

namespace esteira::broker {

namespace {

using cli::Argument;
using cli::ArgumentKind;

const char* wanted(ArgumentKind kind) {
    switch (kind) {
        case ArgumentKind::text:
            return "text";
        case ArgumentKind::number:
            return "a whole number, not negative";
        case ArgumentKind::flag:
        case ArgumentKind::on_off:
            return "true or false";
        case ArgumentKind::pairs:
            return "an object of texts";
        case ArgumentKind::words:
            return "an array of texts";
        case ArgumentKind::list:
            return "an array";
    }
    return "";
}

bool fits(ArgumentKind kind, const Json& value) {
    switch (kind) {
        case ArgumentKind::text:
            return value.is_string();
        case ArgumentKind::number:
            return value.is_number_unsigned();
        case ArgumentKind::flag:
        case ArgumentKind::on_off:
            return value.is_boolean();
        case ArgumentKind::pairs:
            return value.is_object() && std::all_of(value.begin(), value.end(),
                                                    [](const Json& v) { return v.is_string(); });
        case ArgumentKind::words:
            return value.is_array() && std::all_of(value.begin(), value.end(),
                                                   [](const Json& v) { return v.is_string(); });
        case ArgumentKind::list:
            return value.is_array();
    }
    return false;
}

OpsRefusal bad(const cli::Command& command, const std::string& reason) {
    return {"bad_request", std::string(command.name) + ": " + reason};
}

}  // namespace

std::optional<OpsRefusal> check_arguments(const cli::Command& command, Json& arguments) {
    if (!arguments.is_object()) {
        return bad(command, "arguments are an object");
    }
    for (const auto& [name, value] : arguments.items()) {
        const auto argument =
            std::find_if(command.arguments.begin(), command.arguments.end(),
                         [&name = name](const Argument& a) { return a.name == name; });
        if (argument == command.arguments.end()) {
            return bad(command, "no such argument: " + name);
        }
        if (!fits(argument->kind, value)) {
            return bad(command, name + " must be " + wanted(argument->kind));
        }
    }
    for (const Argument& argument : command.arguments) {
        const std::string name{argument.name};
        if (arguments.contains(name)) {
            continue;
        }
        if (argument.positional) {
            return bad(command, name + " is missing");
        }
        if (argument.kind == ArgumentKind::flag) {
            arguments[name] = false;
        }
        if (argument.kind == ArgumentKind::pairs) {
            arguments[name] = Json::object();
        }
        if (argument.kind == ArgumentKind::words) {
            arguments[name] = Json::array();
        }
    }
    return std::nullopt;
}

std::uint32_t number_or(const Json& arguments, const char* name, std::uint32_t standard,
                        std::uint32_t most) {
    if (!arguments.contains(name)) {
        return standard;
    }
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(arguments[name].get<std::uint64_t>(), most));
}

std::optional<OpsRefusal> not_confirmed(const Json& arguments, const char* what) {
    if (text_or_empty(arguments, "confirm") == arguments[what].get<std::string>()) {
        return std::nullopt;
    }
    return OpsRefusal{"not_confirmed",
                      std::string("this cannot be undone: confirm must be the name "
                                  "of the ") +
                          what};
}

std::string text_or_empty(const Json& arguments, const char* name) {
    return arguments.contains(name) ? arguments[name].get<std::string>() : std::string();
}

}  // namespace esteira::broker
