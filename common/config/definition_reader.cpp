#include "common/config/definition_reader.hpp"

#include "common/base/limits.hpp"
#include "common/base/text.hpp"

namespace esteira::config {

namespace {

// Attributes begin with a capital; all else in a section is ours.
bool is_attribute(std::string_view key) { return !key.empty() && key[0] >= 'A' && key[0] <= 'Z'; }

}  // namespace

void DefinitionReader::fail(const toml::node& at, const std::string& reason) const {
    throw ConfigError{file_ + ":" + std::to_string(at.source().begin.line) + ": " + reason};
}

const toml::table& DefinitionReader::table(const toml::node& node, const std::string& key) const {
    if (!node.is_table()) {
        fail(node, key + " must be a table");
    }
    return *node.as_table();
}

void DefinitionReader::came_from(const toml::node& node, const std::string& key) {
    into_.origins[key] = file_ + ":" + std::to_string(node.source().begin.line);
}

std::string DefinitionReader::text(const toml::node& node, const std::string& key) const {
    const auto value = node.value_exact<std::string>();
    if (!value) {
        fail(node, key + " must be text in quotes");
    }
    return *value;
}

void DefinitionReader::read(std::string_view section, const toml::node& node) {
    const std::string kind{section};
    for (const auto& [key, inner] : table(node, kind)) {
        const std::string name{key.str()};
        const std::string path = kind + "." + name;
        if (!inner.is_table()) {
            fail(inner, "unknown key " + path);
        }
        if (!is_queue_name(name)) {
            fail(inner, "[" + path + "]: a name has 1 to " +
                            std::to_string(limits::kQueueNameBytesMax) +
                            " letters, digits, hyphens and underscores");
        }
        if (into_.queues.contains(name) || into_.topics.contains(name)) {
            fail(inner, name + " is declared as a queue and as a topic");
        }
        came_from(inner, path);
        kind == "queues" ? read_queue(name, *inner.as_table())
                         : read_topic(name, *inner.as_table());
    }
    if (into_.queues.size() + into_.topics.size() > limits::kQueuesMax) {
        fail(node, "there may be " + std::to_string(limits::kQueuesMax) + " queues and topics");
    }
}

void DefinitionReader::read_queue(const std::string& name, const toml::table& section) {
    QueueDefinition& queue = into_.queues[name];
    for (const auto& [name_of_key, node] : section) {
        const std::string word{name_of_key.str()};
        const std::string key = "queues." + name + "." + word;
        if (word == "tags") {
            read_tags(node, key, queue.tags);
        } else if (word == "dlq") {
            const auto value = node.value_exact<bool>();
            if (!value) {
                fail(node, key + " must be true or false");
            }
            queue.dlq = *value;
        } else if (!is_attribute(word)) {
            fail(node, "unknown key " + key);
        } else if (const auto number = node.value_exact<std::int64_t>()) {
            queue.attributes[word] = std::to_string(*number);
        } else if (const auto flag = node.value_exact<bool>()) {
            queue.attributes[word] = *flag ? "true" : "false";
        } else if (const auto value = node.value_exact<std::string>()) {
            queue.attributes[word] = *value;
        } else {
            fail(node, key + " must be a whole number, true, false, or text in quotes");
        }
        came_from(node, key);
    }
}

void DefinitionReader::read_topic(const std::string& name, const toml::table& section) {
    TopicDefinition& topic = into_.topics[name];
    for (const auto& [name_of_key, node] : section) {
        const std::string word{name_of_key.str()};
        const std::string key = "topics." + name + "." + word;
        if (word == "tags") {
            read_tags(node, key, topic.tags);
        } else if (word == "subscriptions") {
            read_subscriptions(node, key, topic.subscriptions);
        } else {
            fail(node, "unknown key " + key);
        }
        came_from(node, key);
    }
}

void DefinitionReader::read_tags(const toml::node& node, const std::string& key, Texts& into) {
    for (const auto& [tag, value] : table(node, key)) {
        const std::string name{tag.str()};
        into[name] = text(value, key + "." + name);
    }
}

void DefinitionReader::read_subscriptions(const toml::node& node, const std::string& key,
                                          Texts& into) {
    if (!node.is_array()) {
        fail(node, key + " must be an array of { queue = \"..\", filter = \"..\" }");
    }
    for (const toml::node& entry : *node.as_array()) {
        std::string queue;
        std::string filter;
        for (const auto& [name, value] : table(entry, key)) {
            const std::string word{name.str()};
            if (word == "queue") {
                queue = text(value, key + ".queue");
            } else if (word == "filter") {
                filter = text(value, key + ".filter");
            } else {
                fail(value, "unknown key " + key + "." + word);
            }
        }
        if (!is_queue_name(queue)) {
            fail(entry, key + ".queue must be the name of a queue");
        }
        if (!into.emplace(queue, filter).second) {
            fail(entry, key + ": " + queue + " is subscribed twice");
        }
    }
}

}  // namespace esteira::config
