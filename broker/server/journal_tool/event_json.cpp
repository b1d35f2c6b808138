#include "broker/server/journal_tool/event_json.hpp"

#include <array>

#include <sodium.h>

#include "broker/engine/moves.hpp"
#include "common/base/overloaded.hpp"
#include "common/cli/json_text.hpp"

namespace esteira::journal_tool {

namespace {

using Json = nlohmann::ordered_json;
using namespace engine;

constexpr const char* kGone[] = {"expired", "damaged", "dropped"};

std::string position_text(Position at) {
    return std::to_string(at.chunk) + ":" + std::to_string(at.slot);
}

std::string sha256_of(std::span<const std::byte> bytes) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> text{};
    return sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
}

std::string runs_text(const std::vector<Numbers>& runs) {
    std::string text;
    for (const Numbers& run : runs) {
        text += (text.empty() ? "" : ",") + std::to_string(run.first.value);
        if (run.count > 1) {
            text += "-" + std::to_string(run.first.value + run.count - 1);
        }
    }
    return text;
}

std::uint64_t count_of(const std::vector<Slots>& groups) {
    std::uint64_t count = 0;
    for (const Slots& group : groups) {
        count += group.slots.size();
    }
    return count;
}

Json pairs(const dialogue::Attributes& attributes) {
    Json object = Json::object();
    for (const auto& [name, value] : attributes) {
        object[name] = value;
    }
    return object;
}

std::int64_t millis(Time time) { return time.time_since_epoch().count(); }

const char* text_of(Cause cause) {
    constexpr const char* kNames[] = {"sent", "relocated", "buried", "redriven", "split_off"};
    const auto i = static_cast<std::size_t>(cause);
    return i < std::size(kNames) ? kNames[i] : "?";
}

const char* text_of(Return how) {
    constexpr const char* kNames[] = {"visibility",  "retry",   "hand_back",
                                      "worker_dead", "crashed", "put_off"};
    const auto i = static_cast<std::size_t>(how);
    return i < std::size(kNames) ? kNames[i] : "?";
}

Json json_of_stored(const Stored& e, bool bodies) {
    Json json{{"event", "stored"},
              {"queue", e.queue.value},
              {"message", e.number.value},
              {"cause", text_of(e.cause)},
              {"sent_at", cli::json_of(e.sent_at)}};
    if (e.visible_at != Time{}) {
        json["visible_at_ms"] = millis(e.visible_at);
    }
    if (!e.origin.empty()) {
        json["origin"] = std::string(e.origin);
    }
    if (e.story) {
        json["story"] = {{"receives", e.story->receives},
                         {"crashes", e.story->crashes},
                         {"source", e.story->source.value},
                         {"reason", std::string(e.story->reason)}};
    }
    if (e.replaces) {
        json["replaces"] = {{"queue", e.replaces->queue.value},
                            {"at", position_text(e.replaces->at)},
                            {"delivery", e.replaces->delivery.value}};
    }
    if (e.held) {
        json["held"] = {{"delivery", e.held->delivery.value}, {"receives", e.held->receives}};
    }
    for (const auto& [queue, number] : e.shared) {
        json["shared"].push_back({{"queue", queue.value}, {"message", number.value}});
    }
    if (!e.history.empty()) {
        cli::put_history(json["history"], e.history);
    }
    json["attribute_bytes"] = e.attributes.size();
    json["body_bytes"] = e.body.size();
    json["body_sha256"] = sha256_of(e.body);
    if (bodies) {
        json["attributes"] = cli::json_of_attributes(e.attributes);
        cli::put_bytes(json, "body", e.body);
    }
    return json;
}

Json json_of_noted(const Noted& e) {
    std::uint64_t good = 0;
    std::uint64_t refused = 0;
    for (const dialogue::ResultRun& run : e.results) {
        (run.code == dialogue::Code::ok ? good : refused) += run.count;
    }
    return {{"event", "noted"},     {"session", e.session}, {"request", e.request},
            {"from_entry", e.base}, {"ok", good},           {"refused", refused}};
}

}  // namespace

