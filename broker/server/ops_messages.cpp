// Messages, looked at without receiving them, and dead letters.
#include <algorithm>
#include <set>

#include "broker/server/ops.hpp"
#include "broker/server/ops_arguments.hpp"
#include "broker/server/ops_text.hpp"
#include "common/base/bytes.hpp"

namespace esteira::broker {

namespace {

constexpr std::uint32_t kLookedAtStandard = 10;
// What messages may take in an answer before no more are added. One message more, each of its bytes
// as an escape of six, still fits the frame.
constexpr std::size_t kMessagesBytesMax = 2 << 20;
static_assert(kMessagesBytesMax + 6 * limits::kMessageBytesMax + (64 << 10) < Ops::kAnswerBytesMax);

// Bytes of records that one redrive moves in its turn.
constexpr std::uint64_t kRedrivenBytesMax = limits::kReceiveBytesMax;

const char* to_string(engine::Peeked::Phase phase) {
    switch (phase) {
        case engine::Peeked::Phase::visible:
            return "visible";
        case engine::Peeked::Phase::in_flight:
            return "in_flight";
        case engine::Peeked::Phase::delayed:
            return "delayed";
    }
    return "";
}

}  // namespace

Json Ops::describe_message(const engine::Peeked& peeked) const {
    Json message{{"id", dialogue::message_id(core_.engine().broker_id(), peeked.number)},
                 {"state", to_string(peeked.phase)},
                 {"receives", peeked.receives},
                 {"crashes", peeked.crashes},
                 {"sent_at", json_of(peeked.sent_at)},
                 {"first_received_at", json_of(peeked.first_received_at)},
                 {"origin", peeked.origin},
                 {"source", peeked.source},
                 {"reason", peeked.reason},
                 {"group", peeked.group},
                 {"dedup", peeked.dedup},
                 {"sequence", peeked.sequence},
                 {"attributes", cli::json_of_attributes(peeked.attributes)},
                 {"bytes", peeked.body.size()}};
    cli::put_history(message, as_bytes(peeked.history));
    cli::put_bytes(message, "body", peeked.body);
    return message;
}

OpsResult Ops::msg_peek(const Json& arguments, Now now) {
    const std::string name = arguments["queue"];
    const auto peeked = core_.engine().peek(
        name, number_or(arguments, "count", kLookedAtStandard, kLookedAtMax), now);
    if (!peeked) {
        return refusal_of(peeked.error());
    }
    Json messages = Json::array();
    std::size_t bytes = 0;
    for (const engine::Peeked& message : peeked.value()) {
        if (bytes > kMessagesBytesMax) {
            break;
        }
        messages.push_back(describe_message(message));
        bytes += messages.back().dump(-1, ' ', false, Json::error_handler_t::replace).size();
    }
    Json result = depth_of(*core_.engine().find_queue(name), now);
    result["left_out"] = peeked.value().size() - messages.size();
    result["list"] = std::move(messages);
    return result;
}

OpsResult Ops::dlq_show(const Json& arguments, Now now) {
    OpsResult looked = msg_peek(arguments, now);
    if (!looked) {
        return looked;
    }
    Json result = std::move(looked).value();
    result["dead_letters_of"] = served_by(arguments["queue"].get<std::string>());
    return result;
}

OpsResult Ops::dlq_ls(const Json&, Now now) {
    std::set<std::string> names;
    for (const auto& [name, number] : core_.engine().queue_names()) {
        names.insert(core_.engine().find_queue(name)->settings().dead_letter_queue);
    }
    Json queues = Json::array();
    for (const std::string& name : names) {
        engine::Queue* queue = core_.engine().find_queue(name);
        if (queue == nullptr) {
            continue;
        }
        Json row = depth_of(*queue, now);
        row["dead_letters_of"] = served_by(name);
        queues.push_back(std::move(row));
    }
    return Json{{"queues", std::move(queues)}};
}

// A slice: as many as one turn can take well. Who wants more asks again; `left` says when to stop.
OpsResult Ops::dlq_redrive(const Json& arguments, Now now) {
    engine::Redrive command;
    command.dead_letter_queue = arguments["queue"].get<std::string>();
    command.target = text_or_empty(arguments, "to");
    command.dry_run = arguments["dry_run"].get<bool>();
    command.count = number_or(arguments, "count", kRedrivenMax, kRedrivenMax);
    engine::Queue* queue = core_.engine().find_queue(command.dead_letter_queue);
    if (queue != nullptr && queue->messages() > 0) {
        const std::uint64_t each = queue->bytes() / queue->messages() + 1;
        const std::uint64_t most = std::max<std::uint64_t>(1, kRedrivenBytesMax / each);
        command.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(command.count, most));
    }
    const auto redriven = core_.engine().redrive(command, now);
    if (!redriven) {
        return refusal_of(redriven.error());
    }
    return Json{{"queue", command.dead_letter_queue}, {"dry_run", command.dry_run},
                {"moved", redriven.value().moved},    {"skipped", redriven.value().skipped},
                {"reason", redriven.value().reason},  {"left", queue->messages()}};
}

}  // namespace esteira::broker
