#include "common/config/definitions.hpp"

#include <algorithm>
#include <cctype>

#include "common/config/definition_reader.hpp"

namespace esteira::config {

namespace {

std::string toml_text(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            result += "\\u00";
            result += kDigits[byte >> 4];
            result += kDigits[byte & 15];
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string key_of(const std::string& name) {
    const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
    return bare ? name : toml_text(name);
}

// Without quotes where a number or a truth value reads back as the very same text.
std::string value_of(const std::string& text) {
    constexpr std::size_t kDigitsMax = 18;
    const bool number =
        !text.empty() && text.size() <= kDigitsMax && (text[0] != '0' || text.size() == 1) &&
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return number || text == "true" || text == "false" ? text : toml_text(text);
}

void write_tags(std::string& out, const Texts& tags) {
    if (tags.empty()) {
        return;
    }
    std::string pairs;
    for (const auto& [name, value] : tags) {
        pairs += (pairs.empty() ? " " : ", ") + key_of(name) + " = " + toml_text(value);
    }
    out += "tags = {" + pairs + " }\n";
}

}  // namespace

Definitions parse_definitions(std::string_view text, const std::string& name) {
    Definitions definitions;
    DefinitionReader reader{name, definitions};
    const auto line = [&](const toml::source_region& at) {
        return name + ":" + std::to_string(at.begin.line) + ": ";
    };
    try {
        for (const auto& [key, node] : toml::parse(text)) {
            if (!DefinitionReader::knows(key.str())) {
                throw ConfigError{line(node.source()) + "unknown section [" +
                                  std::string{key.str()} + "]: here are queues and topics alone"};
            }
            reader.read(key.str(), node);
        }
    } catch (const toml::parse_error& error) {
        throw ConfigError{line(error.source()) + std::string{error.description()}};
    }
    return definitions;
}

std::string to_toml(const Definitions& definitions) {
    std::string out;
    for (const auto& [name, queue] : definitions.queues) {
        out += (out.empty() ? "" : "\n") + ("[queues." + key_of(name)) + "]\n";
        for (const auto& [attribute, value] : queue.attributes) {
            out += key_of(attribute) + " = " + value_of(value) + "\n";
        }
        out += queue.dlq ? "" : "dlq = false\n";
        write_tags(out, queue.tags);
    }
    for (const auto& [name, topic] : definitions.topics) {
        out += (out.empty() ? "" : "\n") + ("[topics." + key_of(name)) + "]\n";
        if (!topic.subscriptions.empty()) {
            out += "subscriptions = [\n";
            for (const auto& [queue, filter] : topic.subscriptions) {
                out += "    { queue = " + toml_text(queue) +
                       (filter.empty() ? "" : ", filter = " + toml_text(filter)) + " },\n";
            }
            out += "]\n";
        }
        write_tags(out, topic.tags);
    }
    return out;
}

}  // namespace esteira::config
