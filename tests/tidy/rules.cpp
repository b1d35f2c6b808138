#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <map>
#include <regex>

namespace esteira::tidy {

namespace {

constexpr std::size_t kLinesMax = 400;
constexpr std::size_t kColumnsMax = 100;

const std::vector<std::string> kRooms{"common", "broker", "workers", "producers", "tests", "bench"};

// What a folder may include beside itself; what is not here follows the rule of the rooms.
const std::map<std::string, std::vector<std::string>> kMayInclude{
    {"broker/engine", {"common/base/"}},
    {"broker/journal", {"common/base/"}},
    {"broker/filters", {"common/base/", "common/contracts/", "broker/engine/tools.hpp"}},
    {"broker/server", {"common/", "broker/engine/", "broker/filters/", "broker/journal/"}},
    {"broker/control", {"common/"}},
};

const std::map<std::string, std::vector<std::string>> kForbiddenWords{
    {"broker/engine",
     {"system_clock", "steady_clock", "random_device", "zmq", "spdlog", "fstream", "libpq",
      "msgpack", "getenv", "std::thread"}},
    {"broker/filters",
     {"system_clock", "steady_clock", "random_device", "zmq", "spdlog", "fstream", "msgpack"}},
    {"broker/journal", {"broker/engine", "zmq", "spdlog", "msgpack", "libpq"}},
};

bool is_cpp(const std::string& path) { return path.ends_with(".cpp") || path.ends_with(".hpp"); }

std::string complaint(const Source& source, std::size_t line, const std::string& why) {
    return source.path + ":" + std::to_string(line + 1) + ": " + why;
}

// "broker/engine/queue.cpp" -> "broker/engine"; a file of the room itself -> "broker".
std::string folder_of(const std::string& path) {
    const std::size_t first = path.find('/');
    const std::size_t second = path.find('/', first + 1);
    return path.substr(0, second == std::string::npos ? first : second);
}

bool may_include(const std::string& path, const std::string& included) {
    const std::string room = path.substr(0, path.find('/'));
    const std::string other = included.substr(0, included.find('/'));
    if (std::find(kRooms.begin(), kRooms.end(), other) == kRooms.end()) {
        return false;
    }
    if (room == "tests" || room == "bench") {
        return true;
    }
    const std::string folder = folder_of(path);
    if (included.starts_with(folder + "/")) {
        return true;
    }
    if (const auto known = kMayInclude.find(folder); known != kMayInclude.end()) {
        return std::any_of(known->second.begin(), known->second.end(),
                           [&](const std::string& start) { return included.starts_with(start); });
    }
    if (room == "workers") {  // A worker type knows the runtime, and no other type.
        return other == "common" || included.starts_with("workers/runtime/");
    }
    return other == room || other == "common";
}

std::size_t columns_of(const std::string& line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // One per UTF-8 character.
    }));
}

}  // namespace

std::string code_of(const std::string& line) {
    std::string code;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (quote != 0) {
            if (line[i] == '\\') {
                ++i;
            } else if (line[i] == quote) {
                quote = 0;
            }
        } else if (line.compare(i, 2, "//") == 0) {
            break;
        } else if (line[i] == '"' || (line[i] == '\'' && (i == 0 || !std::isalnum(line[i - 1])))) {
            quote = line[i];  // 1'000 is no quote.
        } else {
            code += line[i];
        }
    }
    return code;
}

Complaints wrong_includes(const Source& source) {
    static const std::regex pattern{R"(^\s*#\s*include\s*\"([^\"]+)\")"};
    Complaints complaints;
    std::smatch match;
    for (std::size_t i = 0; is_cpp(source.path) && i < source.lines.size(); ++i) {
        if (std::regex_search(source.lines[i], match, pattern) &&
            !may_include(source.path, match[1])) {
            complaints.push_back(complaint(source, i, "must not include " + match[1].str()));
        }
    }
    return complaints;
}

Complaints impurities(const Source& source) {
    Complaints complaints;
    const auto words = kForbiddenWords.find(folder_of(source.path));
    if (!is_cpp(source.path) || words == kForbiddenWords.end()) {
        return complaints;
    }
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        const std::string& line = source.lines[i];
        // What an include names stands in quotes; elsewhere quotes and comments are only text.
        const std::string code = line.find("#include") == 0 ? line : code_of(line);
        for (const std::string& word : words->second) {
            if (code.find(word) != std::string::npos) {
                complaints.push_back(complaint(source, i, "must not know " + word));
            }
        }
    }
    return complaints;
}

Complaints stray_msgpack(const Source& source) {
    Complaints complaints;
    if (!is_cpp(source.path) || source.path.find("common/wire/") != std::string::npos) {
        return complaints;
    }
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        if (source.lines[i].find("#include <msgpack") == 0) {
            complaints.push_back(complaint(source, i, "msgpack is common/wire's"));
        }
    }
    return complaints;
}

Complaints wrong_shape(const Source& source) {
    static const std::regex name{R"([a-z0-9_]+\.[ch]pp)"};
    Complaints complaints;
    if (!is_cpp(source.path)) {
        return complaints;
    }
    if (!std::regex_match(source.path.substr(source.path.rfind('/') + 1), name)) {
        complaints.push_back(complaint(source, 0, "the name is not snake_case"));
    }
    if (source.lines.size() > kLinesMax) {
        complaints.push_back(complaint(source, kLinesMax, "more than 400 lines"));
    }
    if (source.path.ends_with(".hpp") &&
        std::find(source.lines.begin(), source.lines.end(), "#pragma once") == source.lines.end()) {
        complaints.push_back(complaint(source, 0, "no #pragma once"));
    }
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        if (columns_of(source.lines[i]) > kColumnsMax) {
            complaints.push_back(complaint(source, i, "more than 100 columns"));
        }
    }
    return complaints;
}

Complaints shared_ownership(const Source& source) {
    static const std::regex pattern{R"(shared_ptr|make_shared|\bnew\s+[A-Za-z_])"};
    Complaints complaints;
    // A test may hold a fake that its subject owns, or share the inodes of a pretended disk.
    if (!is_cpp(source.path) || source.path.starts_with("tests/")) {
        return complaints;
    }
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        if (source.lines[i].find("#include") != 0 &&
            std::regex_search(code_of(source.lines[i]), pattern)) {
            complaints.push_back(complaint(source, i, "owners are values or unique_ptr"));
        }
    }
    return complaints;
}

Complaints open_marks(const Source& source) {
    static const std::regex pattern{R"(\b(TO)"
                                    R"(DO|FIX)"
                                    R"(ME|XX)"
                                    R"(X|HA)"
                                    R"(CK)\b)"};
    Complaints complaints;
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
        if (std::regex_search(source.lines[i], pattern)) {
            complaints.push_back(complaint(source, i, "do it now, or write down why not"));
        }
    }
    return complaints;
}

}  // namespace esteira::tidy
