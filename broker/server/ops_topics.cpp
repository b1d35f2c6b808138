// Topics: made, removed, listed, shown, subscribed to.
#include "broker/server/ops.hpp"
#include "broker/server/ops_arguments.hpp"
#include "broker/server/ops_text.hpp"

namespace esteira::broker {

namespace {

std::uint64_t total_of(const engine::Queue& topic, engine::Total total) {
    return topic.totals()[static_cast<std::size_t>(total)];
}

Json summary_of(const engine::Queue& topic, const engine::Topics& topics) {
    return {{"topic", topic.name()},
            {"subscriptions", topics.of(topic.number()).size()},
            {"published", total_of(topic, engine::Total::sent)},
            {"unrouted", total_of(topic, engine::Total::unrouted)}};
}

}  // namespace

OpsResult Ops::topic_ls(const Json& arguments, Now) {
    const std::string prefix = text_or_empty(arguments, "prefix");
    const engine::Engine& engine = core_.engine();
    Json topics = Json::array();
    const auto& names = engine.topic_names();
    for (auto at = names.lower_bound(prefix); at != names.end() && at->first.starts_with(prefix);
         ++at) {
        topics.push_back(summary_of(*engine.find_topic(at->first), engine.topics()));
    }
    return Json{{"topics", std::move(topics)}};
}

OpsResult Ops::describe_topic(std::string_view name) {
    const engine::Engine& engine = core_.engine();
    const engine::Queue* topic = engine.find_topic(name);
    if (topic == nullptr) {
        return OpsRefusal{"no_such_queue", "there is no topic " + std::string(name)};
    }
    Json result = summary_of(*topic, engine.topics());
    Json subscriptions = Json::array();
    for (const engine::Subscription& subscription : engine.topics().of(topic->number())) {
        subscriptions.push_back({{"queue", engine.queue_numbered(subscription.queue)->name()},
                                 {"filter", subscription.filter}});
    }
    result["subscriptions"] = std::move(subscriptions);
    result["created_at"] = json_of(topic->created_at());
    result["tags"] = json_of(topic->tags());
    return result;
}

OpsResult Ops::topic_show(const Json& arguments, Now) {
    return describe_topic(arguments["topic"].get<std::string>());
}

OpsResult Ops::topic_create(const Json& arguments, Now now) {
    const std::string name = arguments["topic"];
    const bool is_new = core_.engine().find_topic(name) == nullptr;
    if (const auto made = core_.engine().create_topic(name, attributes_of(arguments["tag"]), now);
        !made) {
        return refusal_of(made.error());
    }
    Json result = describe_topic(name).value();
    result["created"] = is_new;
    return result;
}

OpsResult Ops::topic_rm(const Json& arguments, Now now) {
    const std::string name = arguments["topic"];
    auto shown = describe_topic(name);
    if (!shown) {
        return shown;
    }
    if (auto fault = not_confirmed(arguments, "topic")) {
        return std::move(*fault);
    }
    if (const auto removed = core_.engine().remove_topic(name, now); !removed) {
        return refusal_of(removed.error());
    }
    return Json{{"topic", name}, {"unsubscribed", shown.value()["subscriptions"].size()}};
}

OpsResult Ops::topic_subscribe(const Json& arguments, Now now) {
    const std::string topic = arguments["topic"];
    const std::string queue = arguments["queue"];
    if (const auto done =
            core_.engine().subscribe(topic, queue, text_or_empty(arguments, "filter"), now);
        !done) {
        return refusal_of(done.error());
    }
    return describe_topic(topic);
}

OpsResult Ops::topic_unsubscribe(const Json& arguments, Now now) {
    const std::string topic = arguments["topic"];
    const std::string queue = arguments["queue"];
    if (const auto done = core_.engine().unsubscribe(topic, queue, now); !done) {
        return refusal_of(done.error());
    }
    return describe_topic(topic);
}

// By queue: what feeds it, with the filters.
std::map<QueueNumber, Json> Ops::topics_by_queue() const {
    std::map<QueueNumber, Json> topics;
    const engine::Engine& engine = core_.engine();
    for (const auto& [name, number] : engine.topic_names()) {
        for (const engine::Subscription& subscription : engine.topics().of(number)) {
            topics[subscription.queue].push_back(
                {{"topic", name}, {"filter", subscription.filter}});
        }
    }
    return topics;
}

void Ops::write_topics(metrics::TextWriter& out) const {
    struct Family {
        std::string_view name;
        std::string_view help;
        engine::Total total;
    };
    static constexpr Family kFamilies[] = {
        {"esteira_topic_published_total", "Messages that were sent to the topic.",
         engine::Total::sent},
        {"esteira_topic_unrouted_total", "Messages to the topic that no subscription wanted.",
         engine::Total::unrouted},
    };
    const engine::Engine& engine = core_.engine();
    out.gauge("esteira_topics", "Topics.", engine.topic_names().size());
    out.gauge("esteira_subscriptions", "Subscriptions of all topics.", engine.topics().size());
    for (const Family& family : kFamilies) {
        out.family(family.name, metrics::Kind::counter, family.help);
        std::size_t series = 0;
        for (const auto& [name, number] : engine.topic_names()) {
            if (++series > kSeriesQueuesMax) {
                break;
            }
            out.sample({{"topic", name}}, total_of(*engine.find_topic(name), family.total));
        }
    }
}

}  // namespace esteira::broker
