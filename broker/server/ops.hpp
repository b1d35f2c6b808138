#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "broker/journal/journal.hpp"
#include "broker/server/core.hpp"
#include "broker/server/server_stats.hpp"
#include "common/base/result.hpp"
#include "common/cli/commands.hpp"
#include "common/metrics/text_writer.hpp"

// What operators ask of a running broker, without the socket. Names, arguments and help stand in
// common/cli/commands.hpp; here is what each row does.
//
//   {"command":"queue.show","arguments":{"queue":"stock"}}
//   {"ok":true,"result":{...}}
//   {"ok":false,"code":"no_such_queue","reason":"there is no queue stock"}
//
// Codes are those of common/base/dialogue.hpp, and: unknown_command, not_confirmed. Message bodies
// are text where they are UTF-8 ("body"), else base64 ("body_base64"). Times are ISO 8601 in UTC.
namespace esteira::broker {

using Json = nlohmann::ordered_json;

struct OpsRefusal {
    std::string code;
    std::string reason;
};
using OpsResult = Result<Json, OpsRefusal>;

class Ops {
public:
    // Answers stay below this, so that they fit a frame of the socket.
    static constexpr std::size_t kAnswerBytesMax = limits::kWireFrameBytesMax;
    static constexpr std::size_t kRequestBytesMax = 1 << 20;
    static constexpr std::size_t kRequestDepthMax = 32;    // Objects and arrays in each other.
    static constexpr std::uint32_t kLookedAtMax = 1000;    // Messages of one peek.
    static constexpr std::size_t kSeriesQueuesMax = 1000;  // Queues with metrics of their own.

    // Made when the core has started: uptime is counted from its present time.
    Ops(Core& core, const journal::Journal& journal, const ServerStats& stats);

    // One request, between begin_turn() and finish_turn(); the answer may leave when the turn is
    // durable. Whatever bytes come in, an answer comes out; it throws what the journal throws.
    std::string handle(std::string_view request, Now now);

    using Run = OpsResult (Ops::*)(const Json& arguments, Now now);

    // What a row of the table is bound to; null for a name that is none.
    static Run function_of(std::string_view command);

private:
    OpsResult run(const std::string& name, Json& arguments, Now now);

    OpsResult node_ping(const Json& arguments, Now now);
    OpsResult node_stats(const Json& arguments, Now now);
    OpsResult node_drain(const Json& arguments, Now now);

    OpsResult worker_ls(const Json& arguments, Now now);
    OpsResult worker_pools(const Json& arguments, Now now);
    OpsResult worker_scale(const Json& arguments, Now now);
    OpsResult worker_drain(const Json& arguments, Now now);
    OpsResult worker_report(const Json& arguments, Now now);
    OpsResult metrics(const Json& arguments, Now now);

    OpsResult queue_ls(const Json& arguments, Now now);
    OpsResult queue_show(const Json& arguments, Now now);
    OpsResult queue_create(const Json& arguments, Now now);
    OpsResult queue_set(const Json& arguments, Now now);
    OpsResult queue_pause(const Json& arguments, Now now);
    OpsResult queue_resume(const Json& arguments, Now now);
    OpsResult set_queue(dialogue::SetQueue set, Now now);
    OpsResult set_paused(const Json& arguments, const char* paused, Now now);
    OpsResult queue_purge(const Json& arguments, Now now);
    OpsResult queue_rm(const Json& arguments, Now now);
    OpsResult definitions_read(const Json& arguments, Now now);
    OpsResult definitions_check(const Json& arguments, Now now);

    OpsResult topic_ls(const Json& arguments, Now now);
    OpsResult topic_show(const Json& arguments, Now now);
    OpsResult topic_create(const Json& arguments, Now now);
    OpsResult topic_rm(const Json& arguments, Now now);
    OpsResult topic_subscribe(const Json& arguments, Now now);
    OpsResult topic_unsubscribe(const Json& arguments, Now now);

    OpsResult msg_peek(const Json& arguments, Now now);
    OpsResult dlq_ls(const Json& arguments, Now now);
    OpsResult dlq_show(const Json& arguments, Now now);
    OpsResult dlq_redrive(const Json& arguments, Now now);
    OpsResult dlq_drop(const Json& arguments, Now now);
    OpsResult dlq_tasks(const Json& arguments, Now now);
    OpsResult dlq_cancel(const Json& arguments, Now now);
    OpsResult dlq_edit(const Json& arguments, Now now);

    // What a supervisor has said of a pool, and when. Not journaled: it says it again.
    struct PoolReport {
        std::string supervisor;
        std::string host;
        std::uint64_t pid = 0;
        Time seen{};
        Json told;
    };
    bool is_fresh(const PoolReport& report, Now now) const;
    bool is_known(const std::string& pool) const;
    Json describe_pools(Now now);
    Json orders_for(const std::string& pool, const std::string& queue, const std::string& host,
                    Now now);
    void forget_drained();
    void write_pools(metrics::TextWriter& out, Now now) const;

    // A request as a client would send it, decided at once.
    dialogue::Answer ask(dialogue::Operation operation, Now now);

    OpsResult describe_topic(std::string_view name);
    std::map<QueueNumber, Json> topics_by_queue() const;
    void write_topics(metrics::TextWriter& out) const;
    OpsResult describe_queue(std::string_view name, Now now);
    Json depth_of(engine::Queue& queue, Now now) const;
    std::vector<std::string> served_by(std::string_view dead_letter_queue);
    Json describe_message(const engine::Peeked& peeked) const;
    OpsResult start_task(engine::MoveKind kind, const Json& arguments, Now now);
    Json describe_task(std::uint64_t id, Now now);
    Result<MessageNumber, OpsRefusal> numbered(const Json& arguments) const;

    Core& core_;
    const journal::Journal& journal_;
    const ServerStats& stats_;
    Time started_;
    std::uint64_t next_request_ = 1;
    std::map<std::string, PoolReport> pools_;
    std::set<std::uint64_t> draining_;  // Sessions of workers that somebody wants drained.
};

}  // namespace esteira::broker
