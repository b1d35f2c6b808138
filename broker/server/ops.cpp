#include "broker/server/ops.hpp"

#include <algorithm>
#include <iterator>

#include "broker/server/ops_arguments.hpp"
#include "common/base/check.hpp"
#include "common/logging/logging.hpp"

namespace esteira::broker {

namespace {

// Nobody else's: tickets of the sockets count from 1, sessions are random.
constexpr std::uint64_t kTicket = ~std::uint64_t{0};
constexpr Bytes16 kSession{std::byte{'o'}, std::byte{'p'}, std::byte{'s'}};

struct Binding {
    std::string_view name;
    Ops::Run run;
};

const cli::Command* command_named(std::string_view name) {
    const auto* at = std::find_if(std::begin(cli::kOpsCommands), std::end(cli::kOpsCommands),
                                  [&](const cli::Command& c) { return c.name == name; });
    return at == std::end(cli::kOpsCommands) ? nullptr : at;
}

Json refused(const OpsRefusal& refusal) {
    return {{"ok", false}, {"code", refusal.code}, {"reason", refusal.reason}};
}

// Messages that a command has removed or moved.
std::uint64_t affected_by(const Json& result) {
    for (const char* name : {"removed", "moved"}) {
        if (result.contains(name)) {
            return result[name].get<std::uint64_t>();
        }
    }
    return 0;
}

// What an audit log is told: what messages hold is not for it.
Json without_bodies(Json arguments) {
    for (const char* name : {"body", "body_base64"}) {
        if (arguments.contains(name)) {
            arguments[name] =
                std::to_string(arguments[name].get_ref<const std::string&>().size()) + " bytes";
        }
    }
    return arguments;
}

// Whether objects and arrays stand in each other deeper than that. It reads the text, since what
// takes JSON apart or writes it calls itself once for each level, and the stack is not endless.
bool is_deeper_than(std::size_t levels_max, std::string_view text) {
    std::size_t level = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            at += c == '\\' ? 1 : 0;  // What is escaped ends no string.
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++level > levels_max) {
                return true;
            }
        } else if ((c == ']' || c == '}') && level > 0) {
            --level;
        }
    }
    return false;
}

// Bytes that are not UTF-8 (names may be anything in what we read) become U+FFFD.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Ops::Ops(Core& core, const journal::Journal& journal, const ServerStats& stats)
    : core_(core), journal_(journal), stats_(stats), started_(core.now().broker) {}

Ops::Run Ops::function_of(std::string_view command) {
    static constexpr Binding kBindings[] = {
        {"node.ping", &Ops::node_ping},
        {"node.stats", &Ops::node_stats},
        {"node.drain", &Ops::node_drain},
        {"metrics", &Ops::metrics},
        {"queue.ls", &Ops::queue_ls},
        {"queue.show", &Ops::queue_show},
        {"queue.create", &Ops::queue_create},
        {"queue.set", &Ops::queue_set},
        {"queue.pause", &Ops::queue_pause},
        {"queue.resume", &Ops::queue_resume},
        {"queue.purge", &Ops::queue_purge},
        {"queue.rm", &Ops::queue_rm},
        {"msg.peek", &Ops::msg_peek},
        {"dlq.ls", &Ops::dlq_ls},
        {"dlq.show", &Ops::dlq_show},
        {"dlq.redrive", &Ops::dlq_redrive},
        {"dlq.tasks", &Ops::dlq_tasks},
        {"dlq.cancel", &Ops::dlq_cancel},
        {"dlq.edit", &Ops::dlq_edit},
        {"dlq.drop", &Ops::dlq_drop},
        {"worker.ls", &Ops::worker_ls},
        {"worker.pools", &Ops::worker_pools},
        {"worker.scale", &Ops::worker_scale},
        {"worker.drain", &Ops::worker_drain},
        {"worker.report", &Ops::worker_report},
        {"topic.ls", &Ops::topic_ls},
        {"topic.show", &Ops::topic_show},
        {"topic.create", &Ops::topic_create},
        {"topic.rm", &Ops::topic_rm},
        {"topic.subscribe", &Ops::topic_subscribe},
        {"topic.unsubscribe", &Ops::topic_unsubscribe},
        {"definitions.read", &Ops::definitions_read},
        {"definitions.check", &Ops::definitions_check},
    };
    static_assert(std::size(kBindings) == std::size(cli::kOpsCommands),
                  "every row of common/cli/commands.hpp has its function here");
    const auto* at = std::find_if(std::begin(kBindings), std::end(kBindings),
                                  [&](const Binding& b) { return b.name == command; });
    return at == std::end(kBindings) ? nullptr : at->run;
}

std::string Ops::handle(std::string_view request, Now now) {
    if (request.size() > kRequestBytesMax) {
        return text_of(refused({"too_large", "a request has at most 1 MiB"}));
    }
    if (is_deeper_than(kRequestDepthMax, request)) {
        return text_of(
            refused({"bad_request", "a request has at most " + std::to_string(kRequestDepthMax) +
                                        " objects and arrays in each other"}));
    }
    Json parsed = Json::parse(request, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("command") || !parsed["command"].is_string()) {
        return text_of(
            refused({"bad_request", "a request is {\"command\":..,\"arguments\":{..}}"}));
    }
    Json arguments = parsed.contains("arguments") ? std::move(parsed["arguments"]) : Json::object();
    const OpsResult result = run(parsed["command"].get<std::string>(), arguments, now);
    std::string text =
        text_of(result ? Json{{"ok", true}, {"result", result.value()}} : refused(result.error()));
    if (text.size() > kAnswerBytesMax) {
        return text_of(refused({"too_large", "the answer does not fit a frame; ask for less"}));
    }
    return text;
}

OpsResult Ops::run(const std::string& name, Json& arguments, Now now) {
    const cli::Command* command = command_named(name);
    if (command == nullptr) {
        return OpsRefusal{"unknown_command", "no such command: " + name};
    }
    if (auto fault = check_arguments(*command, arguments)) {
        return std::move(*fault);
    }
    OpsResult result = (this->*function_of(name))(arguments, now);
    if (command->changes) {
        logging::audit("ops", {{"command", name},
                               {"arguments", text_of(without_bodies(arguments))},
                               {"outcome", result ? "ok" : result.error().code},
                               {"reason", result ? "" : result.error().reason},
                               {"affected", result ? affected_by(result.value()) : 0}});
    }
    return result;
}

dialogue::Answer Ops::ask(dialogue::Operation operation, Now now) {
    engine::Engine& engine = core_.engine();
    engine.execute(kTicket, {kSession, next_request_++, std::move(operation)}, 0, now);
    auto& answers = engine.answers();
    ESTEIRA_CHECK(!answers.empty() && answers.back().ticket == kTicket);
    dialogue::Answer answer = std::move(answers.back().response.answer);
    answers.pop_back();
    return answer;
}

}  // namespace esteira::broker