Json json_of(const Event& event, bool bodies) {
    return std::visit(
        Overloaded{
            [&](const Stored& e) { return json_of_stored(e, bodies); },
            [](const Leased& e) {
                return Json{{"event", "leased"},
                            {"queue", e.queue.value},
                            {"first_delivery", e.first.value},
                            {"visible_at_ms", millis(e.visible_at)},
                            {"session", e.session},
                            {"request", e.request},
                            {"returned", runs_text(e.returned)},
                            {"waiting", count_of(e.waiting)}};
            },
            [](const Removed& e) {
                return Json{{"event", "removed"},
                            {"queue", e.queue.value},
                            {"deliveries", runs_text(e.numbers)}};
            },
            [](const Rescheduled& e) {
                return Json{
                    {"event", "rescheduled"},          {"queue", e.queue.value},
                    {"how", text_of(e.how)},           {"visible_at_ms", millis(e.visible_at)},
                    {"reason", std::string(e.reason)}, {"deliveries", runs_text(e.numbers)}};
            },
            [](const SetAside& e) {
                return Json{{"event", "set_aside"},
                            {"queue", e.queue.value},
                            {"why", kGone[static_cast<std::size_t>(e.why)]},
                            {"deliveries", runs_text(e.numbers)},
                            {"waiting", count_of(e.waiting)}};
            },
            [](const Purged& e) {
                return Json{{"event", "purged"}, {"queue", e.queue.value}};
            },
            [](const QueueMade& e) {
                return Json{{"event", "queue_made"},         {"queue", e.queue.value},
                            {"name", std::string(e.name)},   {"changed_at", cli::json_of(e.at)},
                            {"settings", pairs(e.settings)}, {"tags", pairs(e.tags)}};
            },
            [](const QueueSet& e) {
                return Json{{"event", "queue_set"},
                            {"queue", e.queue.value},
                            {"changed_at", cli::json_of(e.at)},
                            {"settings", pairs(e.settings)}};
            },
            [](const QueueTagged& e) {
                return Json{{"event", "queue_tagged"},
                            {"queue", e.queue.value},
                            {"changed_at", cli::json_of(e.at)},
                            {"tags", pairs(e.tags)}};
            },
            [](const QueueRemoved& e) {
                return Json{{"event", "queue_removed"}, {"queue", e.queue.value}};
            },
            [](const SessionOpened& e) {
                return Json{{"event", "session_opened"}, {"session", e.session}};
            },
            [](const Noted& e) { return json_of_noted(e); },
            [](const WorkerJoined& e) {
                return Json{{"event", "worker_joined"},    {"session", e.session},
                            {"name", std::string(e.name)}, {"pool", std::string(e.pool)},
                            {"host", std::string(e.host)}, {"pid", e.pid}};
            },
            [](const WorkerLeft& e) {
                return Json{{"event", "worker_left"}, {"session", e.session}, {"dead", e.dead}};
            },
            [](const PoolWanted& e) {
                return Json{{"event", "pool_wanted"},
                            {"pool", std::string(e.pool)},
                            {"workers", e.workers}};
            },
            [](const Subscribed& e) {
                return Json{{"event", "subscribed"},
                            {"topic", e.topic.value},
                            {"queue", e.queue.value},
                            {"filter", std::string(e.filter)}};
            },
            [](const Unsubscribed& e) {
                return Json{
                    {"event", "unsubscribed"}, {"topic", e.topic.value}, {"queue", e.queue.value}};
            },
            [](const MoveStarted& e) {
                return Json{{"event", "move_started"},
                            {"task", e.id},
                            {"kind", e.kind == MoveKind::redrive ? "redrive" : "drop"},
                            {"dry_run", e.dry_run},
                            {"queue", e.source.value},
                            {"to", e.destination.value},
                            {"rate_milli", e.rate_milli},
                            {"limit", e.limit},
                            {"there", e.there},
                            {"filter", std::string(e.filter)}};
            },
            [](const MoveEnded& e) {
                return Json{{"event", "move_ended"},
                            {"task", e.id},
                            {"status", engine::to_string(e.how)},
                            {"moved", e.moved},
                            {"skipped", e.skipped},
                            {"failure", std::string(e.failure)}};
            },
        },
        event);
}

Concerned queues_of(const Event& event) {
    return std::visit(
        [](const auto& e) -> Concerned {
            Concerned concerned;
            if constexpr (requires { e.queue; }) {
                concerned.queue = e.queue;
            }
            if constexpr (requires { e.topic; }) {
                concerned.others.push_back(e.topic);
            }
            if constexpr (requires { e.replaces; }) {
                if (e.replaces) {
                    concerned.others.push_back(e.replaces->queue);
                }
                for (const auto& [queue, number] : e.shared) {
                    concerned.others.push_back(queue);
                }
            }
            return concerned;
        },
        event);
}

}  // namespace esteira::journal_tool
