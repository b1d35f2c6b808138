// The broker itself.
#include <unistd.h>

#include "broker/server/ops.hpp"
#include "broker/server/ops_text.hpp"

namespace esteira::broker {

namespace {

std::string hex_of(std::uint64_t number) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t i = text.size(); i-- > 0; number >>= 4) {
        text[i] = kDigits[number & 15];
    }
    return text;
}

Json summary_of(const metrics::Histogram& histogram) {
    return {{"count", histogram.count()}, {"sum", histogram.sum()}};
}

}  // namespace

OpsResult Ops::node_ping(const Json&, Now now) {
    return Json{{"version", ESTEIRA_VERSION},
                {"broker", hex_of(core_.engine().broker_id())},
                {"pid", ::getpid()},
                {"uptime_ms", (now.broker - started_).count()},
                {"time", json_of(now.wall)},
                {"draining", core_.engine().draining()},
                {"sends_accepted", !core_.engine().draining() && journal_.may_grow()}};
}

OpsResult Ops::node_stats(const Json& arguments, Now now) {
    const journal::Stats log = journal_.stats();
    const engine::Engine& engine = core_.engine();
    Json result = node_ping(arguments, now).value();
    result["queues"] = engine.queue_names().size();
    result["live_bytes"] = engine.live_bytes();
    result["sessions"] = engine.sessions().size();
    result["waiters"] = engine.waiter_count();
    result["empty_receives"] = engine.empty_receives();
    result["server"] = {{"connections", stats_.connections},
                        {"requests", stats_.requests},
                        {"answers", stats_.answers},
                        {"answers_dropped", stats_.answers_dropped},
                        {"malformed", stats_.malformed},
                        {"turns", stats_.turns},
                        {"turn_seconds", summary_of(stats_.turn_seconds)},
                        {"commit_seconds", summary_of(stats_.commit_seconds)}};
    result["journal"] = {{"first_chunk", log.first_chunk},
                         {"open_chunk", log.open_chunk},
                         {"bytes", log.bytes},
                         {"ready_segments", log.ready_segments},
                         {"batch", log.batch},
                         {"frames", log.frames},
                         {"syncs", log.syncs},
                         {"appended_bytes", log.appended_bytes},
                         {"quarantined_bytes", log.quarantined_bytes},
                         {"body_reads_cold", log.body_reads_cold},
                         {"may_grow", journal_.may_grow()}};
    return result;
}

OpsResult Ops::node_drain(const Json& arguments, Now) {
    core_.engine().set_draining(arguments["on"].get<bool>());
    return Json{{"draining", core_.engine().draining()}};
}

}  // namespace esteira::broker
