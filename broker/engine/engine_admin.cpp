// Queues: made, set, shown, emptied, removed; topics: made and removed.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/tags.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;

namespace {

// Attributes that only tell; setting one is an error that says so.
constexpr std::string_view kToldOnly[] = {"ApproximateNumberOfMessages",
                                          "ApproximateNumberOfMessagesNotVisible",
                                          "ApproximateNumberOfMessagesDelayed",
                                          "CreatedTimestamp",
                                          "LastModifiedTimestamp",
                                          "DeduplicationScopeInForce"};

constexpr std::string_view kDeadLetterQueue = "DeadLetterQueue";

// What only tells and stands among `attributes` all the same, or nothing.
std::string fault_in_told(const dialogue::Attributes& attributes) {
    for (const auto& [name, value] : attributes) {
        if (std::find(std::begin(kToldOnly), std::end(kToldOnly), name) != std::end(kToldOnly)) {
            return name + " cannot be set";
        }
    }
    return {};
}

// About what a queue adds to the state that every segment opens with.
std::uint64_t state_bytes(std::string_view name, const Settings& settings,
                          const dialogue::Attributes& tags) {
    constexpr std::uint64_t kNumbersAndTotals = 1'000;
    std::uint64_t bytes = kNumbersAndTotals + name.size() + settings.policy.size() +
                          settings.kms_key.size() + settings.redrive_allow.size();
    for (const auto& [key, value] : tags) {
        bytes += 4 + key.size() + value.size();
    }
    return bytes;
}

// What is told of two settings, where they differ: "DelaySeconds is 0, not 5".
std::string differences(const Settings& are, const Settings& asked) {
    const dialogue::Attributes is = all_attributes(are);
    std::string text;
    for (const auto& [name, value] : all_attributes(asked)) {
        const auto known = std::find_if(is.begin(), is.end(),
                                        [&](const auto& pair) { return pair.first == name; });
        const std::string before = known == is.end() ? "" : known->second;
        if (before != value) {
            text += (text.empty() ? "" : ", ") + name + " is " +
                    (before.empty() ? "not set" : before) + ", not " +
                    (value.empty() ? "unset" : value);
        }
    }
    return text;
}

}  // namespace

Result<Settings, std::string> Engine::settings_of_new(std::string_view name,
                                                      const dialogue::Attributes& attributes) {
    if (const auto fault = fault_in_queue_name(name); !fault.empty()) {
        return std::string(fault);
    }
    if (auto fault = fault_in_told(attributes); !fault.empty()) {
        return fault;
    }
    const auto asked = with_attributes({}, attributes);
    if (!asked) {
        return asked.error();
    }
    Settings settings = asked.value();
    if (settings.fifo != is_fifo_name(name)) {
        return std::string("FifoQueue=true and a name that ends with .fifo belong together");
    }
    if (auto fault = fault_in_pair(settings); !fault.empty()) {
        return fault;
    }
    settings.dedup_by_group_made = settings.dedup_by_group;
    return settings;
}

void Engine::run(const Caller& caller, const dialogue::CreateQueue& create, Now now) {
    if (const auto fault = fault_in_queue_name(create.name); !fault.empty()) {
        return refuse(caller, Code::bad_request, std::string(fault));
    }
    if (auto fault = fault_in_tags(create.tags); !fault.empty()) {
        return refuse(caller, Code::bad_request, std::move(fault));
    }
    if (auto fault = fault_in_told(create.attributes); !fault.empty()) {
        return refuse(caller, Code::bad_request, std::move(fault));
    }
    if (const Queue* queue = find_queue(create.name)) {
        // Asking again for what is there is no error; asking for something else is.
        const auto asked = with_attributes(queue->settings(), create.attributes);
        if (!asked) {
            return refuse(caller, Code::bad_request, asked.error());
        }
        if (asked.value() != queue->settings()) {
            return refuse(caller, Code::queue_exists,
                          "queue " + queue->name() + " exists with other attributes: " +
                              differences(queue->settings(), asked.value()));
        }
        return run(caller, dialogue::GetQueue{create.name}, now);
    }
    if (find_topic(create.name) != nullptr) {
        return refuse(caller, Code::queue_exists, std::string(create.name) + " is a topic");
    }
    if (queues_.size() >= limits::kQueuesMax) {
        return refuse(caller, Code::limit_exceeded, "there are as many queues as there may be");
    }
    const auto asked = settings_of_new(create.name, create.attributes);
    if (!asked) {
        return refuse(caller, Code::bad_request, asked.error());
    }
    const Settings& settings = asked.value();
    const QueueKind kind = settings.fifo ? QueueKind::fifo : QueueKind::standard;
    if (auto fault = fault_in_dead_letters(create.name, kind, settings)) {
        return refuse(caller, fault->code, std::move(fault->reason));
    }
    if (!state_has_room_for(create.name, settings, create.tags)) {
        return refuse(caller, Code::limit_exceeded, "the tags of all queues take too much room");
    }
    const QueueMade made{QueueNumber{next_queue_}, kind,       now.wall, {}, create.name,
                         to_attributes(settings),  create.tags};
    log_.begin_group(encoded_size(made));
    commit(made, now);
    run(caller, dialogue::GetQueue{create.name}, now);
}

