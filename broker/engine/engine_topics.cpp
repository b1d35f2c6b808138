// Topics: made, subscribed to, sent to. One entry becomes one record for all queues whose copies
// become visible at the same time.
#include <algorithm>
#include <utility>

#include "broker/engine/codec_fields.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;
using dialogue::ResultRun;

const Queue* Engine::find_topic(std::string_view name) const {
    const auto at = topic_names_.find(name);
    return at == topic_names_.end() ? nullptr : queues_.at(at->second).get();
}

Queue* Engine::find_target(std::string_view name) {
    const auto at = topic_names_.find(name);
    return at == topic_names_.end() ? find_queue(name) : queues_.at(at->second).get();
}

const Queue* Engine::queue_numbered(QueueNumber number) const {
    const auto at = queues_.find(number);
    return at == queues_.end() ? nullptr : at->second.get();
}

Refused Engine::no_queue(std::string_view name) const {
    if (find_topic(name) != nullptr) {
        return {Code::no_such_queue, std::string(name) +
                                         " is a topic: it holds no messages, the "
                                         "queues that are subscribed to it do"};
    }
    return {Code::no_such_queue, "there is no queue " + std::string(name)};
}

namespace {
Refused no_topic(std::string_view name) {
    return {Code::no_such_queue, "there is no topic " + std::string(name)};
}
}  // namespace

std::string Engine::fault_in_filter(std::string_view filter) const {
    if (filter.size() > limits::kFilterBytesMax) {
        return "a filter has at most " + std::to_string(limits::kFilterBytesMax) + " bytes";
    }
    if (filter.empty()) {
        return {};
    }
    const auto compiled = tools_.filter(filter);
    return compiled ? std::string() : "filter: " + compiled.error();
}

Engine::Done Engine::subscribe(std::string_view topic_name, std::string_view queue_name,
                               std::string_view filter, Now now) {
    const Queue* topic = find_topic(topic_name);
    if (topic == nullptr) {
        return no_topic(topic_name);
    }
    const Queue* queue = find_queue(queue_name);
    if (queue == nullptr) {
        return no_queue(queue_name);
    }
    const Subscription* known = topics_.find(topic->number(), queue->number());
    if (known != nullptr && known->filter == filter) {
        return Ok{};
    }
    if (auto fault = fault_in_filter(filter); !fault.empty()) {
        return Refused{Code::bad_request, std::move(fault)};
    }
    if (known == nullptr && topics_.of(topic->number()).size() >= limits::kTopicSubscriptionsMax) {
        return Refused{Code::limit_exceeded,
                       "topic " + topic->name() + " has as many subscriptions as it may"};
    }
    constexpr std::size_t kEachBytes = 16;
    const std::size_t bytes =
        (topics_.size() + 1) * kEachBytes + topics_.filter_bytes() + filter.size();
    if ((known == nullptr && topics_.size() >= limits::kSubscriptionsMax) ||
        bytes > limits::kSubscriptionStateBytesMax) {
        return Refused{Code::limit_exceeded, "there are as many subscriptions as there may be"};
    }
    const Subscribed event{topic->number(), queue->number(), filter};
    log_.begin_group(encoded_size(event));
    commit(event, now);
    return Ok{};
}

Engine::Done Engine::unsubscribe(std::string_view topic_name, std::string_view queue_name,
                                 Now now) {
    const Queue* topic = find_topic(topic_name);
    if (topic == nullptr) {
        return no_topic(topic_name);
    }
    const Queue* queue = find_queue(queue_name);
    if (queue == nullptr) {
        return no_queue(queue_name);
    }
    if (topics_.find(topic->number(), queue->number()) == nullptr) {
        return Refused{Code::not_found,
                       "queue " + queue->name() + " is not subscribed to " + topic->name()};
    }
    const Unsubscribed event{topic->number(), queue->number()};
    log_.begin_group(encoded_size(event));
    commit(event, now);
    return Ok{};
}

void Engine::apply_subscribed(const Subscribed& e) {
    Subscription subscription{e.queue, std::string(e.filter), nullptr};
    if (!e.filter.empty()) {
        auto compiled = tools_.filter(e.filter);
        if (!compiled) {
            throw BrokenLog("the filter of a subscription: " + compiled.error());
        }
        subscription.compiled = std::move(compiled).value();
    }
    topics_.subscribe(e.topic, std::move(subscription));
}

namespace {

// Records that an entry can become, and their copies in all.
std::size_t most_bytes_of_fan(const dialogue::SendEntry& entry, std::size_t records,
                              std::size_t copies) {
    constexpr std::size_t kOwnIdBytes = 40;  // Copies say what they are copies of.
    return std::max<std::size_t>(1, records) * (most_bytes_of(entry) + kOwnIdBytes) +
           (copies + 1) * kSharedBytes;
}

}  // namespace

std::size_t Engine::most_bytes_of_publication(const Queue& topic,
                                              const dialogue::SendEntry& entry) const {
    std::set<Millis> delays;
    const auto& subscriptions = topics_.of(topic.number());
    for (const Subscription& subscription : subscriptions) {
        delays.insert(entry.delay.value_or(queues_.at(subscription.queue)->settings().delay));
    }
    return most_bytes_of_fan(entry, delays.size(), subscriptions.size());
}

