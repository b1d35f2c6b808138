#pragma once

#include <string>

#include <toml++/toml.h>

#include "common/config/config.hpp"

namespace esteira::config {

// Reads the sections of definitions out of a parsed file. Throws ConfigError with file and line.
class DefinitionReader {
public:
    DefinitionReader(std::string file, Definitions& into) : file_(std::move(file)), into_(into) {}

    static bool knows(std::string_view section) {
        return section == "queues" || section == "topics";
    }

    // `node` is what stands under that name at the top of the file.
    void read(std::string_view section, const toml::node& node);

private:
    [[noreturn]] void fail(const toml::node& at, const std::string& reason) const;
    const toml::table& table(const toml::node& node, const std::string& key) const;
    std::string text(const toml::node& node, const std::string& key) const;
    void came_from(const toml::node& node, const std::string& key);

    void read_queue(const std::string& name, const toml::table& section);
    void read_topic(const std::string& name, const toml::table& section);
    void read_subscriptions(const toml::node& node, const std::string& key, Texts& into);
    void read_tags(const toml::node& node, const std::string& key, Texts& into);

    std::string file_;
    Definitions& into_;
};

}  // namespace esteira::config
