// For `esteira definitions`: many queues in few calls. A page is small, because all clients wait
// while it is made.
#include <algorithm>

#include "broker/engine/tags.hpp"
#include "broker/server/ops.hpp"
#include "broker/server/ops_arguments.hpp"
#include "broker/server/ops_text.hpp"
#include "broker/server/standard_queue.hpp"

namespace esteira::broker {

namespace {

constexpr std::size_t kPageQueues = 250;

bool is_declaration(const Json& declared) {
    const auto texts = [](const Json& object) {
        return object.is_object() && std::all_of(object.begin(), object.end(),
                                                 [](const Json& v) { return v.is_string(); });
    };
    return declared.is_object() && declared.size() == 4 && declared.contains("queue") &&
           declared["queue"].is_string() && declared.contains("attributes") &&
           texts(declared["attributes"]) && declared.contains("tags") && texts(declared["tags"]) &&
           declared.contains("dlq") && declared["dlq"].is_boolean();
}

Json checked(const Json& declared) {
    const std::string name = declared["queue"];
    const StandardQueue queue =
        standard_queue(name, attributes_of(declared["attributes"]), declared["dlq"]);
    const auto settings = engine::Engine::settings_of_new(name, queue.attributes);
    if (!settings) {
        return {{"queue", name}, {"reason", settings.error()}};
    }
    if (const auto fault = engine::fault_in_tags(attributes_of(declared["tags"])); !fault.empty()) {
        return {{"queue", name}, {"reason", fault}};
    }
    return {{"queue", name},
            {"create", json_of(queue.attributes)},
            {"attributes", json_of(engine::all_attributes(settings.value()))},
            {"dead_letter_queue", queue.dead_letter_queue},
            {"dead_attributes", json_of(queue.dead_attributes)}};
}

bool is_topic_declaration(const Json& declared) {
    const auto texts = [&](const char* key) {
        return declared.contains(key) && declared[key].is_structured() &&
               std::all_of(declared[key].begin(), declared[key].end(),
                           [](const Json& v) { return v.is_string(); });
    };
    return declared.is_object() && declared.size() == 3 && declared.contains("topic") &&
           declared["topic"].is_string() && texts("tags") && declared["tags"].is_object() &&
           texts("filters") && declared["filters"].is_array();
}

Json checked_topic(const engine::Engine& engine, const Json& declared) {
    Json answer{{"topic", declared["topic"]}};
    std::string fault = engine::fault_in_tags(attributes_of(declared["tags"]));
    for (const Json& filter : declared["filters"]) {
        if (fault.empty()) {
            fault = engine.fault_in_filter(filter.get_ref<const std::string&>());
        }
    }
    if (!fault.empty()) {
        answer["reason"] = std::move(fault);
    }
    return answer;
}

}  // namespace

OpsResult Ops::definitions_read(const Json& arguments, Now now) {
    Json queues = Json::array();
    const auto& names = core_.engine().queue_names();
    auto at = names.upper_bound(text_or_empty(arguments, "after"));
    for (; at != names.end() && queues.size() < kPageQueues; ++at) {
        engine::Queue& queue = *core_.engine().find_queue(at->first);
        queue.advance(now.broker);
        queues.push_back({{"queue", queue.name()},
                          {"messages", queue.counts(now.broker).all()},
                          {"attributes", json_of(engine::all_attributes(queue.settings()))},
                          {"tags", json_of(queue.tags())}});
    }
    return Json{{"queues", std::move(queues)}, {"more", at != names.end()}};
}

OpsResult Ops::definitions_check(const Json& arguments, Now) {
    Json queues = Json::array();
    for (const Json& declared : arguments["queues"]) {
        if (!is_declaration(declared) || queues.size() >= kPageQueues) {
            return OpsRefusal{
                "bad_request",
                "definitions.check: at most " + std::to_string(kPageQueues) +
                    " of {\"queue\":..,\"attributes\":{..},\"tags\":{..},\"dlq\":true}"};
        }
        queues.push_back(checked(declared));
    }
    Json topics = Json::array();
    for (const Json& declared : arguments.value("topics", Json::array())) {
        if (!is_topic_declaration(declared) || topics.size() >= kPageQueues) {
            return OpsRefusal{"bad_request",
                              "definitions.check: at most " + std::to_string(kPageQueues) +
                                  " of {\"topic\":..,\"tags\":{..},\"filters\":[..]}"};
        }
        topics.push_back(checked_topic(core_.engine(), declared));
    }
    return Json{{"queues", std::move(queues)}, {"topics", std::move(topics)}};
}

}  // namespace esteira::broker
