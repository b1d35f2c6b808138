// Messages, looked at without receiving them.
#include <algorithm>

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
    const auto peeked =
        core_.engine().peek(name, number_or(arguments, "count", kLookedAtStandard, kLookedAtMax),
                            text_or_empty(arguments, "filter"), now);
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

}  // namespace esteira::broker
