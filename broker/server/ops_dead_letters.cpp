// Dead letters: looked at, and moved, mended or dropped by tasks or one by one.
#include <charconv>
#include <map>

#include "broker/server/ops.hpp"
#include "broker/server/ops_arguments.hpp"
#include "broker/server/ops_text.hpp"
#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

namespace esteira::broker {

namespace {

// "50/s", "600/m" or "50", in thousandths of a message per second.
std::optional<std::uint32_t> rate_milli_of(std::string_view text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    const double milli = number * 1000 / (unit == "/m" ? 60 : 1);
    const bool good = fault == std::errc{} && (unit.empty() || unit == "/s" || unit == "/m") &&
                      milli >= 1 && milli <= 1e9;
    return good ? std::optional(static_cast<std::uint32_t>(milli)) : std::nullopt;
}

Json described(const engine::Move& move, std::uint64_t broker_id) {
    const bool redrives = move.kind == engine::MoveKind::redrive;
    Json task{{"task", move.id},
              {"kind", redrives ? "redrive" : "drop"},
              {"dry_run", move.dry_run},
              {"status", engine::to_string(move.state)},
              {"queue", move.source_name},
              {"to", nullptr},
              {"filter", move.filter},
              {"rate_per_second", nullptr},
              {"count", nullptr},
              {"started_at", json_of(move.started_at)},
              {"ended_at", json_of(move.ended_at)},
              {"there", move.there},
              {"moved", move.moved},
              {"skipped", move.skipped_in_all()},
              {"skipped_by", Json::object()},
              {"left", move.left()},
              {"failure", move.failure},
              {"examples", Json::array()}};
    if (!move.destination_name.empty()) {
        task["to"] = move.destination_name;
    }
    if (move.rate_milli != 0) {
        task["rate_per_second"] = move.rate_milli / 1000.0;
    }
    if (move.limit != 0) {
        task["count"] = move.limit;
    }
    for (std::size_t i = 0; i < move.skipped.size(); ++i) {
        if (move.skipped[i] > 0) {
            task["skipped_by"][engine::to_string(static_cast<engine::Skip>(i))] = move.skipped[i];
        }
    }
    for (const engine::Move::Example& example : move.examples) {
        task["examples"].push_back(
            {{"id", dialogue::message_id(broker_id, example.number)},
             {"outcome", example.skipped ? engine::to_string(*example.skipped) : "moved"},
             {example.skipped ? "reason" : "to", example.why}});
    }
    return task;
}

}  // namespace

Json Ops::describe_task(std::uint64_t id, Now now) {
    engine::Engine& engine = core_.engine();
    const engine::Move& move = *engine.moves().find(id);
    Json task = described(move, engine.broker_id());
    task["messages"] = nullptr;  // In the queue, as it is now.
    if (engine::Queue* queue = engine.find_queue(move.source_name)) {
        task["messages"] = depth_of(*queue, now)["messages"];
    }
    return task;
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
    // In one pass over the queues: everybody waits meanwhile.
    std::map<std::string, std::vector<std::string>> served;
    for (const auto& [name, number] : core_.engine().queue_names()) {
        served[core_.engine().find_queue(name)->settings().dead_letter_queue].push_back(name);
    }
    Json queues = Json::array();
    for (const auto& [name, sources] : served) {
        engine::Queue* queue = core_.engine().find_queue(name);
        if (queue == nullptr) {
            continue;
        }
        Json row = depth_of(*queue, now);
        row["dead_letters_of"] = sources;
        queues.push_back(std::move(row));
    }
    return Json{{"queues", std::move(queues)}};
}

OpsResult Ops::start_task(engine::MoveKind kind, const Json& arguments, Now now) {
    engine::MoveCommand command;
    command.kind = kind;
    command.source = arguments["queue"].get<std::string>();
    command.destination = text_or_empty(arguments, "to");
    command.filter = text_or_empty(arguments, "filter");
    command.dry_run = arguments["dry_run"].get<bool>();
    command.any_source = arguments.value("any_source", false);
    command.limit = arguments.value("count", std::uint64_t{0});
    if (arguments.contains("count") && command.limit == 0) {
        return OpsRefusal{"bad_request", "a count is at least 1"};
    }
    if (const std::string rate = text_or_empty(arguments, "rate"); !rate.empty()) {
        const auto milli = rate_milli_of(rate);
        if (!milli) {
            return OpsRefusal{"bad_request", "a rate is 50/s or 600/m, not " + rate};
        }
        command.rate_milli = *milli;
    }
    const auto started = core_.engine().start_move(command, now);
    if (!started) {
        return refusal_of(started.error());
    }
    return describe_task(started.value(), now);
}

// It goes on by itself, turn by turn; dlq.tasks tells how far it is.
OpsResult Ops::dlq_redrive(const Json& arguments, Now now) {
    return start_task(engine::MoveKind::redrive, arguments, now);
}

OpsResult Ops::dlq_drop(const Json& arguments, Now now) {
    const bool dry_run = arguments["dry_run"].get<bool>();
    const std::string name = arguments["queue"];
    if (auto fault = not_confirmed(arguments, "queue"); fault && !dry_run) {
        return std::move(*fault);
    }
    if (!arguments.contains("message")) {
        return start_task(engine::MoveKind::drop, arguments, now);
    }
    if (dry_run || arguments.contains("filter") || arguments.contains("count")) {
        return OpsRefusal{"bad_request", "one message is named: it needs neither filter nor count"};
    }
    const auto number = numbered(arguments);
    if (!number) {
        return number.error();
    }
    const auto dropped = core_.engine().drop(name, number.value(), now);
    if (!dropped) {
        return refusal_of(dropped.error());
    }
    return Json{{"queue", name}, {"removed", 1}};
}

OpsResult Ops::dlq_tasks(const Json& arguments, Now now) {
    const std::string queue = text_or_empty(arguments, "queue");
    Json tasks = Json::array();
    for (const engine::Move* move : core_.engine().moves().all()) {
        if (queue.empty() || move->source_name == queue) {
            tasks.push_back(describe_task(move->id, now));
        }
    }
    return Json{{"tasks", std::move(tasks)}};
}

OpsResult Ops::dlq_cancel(const Json& arguments, Now now) {
    const auto id = arguments["task"].get<std::uint64_t>();
    const auto cancelled = core_.engine().cancel_move(id, now);
    if (!cancelled) {
        return refusal_of(cancelled.error());
    }
    return describe_task(id, now);
}

Result<MessageNumber, OpsRefusal> Ops::numbered(const Json& arguments) const {
    const std::string id = arguments["message"];
    if (const auto number = dialogue::message_number(core_.engine().broker_id(), id)) {
        return *number;
    }
    return OpsRefusal{"not_found", id + " is no id of a message of this broker"};
}

OpsResult Ops::dlq_edit(const Json& arguments, Now now) {
    const auto number = numbered(arguments);
    if (!number) {
        return number.error();
    }
    if (arguments.contains("body") == arguments.contains("body_base64")) {
        return OpsRefusal{"bad_request", "a body is given once, as body or as body_base64"};
    }
    std::string body = text_or_empty(arguments, "body");
    if (arguments.contains("body_base64")) {
        try {
            body = cli::bytes_of_base64(arguments["body_base64"].get<std::string>());
        } catch (const std::invalid_argument&) {
            return OpsRefusal{"bad_request", "body_base64 is not base64"};
        }
    }
    engine::Edit edit{arguments["queue"].get<std::string>(),
                      number.value(),
                      text_or_empty(arguments, "to"),
                      as_bytes(body),
                      {}};
    const dialogue::Attributes pairs = attributes_of(arguments["attribute"]);
    std::vector<Attribute> attributes;
    for (const auto& [name, value] : pairs) {
        attributes.push_back({name, "String", as_bytes(value)});
    }
    const std::vector<std::byte> block = pack_attributes(attributes);
    if (!pairs.empty()) {
        edit.attributes = block;
    }
    const auto edited = core_.engine().edit(edit, now);
    if (!edited) {
        return refusal_of(edited.error());
    }
    return Json{{"queue", edit.queue},
                {"moved", 1},
                {"id", dialogue::message_id(core_.engine().broker_id(), edited.value())}};
}

}  // namespace esteira::broker
