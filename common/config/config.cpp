#include "common/config/config.hpp"

#include <algorithm>
#include <cctype>

#include "common/config/fields.hpp"

namespace esteira::config {

bool has_password(std::string_view url) {
    std::string lower{url};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.find("password") != std::string::npos) {
        return true;
    }
    const std::size_t authority = lower.find("://");
    if (authority == std::string::npos) {
        return false;
    }
    const std::size_t at = lower.rfind('@');  // A password may hold one that nobody escaped.
    return at != std::string::npos && at > authority &&
           lower.substr(authority + 3, at - authority - 3).find(':') != std::string::npos;
}

namespace {

void show_definitions(const Definitions& definitions, std::vector<Shown>& lines) {
    const auto put = [&](const std::string& section, const std::string& key,
                         const std::string& value) {
        const auto origin = definitions.origins.find(section + "." + key);
        lines.push_back({section + "." + key, value,
                         origin == definitions.origins.end() ? "default" : origin->second});
    };
    const auto listed = [](const Texts& texts) {
        std::string list;
        for (const auto& [name, value] : texts) {
            list += (list.empty() ? "" : ", ") + name + (value.empty() ? "" : "=" + value);
        }
        return list;
    };
    for (const auto& [name, queue] : definitions.queues) {
        const std::string section = "queues." + name;
        for (const auto& [attribute, value] : queue.attributes) {
            put(section, attribute, value);
        }
        put(section, "dlq", queue.dlq ? "true" : "false");
        put(section, "tags", listed(queue.tags));
    }
    for (const auto& [name, topic] : definitions.topics) {
        put("topics." + name, "subscriptions", listed(topic.subscriptions));
        put("topics." + name, "tags", listed(topic.tags));
    }
}

}  // namespace

std::vector<Shown> show(const Loaded& loaded) {
    Config config = loaded.config;
    std::vector<Shown> lines;
    for (const FieldRef& field : fields_of(config)) {
        const auto origin = loaded.origins.find(field.key);
        lines.push_back({field.key, text_of(field.place),
                         origin == loaded.origins.end() ? "default" : origin->second});
    }
    show_definitions(loaded.config.definitions, lines);
    return lines;
}

}  // namespace esteira::config
