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

std::vector<Shown> show(const Loaded& loaded) {
    Config config = loaded.config;
    std::vector<Shown> lines;
    for (const FieldRef& field : fields_of(config)) {
        const auto origin = loaded.origins.find(field.key);
        lines.push_back({field.key, text_of(field.place),
                         origin == loaded.origins.end() ? "default" : origin->second});
    }
    return lines;
}

}  // namespace esteira::config
