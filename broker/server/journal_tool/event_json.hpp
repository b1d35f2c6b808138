#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/engine/events.hpp"

namespace esteira::journal_tool {

// An event with its name and its fields; a body as its size and SHA-256, and itself only if
// `bodies`. Runs and slots are summed up. Session ids, which are keys, are not shown.
nlohmann::ordered_json json_of(const engine::Event& event, bool bodies);

// The queues that an event is about: others are that which a message left, those that hold it as
// well, and the topic of a subscription.
struct Concerned {
    std::optional<QueueNumber> queue;
    std::vector<QueueNumber> others;
};
Concerned queues_of(const engine::Event& event);

}  // namespace esteira::journal_tool
