// Queues: listed, shown, made, set, emptied, removed.
#include <algorithm>

#include "broker/server/ops.hpp"
#include "broker/server/ops_arguments.hpp"
#include "broker/server/ops_text.hpp"
#include "broker/server/standard_queue.hpp"

namespace esteira::broker {

namespace {

using dialogue::Refused;

OpsRefusal no_such_queue(const engine::Engine& engine, std::string_view name) {
    if (engine.find_topic(name) != nullptr) {
        return {"no_such_queue",
                std::string(name) + " is a topic, not a queue; see topic show and topic rm"};
    }
    return {"no_such_queue", "there is no queue " + std::string(name)};
}

Json paused(const engine::Settings& settings) {
    Json what = Json::array();
    if (settings.sends_paused) {
        what.push_back("sends");
    }
    if (settings.receives_paused) {
        what.push_back("receives");
    }
    return what;
}

}  // namespace

Json Ops::depth_of(engine::Queue& queue, Now now) const {
    queue.advance(now.broker);
    const engine::Counts counts = queue.counts(now.broker);
    Json depth{{"queue", queue.name()},     {"messages", counts.all()},
               {"visible", counts.visible}, {"in_flight", counts.in_flight},
               {"delayed", counts.delayed}, {"bytes", queue.bytes()},
               {"oldest_age_ms", nullptr},  {"paused", paused(queue.settings())}};
    if (const auto oldest = queue.oldest_sent_at()) {
        depth["oldest_age_ms"] = std::max<std::int64_t>(0, (now.wall - *oldest).count());
    }
    return depth;
}

// The queues whose dead letters go there.
std::vector<std::string> Ops::served_by(std::string_view dead_letter_queue) {
    std::vector<std::string> names;
    for (const auto& [name, number] : core_.engine().queue_names()) {
        if (core_.engine().find_queue(name)->settings().dead_letter_queue == dead_letter_queue) {
            names.push_back(name);
        }
    }
    return names;
}

OpsResult Ops::queue_ls(const Json& arguments, Now now) {
    const std::string prefix = text_or_empty(arguments, "prefix");
    Json queues = Json::array();
    const auto topics = topics_by_queue();
    const auto& names = core_.engine().queue_names();
    for (auto at = names.lower_bound(prefix); at != names.end() && at->first.starts_with(prefix);
         ++at) {
        engine::Queue& queue = *core_.engine().find_queue(at->first);
        Json row = depth_of(queue, now);
        row["waiters"] = core_.engine().waiter_count(at->second);
        row["max_receives"] = queue.settings().max_receives;
        row["dead_letter_queue"] = queue.settings().dead_letter_queue;
        const auto feeding = topics.find(at->second);
        row["topics"] = feeding == topics.end() ? Json::array() : feeding->second;
        queues.push_back(std::move(row));
    }
    return Json{{"queues", std::move(queues)}};
}

OpsResult Ops::describe_queue(std::string_view name, Now now) {
    engine::Queue* queue = core_.engine().find_queue(name);
    if (queue == nullptr) {
        return no_such_queue(core_.engine(), name);
    }
    Json result = depth_of(*queue, now);
    result["waiters"] = core_.engine().waiter_count(queue->number());
    result["created_at"] = json_of(queue->created_at());
    result["modified_at"] = json_of(queue->modified_at());
    result["attributes"] = json_of(engine::to_attributes(queue->settings()));
    result["tags"] = json_of(queue->tags());
    result["dead_letters_of"] = served_by(name);
    auto topics = topics_by_queue();
    const auto feeding = topics.find(queue->number());
    result["topics"] = feeding == topics.end() ? Json::array() : std::move(feeding->second);
    Json totals = Json::object();
    for (std::size_t i = 0; i < queue->totals().size(); ++i) {
        totals[engine::to_string(static_cast<engine::Total>(i))] = queue->totals()[i];
    }
    result["totals"] = std::move(totals);
    return result;
}

OpsResult Ops::queue_show(const Json& arguments, Now now) {
    return describe_queue(arguments["queue"].get<std::string>(), now);
}

// A queue that loses nothing: after some receives a message goes where people find it. Says
// `created` false when all of it was there before.
OpsResult Ops::queue_create(const Json& arguments, Now now) {
    const std::string name = arguments["queue"];
    const auto [attributes, dead, dead_attributes] = standard_queue(
        name, attributes_of(arguments["attribute"]), !arguments["no_dlq"].get<bool>());
    const bool is_new = core_.engine().find_queue(name) == nullptr;
    const bool dead_is_new = !dead.empty() && core_.engine().find_queue(dead) == nullptr;
    if (dead_is_new) {
        const auto made =
            ask(dialogue::CreateQueue{dead, dead_attributes, dialogue::Attributes{}}, now);
        if (const auto* fault = std::get_if<Refused>(&made)) {
            return refusal_of(*fault);
        }
    }
    const auto made =
        ask(dialogue::CreateQueue{name, attributes, attributes_of(arguments["tag"])}, now);
    if (const auto* fault = std::get_if<Refused>(&made)) {
        if (dead_is_new) {
            ask(dialogue::DeleteQueue{dead}, now);
        }
        return refusal_of(*fault);
    }
    Json result = describe_queue(name, now).value();
    result["created"] = is_new || dead_is_new;
    return result;
}

OpsResult Ops::queue_set(const Json& arguments, Now now) {
    if (arguments["attribute"].empty() && arguments["tag"].empty() && arguments["untag"].empty()) {
        return OpsRefusal{"bad_request", "queue.set: neither an attribute nor a tag is given"};
    }
    const std::string name = arguments["queue"];
    return set_queue({name, attributes_of(arguments["attribute"]), attributes_of(arguments["tag"]),
                      arguments["untag"].get<std::vector<std::string>>()},
                     now);
}

OpsResult Ops::set_queue(dialogue::SetQueue set, Now now) {
    const std::string_view name = set.name;
    const auto reply = ask(std::move(set), now);
    if (const auto* fault = std::get_if<Refused>(&reply)) {
        return refusal_of(*fault);
    }
    return describe_queue(name, now);
}

OpsResult Ops::queue_pause(const Json& arguments, Now now) {
    return set_paused(arguments, "true", now);
}
OpsResult Ops::queue_resume(const Json& arguments, Now now) {
    return set_paused(arguments, "false", now);
}

OpsResult Ops::set_paused(const Json& arguments, const char* paused, Now now) {
    const std::string name = arguments["queue"];
    const bool both = arguments["sends"] == arguments["receives"];
    dialogue::SetQueue set{name, {}};
    if (both || arguments["sends"].get<bool>()) {
        set.attributes.emplace_back("SendsPaused", paused);
    }
    if (both || arguments["receives"].get<bool>()) {
        set.attributes.emplace_back("ReceivesPaused", paused);
    }
    return set_queue(std::move(set), now);
}

OpsResult Ops::queue_purge(const Json& arguments, Now now) {
    const std::string name = arguments["queue"];
    if (core_.engine().find_queue(name) == nullptr) {
        return no_such_queue(core_.engine(), name);
    }
    if (auto fault = not_confirmed(arguments, "queue")) {
        return std::move(*fault);
    }
    const auto purged = ask(dialogue::PurgeQueue{name}, now);
    return Json{{"queue", name}, {"removed", std::get<dialogue::DoneReply>(purged).affected}};
}

OpsResult Ops::queue_rm(const Json& arguments, Now now) {
    const std::string name = arguments["queue"];
    if (core_.engine().find_queue(name) == nullptr) {
        return no_such_queue(core_.engine(), name);
    }
    if (auto fault = not_confirmed(arguments, "queue")) {
        return std::move(*fault);
    }
    if (const auto held = core_.engine().find_queue(name)->counts(now.broker).all();
        arguments["if_empty"].get<bool>() && held > 0) {
        return OpsRefusal{"conflict", name + " holds " + std::to_string(held) + " messages"};
    }
    if (const auto served = served_by(name); !served.empty()) {
        return OpsRefusal{"conflict", "it is the dead-letter queue of " + served.front() +
                                          "; remove that one first, or set its DeadLetterQueue"};
    }
    const auto removed = ask(dialogue::DeleteQueue{name}, now);
    return Json{{"queue", name}, {"removed", std::get<dialogue::DoneReply>(removed).affected}};
}

}  // namespace esteira::broker
