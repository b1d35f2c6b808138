#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// What is declared of the broker's queues and topics (docs/definitions.md): the sections
//
//   [queues.<name>]  attributes as `queue set` takes them, tags = { .. }, dlq = true
//   [topics.<name>]  tags = { .. }, subscriptions = [ { queue = "..", filter = ".." } ]
//
// Which attributes there are and what they may be, the broker knows.
namespace esteira::config {

using Texts = std::map<std::string, std::string>;

struct QueueDefinition {
    Texts attributes{};
    Texts tags{};
    bool dlq = true;  // Unless it names another: the dead-letter queue that `queue create` makes.
    bool operator==(const QueueDefinition&) const = default;
};

struct TopicDefinition {
    Texts tags{};
    Texts subscriptions{};  // The filter by the queue's name; an empty one lets all through.
    bool operator==(const TopicDefinition&) const = default;
};

struct Definitions {
    std::map<std::string, QueueDefinition> queues;
    std::map<std::string, TopicDefinition> topics;
    Texts origins;  // "queues.stock.MaxReceives" -> "esteira.toml:7", likewise "queues.stock".

    bool operator==(const Definitions& other) const {
        return queues == other.queues && topics == other.topics;
    }
};

// A file of definitions alone. Throws ConfigError with file and line.
Definitions parse_definitions(std::string_view text, const std::string& name);

// As parse_definitions() reads them, in the order of names: the same definitions are the same
// bytes.
std::string to_toml(const Definitions& definitions);

}  // namespace esteira::config
