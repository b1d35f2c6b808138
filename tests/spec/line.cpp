#include "tests/spec/line.hpp"

#include <sstream>

namespace esteira::spec {

Millis duration(const std::string& text) {
    if (text.ends_with("ms")) {
        return Millis{std::stoll(text)};
    }
    if (text.ends_with("m")) {
        return Millis{std::stoll(text) * 60'000};
    }
    if (text.ends_with("h")) {
        return Millis{std::stoll(text) * 3'600'000};
    }
    return Millis{static_cast<std::int64_t>(std::stod(text) * 1000)};
}

Line parse(const std::string& text) {
    Line line;
    std::istringstream in(text);
    std::string word;
    in >> word;
    line.time = duration(word);
    in >> word;
    if (word.front() == '@') {
        line.session = word.substr(1);
        in >> word;
    }
    line.command = word;
    while (in >> word) {
        const auto equals = word.find('=');
        if (equals == std::string::npos) {
            line.words.push_back(word);
        } else {
            line.options[word.substr(0, equals)] = word.substr(equals + 1);
        }
    }
    return line;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text.empty() ? "-" : text;
}

}  // namespace esteira::spec
