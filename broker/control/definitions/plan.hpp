#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/config/definitions.hpp"

// What has to happen so that a broker has what is declared. A pure function of the two: nothing
// here asks or changes anything.
namespace esteira::control::definitions {

using config::Texts;

struct WantedQueue {
    Texts attributes;  // All of them, as the broker would tell them.
    Texts create;      // Those that its creation has to give.
    Texts tags;
    bool implied = false;  // A dead-letter queue that nobody has declared: it only has to be there.
};

struct Wanted {
    std::map<std::string, WantedQueue> queues;
    std::map<std::string, config::TopicDefinition> topics;
    std::set<std::string> kept;  // Queues that somebody needs, declared or not: never pruned.
};

struct ExistingQueue {
    Texts attributes;  // All of them.
    Texts tags;
    std::uint64_t messages = 0;
};

struct Existing {
    std::map<std::string, ExistingQueue> queues;
    std::map<std::string, config::TopicDefinition> topics;
};

enum class Kind { queue, topic, subscription };
enum class Act { create, change, remove };

struct Item {
    Kind kind = Kind::queue;
    std::string name;   // Of a subscription: the topic's.
    std::string queue;  // Of a subscription.
    bool operator==(const Item&) const = default;
};

struct Change {
    std::string name;
    std::optional<std::string> from;  // Absent: there was none.
    std::optional<std::string> to;    // Absent: there will be none.
    bool operator==(const Change&) const = default;
};

struct Step {
    Act act = Act::create;
    Item item;
    std::vector<Change> attributes;  // Of a subscription: its filter.
    std::vector<Change> tags;
    std::uint64_t messages = 0;  // That go with a queue that is removed.
};

struct Conflict {
    Item item;
    std::string reason;
};

struct Plan {
    std::vector<Step> steps;  // In an order that works.
    std::vector<Conflict> conflicts;
    std::vector<Item> left_alone;  // There, and not declared.
};

struct Pruning {
    bool undeclared = false;     // Removes what is there and not declared,
    bool with_messages = false;  // also queues that hold messages.
};

// Dead-letter queues come before their sources, queues before topics, topics before subscriptions;
// removals come last and the other way round. With conflicts, no step should be done.
Plan plan_of(const Wanted& wanted, const Existing& existing, const Pruning& pruning);

// A pause is of the moment: it is neither a difference nor exported, unless somebody declares it.
bool is_of_the_moment(const std::string& attribute);

}  // namespace esteira::control::definitions