bool Engine::feeds_fifo(const Queue& topic) const {
    const auto& subscriptions = topics_.of(topic.number());
    return std::any_of(subscriptions.begin(), subscriptions.end(), [&](const Subscription& s) {
        return queues_.at(s.queue)->kind() == QueueKind::fifo;
    });
}

// All that matching subscribers have to say against it: it goes to every one of them, or to none.
Result<Fan, Refused> Engine::receivers_of(const Queue& topic, const dialogue::SendEntry& entry,
                                          Now now) {
    Candidate candidate{entry.attributes, entry.body};
    candidate.reason = entry.reason;
    dialogue::SendEntry for_standard = entry;
    for_standard.dedup = {};
    constexpr std::size_t kBesideBytes = 1024;  // The note of its request, or its verdict.
    Fan fan;
    fan.group = make_group(entry, QueueKind::standard, now);
    std::set<Millis> delays;
    for (const Subscription& subscription : topics_.of(topic.number())) {
        if (subscription.compiled != nullptr && !subscription.compiled->matches(candidate) &&
            !mutant(Mutant::filter_ignored)) {
            continue;
        }
        Queue& queue = *queues_.at(subscription.queue);
        if (auto fault = fault_in_send(queue)) {
            return std::move(*fault);
        }
        const bool is_fifo = queue.kind() == QueueKind::fifo;
        if (auto fault = fault_in_entry(queue, is_fifo ? entry : for_standard)) {
            return std::move(*fault);
        }
        if (is_fifo && fan.group->dedup.empty()) {
            fan.group = make_group(entry, QueueKind::fifo, now);
        }
        delays.insert(entry.delay.value_or(queue.settings().delay));
        fan.queues.push_back(&queue);
    }
    if (delays.size() > 1 &&
        most_bytes_of_fan(entry, delays.size(), fan.queues.size()) + kBesideBytes >
            log_.group_bytes_max()) {
        return Refused{Code::too_large, "topic " + topic.name() + ": its queues have " +
                                            std::to_string(delays.size()) +
                                            " different delays, so many copies of the body are "
                                            "more than can be written at once"};
    }
    return fan;
}

std::optional<MessageNumber> Engine::drop_repeated(Fan& fan, Now now) {
    std::optional<MessageNumber> repeats;
    std::erase_if(fan.queues, [&](Queue* queue) {
        const auto first = repeated(*queue, fan.group, now);
        if (first) {
            queue->count_dedup_hit();
            repeats = repeats.value_or(*first);
        }
        return first.has_value();
    });
    return fan.queues.empty() ? repeats : std::nullopt;
}

std::vector<Stored> Engine::fan_out(const Queue& topic, const dialogue::SendEntry& entry,
                                    const Fan& fan, Now now) {
    std::map<Millis, std::vector<const Queue*>> by_delay;
    for (const Queue* queue : fan.queues) {
        by_delay[entry.delay.value_or(queue->settings().delay)].push_back(queue);
    }
    std::vector<Stored> records;
    std::uint64_t number = next_message_;
    for (const auto& [delay, group] : by_delay) {
        Stored& record = records.emplace_back(make_stored(*group.front(), entry, fan.group, now));
        for (const Queue* queue : group) {
            const MessageNumber own{number++};
            if (queue == group.front()) {
                record.number = own;
            } else {
                record.shared.emplace_back(queue->number(), own);
            }
        }
    }
    // What no filter wants has a number, and the topic counts it.
    if (records.empty()) {
        records.emplace_back().queue = topic.number();
        records.front().number = MessageNumber{number};
        records.front().sent_at = now.wall;
        return records;
    }
    records.front().shared.emplace_back(topic.number(), records.front().number);
    if (fan.queues.size() > 1 && entry.origin.empty()) {
        const std::string_view origin =
            keep(dialogue::message_id(broker_id_, records.front().number));
        for (Stored& record : records) {
            record.origin = origin;
        }
    }
    return records;
}

ResultRun Engine::publish(const Queue& topic, const dialogue::SendEntry& entry, Now now) {
    if (auto fault = fault_in_entry(topic, entry)) {
        return {fault->code, 1, {}, std::move(fault->reason)};
    }
    auto receivers = receivers_of(topic, entry, now);
    if (!receivers) {
        return {receivers.error().code, 1, {}, receivers.error().reason};
    }
    Fan fan = std::move(receivers).value();
    if (const auto repeats = drop_repeated(fan, now)) {
        return {Code::ok, 1, *repeats, {}};
    }
    const std::vector<Stored> records = fan_out(topic, entry, fan, now);
    for (Queue* queue : fan.queues) {
        queue->advance(now.broker);
    }
    for (const Stored& record : records) {
        commit(record, now);
    }
    return {Code::ok, 1, records.front().number, {}};
}

void Engine::put_topics(StateWriter& out) const {
    if (topics_.size() == 0) {
        return;
    }
    out.put(static_cast<std::uint32_t>(topics_.size()));
    for (const auto& [name, topic] : topic_names_) {
        for (const Subscription& subscription : topics_.of(topic)) {
            codec::put_queue(out, topic);
            codec::put_queue(out, subscription.queue);
            codec::put_short_text(out, subscription.filter);
        }
    }
}

void Engine::load_topics(ByteReader& in) {
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        Subscribed subscribed;
        subscribed.topic = codec::get_queue(in);
        subscribed.queue = codec::get_queue(in);
        subscribed.filter = codec::get_short_text(in);
        apply_subscribed(subscribed);
    }
}

}  // namespace esteira::engine