Engine::Done Engine::create_topic(std::string_view name, const dialogue::Attributes& tags,
                                  Now now) {
    if (const auto fault = fault_in_queue_name(name); !fault.empty()) {
        return Refused{Code::bad_request, std::string(fault)};
    }
    if (find_topic(name) != nullptr) {
        return Ok{};
    }
    if (find_queue(name) != nullptr) {
        return Refused{Code::queue_exists, std::string(name) + " is a queue"};
    }
    for (const auto& [number, queue] : queues_) {
        if (queue->settings().dead_letter_queue == name) {
            return Refused{Code::conflict,
                           "queue " + queue->name() + " names it as its dead-letter queue"};
        }
    }
    if (auto fault = fault_in_tags(tags); !fault.empty()) {
        return Refused{Code::bad_request, std::move(fault)};
    }
    if (queues_.size() >= limits::kQueuesMax || !state_has_room_for(name, {}, tags)) {
        return Refused{Code::limit_exceeded, "there are as many queues as there may be"};
    }
    const QueueMade made{QueueNumber{next_queue_}, QueueKind::topic, now.wall, {}, name, {}, tags};
    log_.begin_group(encoded_size(made));
    commit(made, now);
    return Ok{};
}

Engine::Done Engine::remove_topic(std::string_view name, Now now) {
    const Queue* topic = find_topic(name);
    if (topic == nullptr) {
        return Refused{Code::no_such_queue, "there is no topic " + std::string(name)};
    }
    const QueueRemoved event{topic->number()};
    log_.begin_group(encoded_size(event));
    commit(event, now);
    return Ok{};
}

void Engine::run(const Caller& caller, const dialogue::SetQueue& set, Now now) {
    const Queue* queue = find_queue(set.name);
    if (queue == nullptr) {
        return refuse(caller, no_queue(set.name));
    }
    if (auto fault = fault_in_told(set.attributes); !fault.empty()) {
        return refuse(caller, Code::bad_request, std::move(fault));
    }
    const auto settings = with_attributes(queue->settings(), set.attributes);
    if (!settings) {
        return refuse(caller, Code::bad_request, settings.error());
    }
    if (settings.value().fifo != queue->settings().fifo) {
        return refuse(caller, Code::bad_request,
                      "FifoQueue cannot be changed: a queue stays what it was made as");
    }
    if (auto fault = fault_in_pair(settings.value()); !fault.empty()) {
        return refuse(caller, Code::bad_request, std::move(fault));
    }
    if (sets(set.attributes, kDeadLetterQueue)) {
        if (auto fault = fault_in_dead_letters(set.name, queue->kind(), settings.value())) {
            return refuse(caller, fault->code, std::move(fault->reason));
        }
    }
    const dialogue::Attributes tags = with_tags(queue->tags(), set.tags, set.tags_removed);
    if (auto fault = fault_in_tags(tags); !fault.empty()) {
        return refuse(caller, Code::bad_request, std::move(fault));
    }
    const bool grows = state_bytes(set.name, settings.value(), tags) >
                       state_bytes(set.name, queue->settings(), queue->tags());
    if (grows && !state_has_room_for(set.name, settings.value(), tags)) {
        return refuse(caller, Code::limit_exceeded, "the tags of all queues take too much room");
    }
    std::vector<Event> events;
    if (settings.value() != queue->settings()) {
        events.emplace_back(QueueSet{queue->number(), now.wall, to_attributes(settings.value())});
    }
    if (tags != queue->tags()) {
        events.emplace_back(QueueTagged{queue->number(), now.wall, tags});
    }
    std::size_t bytes = 0;
    for (const Event& event : events) {
        bytes += encoded_size(event);
    }
    if (!events.empty()) {
        log_.begin_group(bytes);
    }
    for (const Event& event : events) {
        commit(event, now);
    }
    run(caller, dialogue::GetQueue{set.name}, now);
}

