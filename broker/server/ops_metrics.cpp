// What the broker tells Prometheus. Names are promises: dashboards and alerts rely on them.
#include <algorithm>
#include <map>
#include <vector>

#include "broker/server/ops.hpp"
#include "common/metrics/text_writer.hpp"

namespace esteira::broker {

namespace {

using engine::Total;
using metrics::Kind;
using metrics::TextWriter;

// What is read of a queue, once for all families.
struct Reading {
    const engine::Queue* queue = nullptr;
    engine::Counts counts;
    double oldest_age_seconds = 0;
    std::uint64_t waiters = 0;

    std::uint64_t total(Total t) const { return queue->totals()[static_cast<std::size_t>(t)]; }
};

struct TotalFamily {
    std::string_view name;
    std::string_view help;
    Total total;
};
constexpr TotalFamily kTotals[] = {
    {"esteira_queue_sent_total", "Messages that were sent to the queue.", Total::sent},
    {"esteira_queue_received_total", "Deliveries to receivers.", Total::received},
    {"esteira_queue_deleted_total", "Messages that were done.", Total::deleted},
    {"esteira_queue_dead_lettered_total", "Messages moved to the dead-letter queue.",
     Total::buried},
    {"esteira_queue_moved_in_total", "Messages buried or redriven into the queue.",
     Total::moved_in},
    {"esteira_queue_redriven_total", "Messages redriven out of the queue.", Total::redriven},
    {"esteira_queue_expired_total", "Messages that outlived the retention.", Total::expired},
    {"esteira_queue_damaged_total", "Messages whose body could not be read.", Total::damaged},
    {"esteira_queue_purged_total", "Messages removed by a purge.", Total::purged},
};

struct Redelivery {
    std::string_view reason;
    Total total;
};
constexpr Redelivery kRedeliveries[] = {
    {"timeout", Total::timed_out},       {"nack", Total::retried},  {"drain", Total::handed_back},
    {"worker_dead", Total::worker_dead}, {"crash", Total::crashed},
};

void write_queues(TextWriter& out, const std::vector<Reading>& readings) {
    out.family("esteira_queue_messages", Kind::gauge, "Messages in the queue, by state.");
    for (const Reading& r : readings) {
        const std::string& queue = r.queue->name();
        out.sample({{"queue", queue}, {"state", "visible"}}, r.counts.visible);
        out.sample({{"queue", queue}, {"state", "inflight"}}, r.counts.in_flight);
        out.sample({{"queue", queue}, {"state", "delayed"}}, r.counts.delayed);
    }
    out.family("esteira_queue_oldest_message_age_seconds", Kind::gauge,
               "Age of the oldest message that waits; 0 when none does.");
    for (const Reading& r : readings) {
        out.sample({{"queue", r.queue->name()}}, r.oldest_age_seconds);
    }
    out.family("esteira_queue_bytes", Kind::gauge, "Bytes of records in the queue.");
    for (const Reading& r : readings) {
        out.sample({{"queue", r.queue->name()}}, r.queue->bytes());
    }
    out.family("esteira_queue_waiters", Kind::gauge, "Receivers that wait for a message.");
    for (const Reading& r : readings) {
        out.sample({{"queue", r.queue->name()}}, r.waiters);
    }
    out.family("esteira_queue_paused", Kind::gauge, "1 while sends are refused, or receives wait.");
    for (const Reading& r : readings) {
        const engine::Settings& settings = r.queue->settings();
        out.sample({{"queue", r.queue->name()}, {"what", "sends"}},
                   std::uint64_t{settings.sends_paused});
        out.sample({{"queue", r.queue->name()}, {"what", "receives"}},
                   std::uint64_t{settings.receives_paused});
    }
    for (const TotalFamily& family : kTotals) {
        out.family(family.name, Kind::counter, family.help);
        for (const Reading& r : readings) {
            out.sample({{"queue", r.queue->name()}}, r.total(family.total));
        }
    }
    out.family("esteira_queue_dedup_hits_total", Kind::counter,
               "Sends that repeated a deduplication id, since the broker has started.");
    for (const Reading& r : readings) {
        out.sample({{"queue", r.queue->name()}}, r.queue->dedup_hits());
    }
    out.family("esteira_queue_redelivered_total", Kind::counter,
               "Messages that became visible again, by reason.");
    for (const Reading& r : readings) {
        for (const Redelivery& redelivery : kRedeliveries) {
            out.sample({{"queue", r.queue->name()}, {"reason", redelivery.reason}},
                       r.total(redelivery.total));
        }
    }
}

void write_journal(TextWriter& out, const journal::Journal& journal) {
    const journal::Stats log = journal.stats();
    out.gauge("esteira_journal_bytes", "Bytes of the log that are still needed.", log.bytes);
    out.gauge("esteira_journal_segments", "Segments of the log.",
              log.open_chunk < log.first_chunk ? 0 : log.open_chunk - log.first_chunk + 1);
    out.gauge("esteira_journal_ready_segments", "Segments set aside and not begun.",
              log.ready_segments);
    out.gauge("esteira_journal_accepts_sends", "1 while there is disk space for sends.",
              journal.may_grow() ? 1 : 0);
    out.gauge("esteira_journal_quarantined_bytes", "Bytes that this start has cut off.",
              log.quarantined_bytes);
    out.counter("esteira_journal_frames_total", "Frames written by this process.", log.frames);
    out.counter("esteira_journal_syncs_total", "Syncs of the log.", log.syncs);
    out.counter("esteira_journal_appended_bytes_total", "Bytes appended to the log.",
                log.appended_bytes);
    out.counter("esteira_journal_cold_reads_total", "Bodies that were read from the disk.",
                log.body_reads_cold);
}

void write_server(TextWriter& out, const ServerStats& stats) {
    out.gauge("esteira_connections", "Peers that are known.", stats.connections);
    out.counter("esteira_requests_total", "Requests taken.", stats.requests);
    out.counter("esteira_answers_total", "Answers sent.", stats.answers);
    out.counter("esteira_answers_dropped_total", "Answers to peers that were full or gone.",
                stats.answers_dropped);
    out.counter("esteira_malformed_total", "Frames that were no requests.", stats.malformed);
    out.counter("esteira_turns_total", "Turns of the broker's one thread.", stats.turns);
    out.histogram("esteira_turn_seconds", "From taking the first request to the last answer.",
                  stats.turn_seconds);
    out.histogram("esteira_journal_commit_seconds",
                  "From the last decision to all of it being durable.", stats.commit_seconds);
    out.histogram("esteira_turn_requests", "Requests that shared a turn.", stats.turn_requests);
}

void write_sessions(TextWriter& out, const engine::Engine& engine) {
    std::map<std::string, std::uint64_t> online;
    engine.sessions().for_each([&](const engine::Session& session) {
        if (session.worker) {
            ++online[session.worker->pool];
        }
    });
    out.family("esteira_worker_online", Kind::gauge, "Workers that beat, by pool.");
    for (const auto& [pool, count] : online) {
        out.sample({{"pool", pool}}, count);
    }
    out.family("esteira_pool_workers_wanted", Kind::gauge, "Workers that the pool should have.");
    for (const auto& [pool, wanted] : engine.pools_wanted()) {
        out.sample({{"pool", pool}}, std::uint64_t{wanted});
    }
    out.family("esteira_move_tasks_running", Kind::gauge, "Redrives and drops that run.");
    out.sample({}, std::uint64_t{engine.moves().active_count()});
}

}  // namespace

void Ops::write_pools(TextWriter& out, Now now) const {
    struct Family {
        const char* name;
        const char* help;
        Kind kind;
        const char* told;
    };
    constexpr Family kFamilies[] = {
        {"esteira_pool_workers_running", "Workers that the pool's supervisor runs.", Kind::gauge,
         "running"},
        {"esteira_pool_workers_planned", "Workers that the supervisor would have.", Kind::gauge,
         "wanted"},
        {"esteira_pool_restarts_total", "Workers that ended unasked, since the supervisor's start.",
         Kind::counter, "restarts"},
    };
    for (const Family& family : kFamilies) {
        out.family(family.name, family.kind, family.help);
        for (const auto& [pool, report] : pools_) {
            if (is_fresh(report, now)) {
                out.sample({{"pool", pool}}, report.told[family.told].get<std::uint64_t>());
            }
        }
    }
}

OpsResult Ops::metrics(const Json&, Now now) {
    engine::Engine& engine = core_.engine();
    std::vector<Reading> readings;
    for (const auto& [name, number] : engine.queue_names()) {
        if (readings.size() == kSeriesQueuesMax) {
            break;
        }
        engine::Queue& queue = *engine.find_queue(name);
        queue.advance(now.broker);
        Reading reading{&queue, queue.counts(now.broker), 0, engine.waiter_count(number)};
        if (const auto oldest = queue.oldest_sent_at()) {
            const auto age = std::max(Millis{0}, now.wall - *oldest);
            reading.oldest_age_seconds = static_cast<double>(age.count()) / 1000;
        }
        readings.push_back(reading);
    }
    TextWriter out;
    out.family("esteira_build_info", Kind::gauge, "Constant 1; the version is a label.");
    out.sample({{"version", ESTEIRA_VERSION}}, std::uint64_t{1});
    out.family("esteira_uptime_seconds", Kind::gauge, "Since this process began to serve.");
    out.sample({}, static_cast<double>((now.broker - started_).count()) / 1000);
    out.gauge("esteira_draining", "1 while sends are refused on request.", engine.draining());
    out.gauge("esteira_queues", "Queues.", engine.queue_names().size());
    out.gauge("esteira_queues_without_series", "Queues beyond those with metrics of their own.",
              engine.queue_names().size() - readings.size());
    out.gauge("esteira_live_bytes", "Bytes of records of all queues.", engine.live_bytes());
    out.gauge("esteira_sessions", "Client sessions that are remembered.", engine.sessions().size());
    out.gauge("esteira_waiters", "Receivers that wait, of all queues.", engine.waiter_count());
    out.counter("esteira_empty_receives_total", "Receives that waited and got nothing.",
                engine.empty_receives());
    write_queues(out, readings);
    write_topics(out);
    write_sessions(out, engine);
    write_pools(out, now);
    write_journal(out, journal_);
    write_server(out, stats_);
    return Json{{"text", out.text()}};
}

}  // namespace esteira::broker
