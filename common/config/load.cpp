#include <algorithm>
#include <cctype>
#include <fstream>
#include <optional>
#include <sstream>

#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "common/config/config.hpp"
#include "common/config/definition_reader.hpp"
#include "common/config/fields.hpp"

namespace esteira::config {

namespace {

constexpr std::string_view kPrefix = "ESTEIRA__";

// Adds the worker type when the key belongs to one that is not there yet.
void make_room(Config& config, const std::string& key) {
    constexpr std::string_view kWorkers = "workers.";
    const std::size_t dot = key.rfind('.');
    if (!key.starts_with(kWorkers) || dot <= kWorkers.size()) {
        return;
    }
    const std::string type = key.substr(kWorkers.size(), dot - kWorkers.size());
    const bool word = std::all_of(type.begin(), type.end(), [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
    });
    if (word) {
        config.workers.try_emplace(type, Workers{.queue = type});
    }
}

std::optional<Place> find(Config& config, const std::string& key) {
    make_room(config, key);
    for (FieldRef& field : fields_of(config)) {
        if (field.key == key) {
            return std::move(field.place);
        }
    }
    return std::nullopt;
}

class FileReader {
public:
    FileReader(std::string name, Loaded& loaded) : name_(std::move(name)), loaded_(loaded) {}

    void read(std::string_view text) {
        try {
            walk(toml::parse(text), "");
        } catch (const toml::parse_error& error) {
            fail(error.source().begin.line, std::string{error.description()});
        }
    }

private:
    [[noreturn]] void fail(toml::source_index line, const std::string& reason) const {
        throw ConfigError{name_ + ":" + std::to_string(line) + ": " + reason};
    }

    void walk(const toml::table& table, const std::string& prefix) {
        for (const auto& [name, node] : table) {
            const std::string key = prefix + std::string{name.str()};
            if (prefix.empty() && DefinitionReader::knows(key)) {
                DefinitionReader{name_, loaded_.config.definitions}.read(key, node);
            } else if (const toml::table* inner = node.as_table()) {
                enter(*inner, key);
            } else {
                set(node, key);
            }
        }
    }

    void enter(const toml::table& table, const std::string& key) {
        const auto fields = fields_of(loaded_.config);
        const bool known = key.starts_with("workers.") ||
                           std::any_of(fields.begin(), fields.end(), [&](const FieldRef& field) {
                               return field.key.starts_with(key + ".");
                           });
        if (!known) {
            fail(table.source().begin.line, "unknown section [" + key + "]");
        }
        walk(table, key + ".");
    }

    void set(const toml::node& node, const std::string& key) {
        const auto line = node.source().begin.line;
        const auto place = find(loaded_.config, key);
        if (!place) {
            fail(line, "unknown key " + key);
        }
        try {
            if (const auto number = node.value_exact<std::int64_t>()) {
                set_number(*place, *number);
            } else if (const auto text = node.value_exact<std::string>();
                       text && !std::holds_alternative<Number>(*place)) {
                set_text(*place, *text);
            } else {
                fail(line,
                     key + (std::holds_alternative<Number>(*place) ? " must be a whole number"
                                                                   : " must be text in quotes"));
            }
        } catch (const std::invalid_argument& error) {
            fail(line, key + " " + error.what());
        }
        loaded_.origins[key] = name_ + ":" + std::to_string(line);
    }

    std::string name_;
    Loaded& loaded_;
};

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
    }
    return {};
}

// ESTEIRA__WORKERS__UPSERT_STOCK__BATCH_MAX: capitals, and the type's hyphens as underscores.
std::string key_of_variable(std::string_view name) {
    std::vector<std::string> parts(1);
    for (std::size_t i = kPrefix.size(); i < name.size(); ++i) {
        if (name.substr(i, 2) == "__") {
            parts.emplace_back();
            ++i;
        } else {
            const auto lower = std::tolower(static_cast<unsigned char>(name[i]));
            parts.back() += static_cast<char>(lower);
        }
    }
    if (parts.size() == 3) {
        std::replace(parts[1].begin(), parts[1].end(), '_', '-');
    }
    std::string key;
    for (const std::string& part : parts) {
        key += (key.empty() ? "" : ".") + part;
    }
    return key;
}

