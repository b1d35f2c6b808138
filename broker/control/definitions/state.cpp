#include "broker/control/definitions/state.hpp"

#include <algorithm>

namespace esteira::control::definitions {

namespace {

constexpr const char* kDeadLetterQueue = "DeadLetterQueue";
constexpr std::size_t kPageQueues = 250;                    // The broker takes no more in one call,
constexpr std::size_t kPageBytes = std::size_t{512} << 10;  // and a request of 1 MiB.
constexpr std::size_t kFaultsTold = 10;

Texts texts_of(const Json& object) {
    Texts texts;
    for (const auto& [name, value] : object.items()) {
        texts[name] = value.get<std::string>();
    }
    return texts;
}

std::string value_of(const Texts& texts, const std::string& name) {
    const auto at = texts.find(name);
    return at == texts.end() ? std::string() : at->second;
}

struct Checked {
    std::string reason;  // Empty: the broker would make it.
    Texts create;
    Texts attributes;
    std::string dead_letter_queue;  // That is made along with it.
    Texts dead_attributes;
};
using Queues = std::map<std::string, config::QueueDefinition>;

void check_page(OpsClient& ops, Json& page, std::map<std::string, Checked>& into) {
    const Json answer = ask(ops, "definitions.check", {{"queues", std::move(page)}});
    for (const Json& row : answer["queues"]) {
        Checked& checked = into[row["queue"].get<std::string>()];
        if (row.contains("reason")) {
            checked.reason = row["reason"];
            continue;
        }
        checked = {{},
                   texts_of(row["create"]),
                   texts_of(row["attributes"]),
                   row["dead_letter_queue"],
                   texts_of(row["dead_attributes"])};
    }
    page = Json::array();
}

std::map<std::string, Checked> check(OpsClient& ops, const Queues& queues) {
    std::map<std::string, Checked> checked;
    Json page = Json::array();
    std::size_t bytes = 0;
    for (const auto& [name, queue] : queues) {
        Json row{{"queue", name},
                 {"attributes", queue.attributes},
                 {"tags", queue.tags},
                 {"dlq", queue.dlq}};
        bytes += row.dump(-1, ' ', false, Json::error_handler_t::replace).size();
        page.push_back(std::move(row));
        if (page.size() == kPageQueues || bytes > kPageBytes) {
            check_page(ops, page, checked);
            bytes = 0;
        }
    }
    if (!page.empty()) {
        check_page(ops, page, checked);
    }
    return checked;
}

// The line of the attribute that the reason speaks of, else that of the section.
std::string origin_of(const config::Definitions& declared, const std::string& queue,
                      const std::string& reason) {
    const std::string section = "queues." + queue;
    for (const auto& [attribute, value] : declared.queues.at(queue).attributes) {
        if ((" " + reason + " ").find(" " + attribute + " ") != std::string::npos) {
            return value_of(declared.origins, section + "." + attribute);
        }
    }
    return value_of(declared.origins, section);
}

void refuse_faults(const config::Definitions& declared,
                   const std::map<std::string, Checked>& checked) {
    std::size_t faults = 0;
    std::string told;
    for (const auto& [name, queue] : checked) {
        if (queue.reason.empty() || !declared.queues.contains(name) || faults++ >= kFaultsTold) {
            continue;
        }
        told += (told.empty() ? "" : "; ") + origin_of(declared, name, queue.reason) + ": queue " +
                name + ": " + queue.reason;
    }
    if (faults > kFaultsTold) {
        told += "; and " + std::to_string(faults - kFaultsTold) + " more";
    }
    if (faults > 0) {
        throw cli::Failure{cli::ExitCode::configuration, told};
    }
}

// What the broker would not take of the topics; told with the lines of their sections.
void refuse_topic_faults(OpsClient& ops, const config::Definitions& declared) {
    std::string told;
    const auto ask_about = [&](Json& page) {
        const Json answer =
            ask(ops, "definitions.check", {{"queues", Json::array()}, {"topics", std::move(page)}});
        for (const Json& row : answer["topics"]) {
            if (row.contains("reason")) {
                const std::string name = row["topic"];
                told += (told.empty() ? "" : "; ") + value_of(declared.origins, "topics." + name) +
                        ": topic " + name + ": " + row["reason"].get<std::string>();
            }
        }
        page = Json::array();
    };
    Json page = Json::array();
    std::size_t bytes = 0;
    for (const auto& [name, topic] : declared.topics) {
        Json filters = Json::array();
        for (const auto& [queue, filter] : topic.subscriptions) {
            filters.push_back(filter);
        }
        Json row{{"topic", name}, {"tags", topic.tags}, {"filters", std::move(filters)}};
        bytes += row.dump(-1, ' ', false, Json::error_handler_t::replace).size();
        page.push_back(std::move(row));
        if (page.size() == kPageQueues || bytes > kPageBytes) {
            ask_about(page);
            bytes = 0;
        }
    }
    if (!page.empty()) {
        ask_about(page);
    }
    if (!told.empty()) {
        throw cli::Failure{cli::ExitCode::configuration, told};
    }
}

// The dead-letter queues that come along, as if they were declared; who declares one of them has
// the last word.
Queues implied_by(const std::map<std::string, Checked>& checked, const Queues& declared) {
    Queues implied;
    for (const auto& [name, queue] : checked) {
        if (queue.dead_letter_queue.empty()) {
            continue;
        }
        const auto said = declared.find(queue.dead_letter_queue);
        config::QueueDefinition& dead = implied[queue.dead_letter_queue];
        dead = said == declared.end() ? config::QueueDefinition{} : said->second;
        dead.attributes.insert(queue.dead_attributes.begin(), queue.dead_attributes.end());
    }
    return implied;
}

std::map<std::string, config::TopicDefinition> read_topics(OpsClient& ops) {
    std::map<std::string, config::TopicDefinition> topics;
    const Json listed = ask(ops, "topic.ls", Json::object());
    for (const Json& row : listed["topics"]) {
        const std::string name = row["topic"];
        const Json shown = ask(ops, "topic.show", {{"topic", name}});
        config::TopicDefinition& topic = topics[name];
        topic.tags = texts_of(shown["tags"]);
        for (const Json& subscription : shown["subscriptions"]) {
            topic.subscriptions[subscription["queue"]] = subscription["filter"];
        }
    }
    return topics;
}

// One queue against what it would be with nothing said: only the differences are declared.
void declare_differences(const ExistingQueue& there, const Texts& base,
                         config::QueueDefinition& queue) {
    for (const auto& [name, value] : there.attributes) {
        if (value_of(base, name) != value && !is_of_the_moment(name)) {
            queue.attributes[name] = value;
        }
    }
    queue.tags = there.tags;
}

}  // namespace

Existing read_existing(OpsClient& ops) {
    Existing existing;
    std::string after;
    for (bool more = true; more;) {
        const Json page = ask(ops, "definitions.read", {{"after", after}});
        for (const Json& row : page["queues"]) {
            after = row["queue"];
            existing.queues[after] = {texts_of(row["attributes"]), texts_of(row["tags"]),
                                      row["messages"]};
        }
        more = page["more"];
    }
    existing.topics = read_topics(ops);
    return existing;
}

Wanted resolve(OpsClient& ops, const config::Definitions& declared) {
    std::map<std::string, Checked> checked = check(ops, declared.queues);
    refuse_faults(declared, checked);
    refuse_topic_faults(ops, declared);
    const Queues implied = implied_by(checked, declared.queues);
    for (auto& [name, queue] : check(ops, implied)) {
        checked[name] = std::move(queue);
    }
    refuse_faults(declared, checked);
    Wanted wanted;
    for (auto& [name, queue] : checked) {
        const auto said = declared.queues.find(name);
        const bool is_declared = said != declared.queues.end();
        wanted.queues[name] = {std::move(queue.attributes), std::move(queue.create),
                               is_declared ? said->second.tags : Texts{}, !is_declared};
    }
    wanted.topics = declared.topics;
    return wanted;
}

config::Definitions exported(OpsClient& ops, const Existing& existing) {
    Queues bare;  // With nothing said.
    for (const auto& [name, there] : existing.queues) {
        bare[name];
    }
    std::map<std::string, Checked> base = check(ops, bare);
    // Those whose dead letters go elsewhere, or nowhere.
    Queues others;
    for (const auto& [name, queue] : base) {
        const std::string dead = value_of(existing.queues.at(name).attributes, kDeadLetterQueue);
        const bool comes_along = dead == queue.dead_letter_queue && existing.queues.contains(dead);
        if (!queue.dead_letter_queue.empty() && !comes_along) {
            others[name].dlq = false;
        }
    }
    for (auto& [name, queue] : check(ops, others)) {
        base[name] = std::move(queue);
    }
    const Queues implied = implied_by(base, bare);
    for (auto& [name, queue] : check(ops, implied)) {
        base[name].attributes = std::move(queue.attributes);
    }
    config::Definitions all;
    all.topics = existing.topics;
    for (const auto& [name, there] : existing.queues) {
        config::QueueDefinition queue;
        declare_differences(there, base[name].attributes, queue);
        queue.dlq = !others.contains(name) || queue.attributes.contains(kDeadLetterQueue);
        // What comes along is declared only where it differs from that.
        if (!implied.contains(name) || !queue.attributes.empty() || !queue.tags.empty()) {
            all.queues[name] = std::move(queue);
        }
    }
    return all;
}

}  // namespace esteira::control::definitions