// Whether dead letters of a queue may go where its settings say.
std::optional<dialogue::Refused> Engine::fault_in_dead_letters(std::string_view source,
                                                               QueueKind kind,
                                                               const Settings& settings) {
    const std::string& name = settings.dead_letter_queue;
    if (name.empty()) {
        return std::nullopt;
    }
    if (name == source) {
        return dialogue::Refused{Code::bad_request, "a queue is not its own DeadLetterQueue"};
    }
    const Queue* target = find_queue(name);
    if (target == nullptr) {
        return dialogue::Refused{
            Code::conflict, "the DeadLetterQueue " + name +
                                (find_topic(name) != nullptr ? " is a topic" : " does not exist")};
    }
    if (target->kind() != kind) {
        return dialogue::Refused{
            Code::conflict, "the DeadLetterQueue " + name + " is of another kind than its source"};
    }
    if (!takes_dead_letters_of(target->settings(), source)) {
        return dialogue::Refused{Code::conflict,
                                 "the RedriveAllow of " + name + " does not allow it"};
    }
    return std::nullopt;
}

// With what the queue of this name has now, or will have.
bool Engine::state_has_room_for(std::string_view name, const Settings& settings,
                                const dialogue::Attributes& tags) const {
    std::uint64_t bytes = state_bytes(name, settings, tags);
    for (const auto& [number, queue] : queues_) {
        if (queue->name() != name) {
            bytes += state_bytes(queue->name(), queue->settings(), queue->tags());
        }
    }
    return bytes <= limits::kQueueStateBytesMax;
}

void Engine::run(const Caller& caller, const dialogue::GetQueue& get, Now now) {
    Queue* queue = find_queue(get.name);
    if (queue == nullptr) {
        return refuse(caller, no_queue(get.name));
    }
    queue->advance(now.broker);
    dialogue::QueueReply reply{queue->name(), to_attributes(queue->settings()), queue->tags()};
    const Counts counts = queue->counts(now.broker);
    const auto tell = [&](std::string_view name, auto number) {
        reply.attributes.emplace_back(name, std::to_string(number));
    };
    const auto seconds = [](WallTime t) { return t.time_since_epoch().count() / 1000; };
    tell("ApproximateNumberOfMessages", counts.visible);
    tell("ApproximateNumberOfMessagesNotVisible", counts.in_flight);
    tell("ApproximateNumberOfMessagesDelayed", counts.delayed);
    tell("CreatedTimestamp", seconds(queue->created_at()));
    tell("LastModifiedTimestamp", seconds(queue->modified_at()));
    answer(caller, std::move(reply));
}

void Engine::run(const Caller& caller, const dialogue::ListQueues& list, Now) {
    dialogue::ListReply reply;
    auto at = list.after.empty() ? names_.lower_bound(list.prefix) : names_.upper_bound(list.after);
    for (; at != names_.end() && at->first.starts_with(list.prefix); ++at) {
        if (reply.names.size() == list.count) {
            reply.more = true;
            break;
        }
        reply.names.push_back(at->first);
    }
    answer(caller, std::move(reply));
}

void Engine::run(const Caller& caller, const dialogue::DeleteQueue& remove, Now now) {
    Queue* queue = find_queue(remove.name);
    if (queue == nullptr) {
        return refuse(caller, no_queue(remove.name));
    }
    const QueueRemoved event{queue->number()};
    const dialogue::DoneReply reply{queue->messages()};
    if (const auto line = receiving_.find(event.queue); line != receiving_.end()) {
        for (const Waiter& waiter : line->second.waiters) {
            refuse(waiter.caller, Code::no_such_queue, "queue " + queue->name() + " was deleted");
        }
        leave(line);
    }
    // A task ends with its queue, in one frame: how far it came is nowhere else.
    const Moves::Active* task = moves_.active_of(event.queue);
    std::optional<MoveEnded> ended;
    if (task != nullptr) {
        ended = end_of(*task, MoveState::failed, "its queue was removed", now);
    }
    log_.begin_group(encoded_size(event) + (ended ? encoded_size(*ended) : 0));
    if (ended) {
        commit(*ended, now);
    }
    commit(event, now);
    answer(caller, reply);
}

void Engine::run(const Caller& caller, const dialogue::PurgeQueue& purge, Now now) {
    Queue* queue = find_queue(purge.name);
    if (queue == nullptr) {
        return refuse(caller, no_queue(purge.name));
    }
    const dialogue::DoneReply reply{queue->messages()};
    const Purged event{queue->number(), queue->messages()};
    log_.begin_group(encoded_size(event));
    commit(event, now);
    answer(caller, reply);
}

}  // namespace esteira::engine