void set_from_text(Loaded& loaded, const std::string& key, const std::string& value,
                   const std::string& origin) {
    const auto place = find(loaded.config, key);
    if (!place) {
        throw ConfigError{origin + ": unknown key " + key};
    }
    try {
        set_text(*place, value);
    } catch (const std::invalid_argument& error) {
        throw ConfigError{origin + ": " + key + " " + error.what()};
    }
    loaded.origins[key] = origin;
}

void read_environment(Loaded& loaded, const std::vector<std::string>& environment) {
    for (const std::string& entry : environment) {
        const std::size_t equals = entry.find('=');
        if (!entry.starts_with(kPrefix) || equals == std::string::npos) {
            continue;
        }
        const std::string name = entry.substr(0, equals);
        set_from_text(loaded, key_of_variable(name), entry.substr(equals + 1), name);
    }
}

void read_assignments(Loaded& loaded, const std::vector<std::string>& assignments) {
    for (const std::string& assignment : assignments) {
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            throw ConfigError{"--set needs SECTION.KEY=VALUE"};
        }
        const std::string key = assignment.substr(0, equals);
        const std::string value = assignment.substr(equals + 1);
        if (key == "postgres.url" && has_password(value)) {
            throw ConfigError{"--set " + key + ": a password does not belong on a command line"};
        }
        set_from_text(loaded, key, value, "--set " + key);
    }
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
        throw ConfigError{file.string() + ": cannot be read"};
    }
    return std::move(text).str();
}

void refuse_open_secrets(const Loaded& loaded) {
    struct stat info {};
    if (!has_password(loaded.config.postgres.url.reveal())) {
        return;
    }
    if (stat(loaded.file.c_str(), &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw ConfigError{loaded.file.string() +
                          ": holds a password and others may read it; chmod 600 it"};
    }
}

}  // namespace

Config parse(std::string_view text, const std::string& name) {
    Loaded loaded;
    FileReader{name, loaded}.read(text);
    return loaded.config;
}

std::filesystem::path find_file(const Sources& sources) {
    if (!sources.file.empty()) {
        return sources.file;
    }
    if (const std::string named = value_of(sources.environment, "ESTEIRA_CONFIG"); !named.empty()) {
        return named;
    }
    std::error_code error;
    auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    // A program of the source tree is in build/<preset>/bin, a test in build/<preset>/tests.
    for (int level = 0; level < 3; ++level) {
        folder = folder.parent_path();
    }
    for (const auto& file :
         {folder / "config/esteira.toml", std::filesystem::path{"/etc/esteira/esteira.toml"}}) {
        if (std::filesystem::exists(file, error)) {
            return file;
        }
    }
    return {};
}

Loaded load(const Sources& sources) {
    Loaded loaded;
    loaded.file = find_file(sources);
    if (!loaded.file.empty()) {
        FileReader{loaded.file.string(), loaded}.read(read_file(loaded.file));
        refuse_open_secrets(loaded);
    }
    read_environment(loaded, sources.environment);
    read_assignments(loaded, sources.assignments);
    const std::string var = value_of(sources.environment, "ESTEIRA_VAR");
    loaded.var = std::filesystem::absolute(var.empty() ? "var" : var).lexically_normal();
    for (auto* path : {&loaded.config.broker.data, &loaded.config.broker.ops_socket}) {
        *path = (loaded.var / *path).lexically_normal();
    }
    return loaded;
}

std::vector<std::string> own_environment() {
    std::vector<std::string> environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        environment.emplace_back(*entry);
    }
    return environment;
}

}  // namespace esteira::config
