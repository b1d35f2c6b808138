#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/config/definitions.hpp"
#include "common/logging/secret.hpp"

// What an operator can set, with the defaults; they stand here and nowhere else. The file
// config/esteira.toml shows them, and a test holds the two together.
//
//   defaults < config/esteira.toml < environment ESTEIRA__SECTION__KEY < flags
//
// To add a key: a member here, its line in fields.cpp, its line in config/esteira.toml.
namespace esteira::config {

struct Broker {
    std::string endpoint = "tcp://127.0.0.1:5555";      // Where producers and workers connect.
    std::filesystem::path data = "broker";              // The journal's folder; one broker owns it.
    std::filesystem::path ops_socket = "run/ops.sock";  // At most 107 bytes, as every socket path.
    std::int64_t queue_mib_max = 10'240;                // One queue's bodies.
    std::int64_t total_mib_max = 51'200;                // The whole journal.
    std::int64_t total_messages_max = 0;                // Of all queues; 0: as many as fit.
    std::int64_t disk_free_mib_min =
        1'024;  // Sends are refused below it, deletes below half of it.
    bool operator==(const Broker&) const = default;
};

struct Postgres {
    Secret url;  // libpq: "host=/run/x dbname=esteira" or "postgresql://..."; empty: none is set.
    std::int64_t maintain_h = 24;  // The supervisor runs `db maintain` so often; 0: it does not.
    bool operator==(const Postgres&) const = default;
};

struct Business {
    std::string zone = "America/Sao_Paulo";  // Where business times without a zone are read.
    bool operator==(const Business&) const = default;
};

// One worker type and its pool: [workers.<type>], with the type spelt as in the program's name.
struct Workers {
    std::string queue{};               // Where it takes its messages from.
    std::int64_t pool_min = 5;         // The supervisor runs so many at least,
    std::int64_t pool_max = 10;        // and at most: as many as the backlog needs
    std::int64_t pool_target_s = 60;   // to be gone in this time. Above the need
    std::int64_t pool_shrink_s = 120;  // for this long, it runs fewer.
    std::string postgres_user{};       // As whom they connect; empty: as the url says.
    std::int64_t batch_max = 500;      // Messages of one receive,
    std::int64_t batch_min = 1;        // which waits for so many of them
    std::int64_t window_s = 20;        // at most so long.
    std::int64_t visibility_s = 30;    // What is not settled or extended in this time comes back.
    std::int64_t drain_s = 20;         // After SIGTERM, to finish what was begun.
    std::int64_t probe_s_max = 30;     // Longest pause between two looks at a store that is away.
    bool operator==(const Workers&) const = default;
};

// The speed layer of shop events.
struct Clicks {
    std::int64_t window_s = 10;        // Events of one user in so many seconds of event time
    std::int64_t suspect_above = 5;    // are suspect when they are more than this,
    std::int64_t attack_above = 10;    // and an attack above this.
    std::int64_t retention_days = 30;  // `db maintain` drops what is of older days (UTC).
    bool operator==(const Clicks&) const = default;
};

struct Log {
    std::string level = "info";  // debug, info, warning, error
    bool operator==(const Log&) const = default;
};

struct Config {
    Broker broker;
    Postgres postgres;
    Business business;
    std::map<std::string, Workers> workers{
        {"upsert-stock", {.queue = "stock"}},
        {"order-ingest", {.queue = "orders", .pool_min = 1, .pool_max = 4}},
        {"click-ingest", {.queue = "clicks", .pool_min = 1, .pool_max = 4, .batch_max = 50}}};
    Clicks clicks;
    Definitions definitions;  // File alone: environment and flags set keys that are there.
    Log log;
    bool operator==(const Config&) const = default;
};

// The configuration cannot be used. what() names the file and line, the variable or the flag.
struct ConfigError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Where to look, outermost last. A value set twice is the later one's.
struct Sources {
    std::filesystem::path file{};            // --config; empty: see find_file().
    std::vector<std::string> environment{};  // "NAME=value"
    std::vector<std::string> assignments{};  // --set section.key=value
};

struct Loaded {
    Config config;               // Paths are absolute.
    std::filesystem::path file;  // Empty: there was none, and the defaults hold.
    std::filesystem::path var;   // What relative paths are relative to: ESTEIRA_VAR or ./var.
    std::map<std::string, std::string> origins;  // "broker.endpoint" -> "config/esteira.toml:7"
};

// Reads and checks everything. Throws ConfigError: an unknown key or variable, a wrong type, a
// number out of range, a password in a file that others may read or on a command line.
Loaded load(const Sources& sources);

// The file's text alone over the defaults, with paths as they were written. `name` is for messages.
Config parse(std::string_view text, const std::string& name);

// --config, else ESTEIRA_CONFIG, else config/esteira.toml of the source tree that the program was
// built in, else /etc/esteira/esteira.toml; empty when none of the last two exists.
std::filesystem::path find_file(const Sources& sources);

// "section.key", its value (what holds a password is ***) and where it came from, in the order of
// the file.
struct Shown {
    std::string key;
    std::string value;
    std::string origin;
};
std::vector<Shown> show(const Loaded& loaded);

// The environment of this process, for Sources.
std::vector<std::string> own_environment();

// Whether a connection string holds a password. Rather once too often than once too few.
bool has_password(std::string_view url);

}  // namespace esteira::config
