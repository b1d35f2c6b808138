// Workers and their pools. The broker knows who said hello and which sizes operators want; a
// supervisor asks for both, acts, and tells what became of it.
#include <algorithm>
#include <charconv>
#include <optional>

#include "broker/server/ops.hpp"

namespace esteira::broker {

namespace {

constexpr const char* kTexts[] = {"pool", "queue", "state", "acts_on"};
constexpr const char* kNumbers[] = {"min",      "max",     "wanted",  "running",
                                    "stopping", "waiting", "restarts"};

std::optional<OpsRefusal> fault_in(const Json& pool) {
    const auto bad = [](const std::string& what) {
        return OpsRefusal{"bad_request", "worker.report: " + what};
    };
    if (!pool.is_object()) {
        return bad("a pool is an object");
    }
    for (const char* name : kTexts) {
        if (!pool.contains(name) || !pool[name].is_string()) {
            return bad(std::string(name) + " must be text");
        }
        const auto size = pool[name].get_ref<const std::string&>().size();
        if (size == 0 || size > limits::kNameBytesMax) {
            return bad(std::string(name) + " must have 1 to 128 bytes");
        }
    }
    for (const char* name : kNumbers) {
        if (!pool.contains(name) || !pool[name].is_number_unsigned()) {
            return bad(std::string(name) + " must be a whole number, not negative");
        }
    }
    return std::nullopt;
}

// Nothing: auto.
Result<std::optional<std::uint32_t>, OpsRefusal> size_of(const std::string& text) {
    if (text == "auto") {
        return std::optional<std::uint32_t>{};
    }
    std::uint32_t size = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, size);
    if (error != std::errc{} || rest != end || size > limits::kPoolWorkersMax) {
        return OpsRefusal{"bad_request", "worker.scale: size must be auto or a number from 0 to " +
                                             std::to_string(limits::kPoolWorkersMax)};
    }
    return std::optional(size);
}

// Sessions that hold messages under a lease that still runs.
std::set<std::uint64_t> busy_sessions(engine::Engine& engine, Now now) {
    std::set<std::uint64_t> busy;
    for (const auto& [name, number] : engine.queue_names()) {
        engine.find_queue(name)->leases().for_each([&](const engine::Lease& lease, std::size_t i) {
            if (lease.visible_at > now.broker && lease.held[i].receipt_open) {
                busy.insert(lease.session);
            }
        });
    }
    return busy;
}

}  // namespace

bool Ops::is_fresh(const PoolReport& report, Now now) const {
    return now.broker - report.seen <= limits::kWorkerSilentMax;
}

bool Ops::is_known(const std::string& pool) const {
    if (pools_.contains(pool) || core_.engine().pools_wanted().contains(pool)) {
        return true;
    }
    bool found = false;
    core_.engine().sessions().for_each([&](const engine::Session& session) {
        found = found || (session.worker && session.worker->pool == pool);
    });
    return found;
}

// A worker that has left needs no draining; numbers of sessions never come again.
void Ops::forget_drained() {
    std::set<std::uint64_t> still_there;
    core_.engine().sessions().for_each([&](const engine::Session& session) {
        if (session.worker && draining_.contains(session.number)) {
            still_there.insert(session.number);
        }
    });
    draining_ = std::move(still_there);
}

Json Ops::describe_pools(Now now) {
    const auto& wanted = core_.engine().pools_wanted();
    const std::set<std::uint64_t> busy = busy_sessions(core_.engine(), now);
    struct Count {
        std::uint64_t online = 0;
        std::uint64_t busy = 0;
        std::uint64_t draining = 0;
    };
    std::map<std::string, Count> counts;
    core_.engine().sessions().for_each([&](const engine::Session& session) {
        if (session.worker) {
            Count& count = counts[session.worker->pool];
            ++count.online;
            count.busy += busy.contains(session.number) ? 1U : 0U;
            count.draining += draining_.contains(session.number) ? 1U : 0U;
        }
    });
    for (const auto& [pool, workers] : wanted) {
        counts.try_emplace(pool);
    }
    for (const auto& [pool, report] : pools_) {
        counts.try_emplace(pool);
    }
    Json pools = Json::array();
    for (const auto& [pool, count] : counts) {
        Json row{{"pool", pool},         {"mode", wanted.contains(pool) ? "fixed" : "auto"},
                 {"wanted", nullptr},    {"online", count.online},
                 {"busy", count.busy},   {"state", "unsupervised"},
                 {"supervisor", nullptr}};
        const auto report = pools_.find(pool);
        if (report != pools_.end() && is_fresh(report->second, now)) {
            row.update(report->second.told);
            row["supervisor"] = {{"host", report->second.host},
                                 {"pid", report->second.pid},
                                 {"seen_ms", (now.broker - report->second.seen).count()}};
        }
        const auto size = wanted.find(pool);
        const std::string size_wanted =
            size == wanted.end() ? "auto" : std::to_string(size->second);
        if (size != wanted.end()) {
            row["wanted"] = size->second;
        }
        // What the supervisor has not heard of yet is still to come.
        const bool heard = row.value("acts_on", "") == size_wanted && count.draining == 0;
        if (row["state"] == "steady" && !heard) {
            row["state"] = "changing";
        }
        row.erase("acts_on");
        pools.push_back(std::move(row));
    }
    return pools;
}

OpsResult Ops::worker_ls(const Json&, Now now) {
    forget_drained();
    const std::set<std::uint64_t> busy = busy_sessions(core_.engine(), now);
    Json workers = Json::array();
    core_.engine().sessions().for_each([&](const engine::Session& session) {
        if (!session.worker) {
            return;
        }
        const engine::Worker& worker = *session.worker;
        workers.push_back({{"pool", worker.pool},
                           {"name", worker.name},
                           {"host", worker.host},
                           {"pid", worker.pid},
                           {"online_ms", (now.broker - worker.joined_at).count()},
                           {"silent_ms", (now.broker - session.last_seen).count()},
                           {"busy", busy.contains(session.number)},
                           {"draining", draining_.contains(session.number)}});
    });
    return Json{{"workers", std::move(workers)}, {"pools", describe_pools(now)}};
}

OpsResult Ops::worker_pools(const Json&, Now now) { return Json{{"pools", describe_pools(now)}}; }

OpsResult Ops::worker_scale(const Json& arguments, Now now) {
    const std::string pool = arguments["pool"];
    const auto size = size_of(arguments["size"]);
    if (!size) {
        return size.error();
    }
    if (!is_known(pool)) {
        return OpsRefusal{"no_such_pool", "there is no pool " + pool};
    }
    core_.engine().set_pool_wanted(pool, size.value(), now);
    for (const Json& row : describe_pools(now)) {
        if (row["pool"] == pool) {
            return row;
        }
    }
    return Json{{"pool", pool}, {"mode", "auto"}};  // Known by its wanted size alone, until now.
}

// The supervisor on the worker's host hears of it with its next report.
OpsResult Ops::worker_drain(const Json& arguments, Now now) {
    const std::string target = arguments["target"];
    forget_drained();
    Json asked = Json::array();
    Json elsewhere = Json::array();
    core_.engine().sessions().for_each([&](const engine::Session& session) {
        if (!session.worker || (session.worker->pool != target && session.worker->name != target)) {
            return;
        }
        const auto report = pools_.find(session.worker->pool);
        const bool supervised = report != pools_.end() && is_fresh(report->second, now) &&
                                report->second.host == session.worker->host;
        if (supervised) {
            draining_.insert(session.number);
        }
        (supervised ? asked : elsewhere).push_back(session.worker->name);
    });
    if (asked.empty() && elsewhere.empty()) {
        return OpsRefusal{"no_such_worker", "there is no worker or pool with workers " + target};
    }
    if (asked.empty()) {
        return OpsRefusal{"conflict", "no supervisor runs " + target +
                                          "; send its processes a SIGTERM where they run"};
    }
    return Json{{"target", target}, {"draining", asked}, {"elsewhere", elsewhere}};
}

// What the supervisor of a pool has to know: the size that is wanted, who is to go, what is to do.
Json Ops::orders_for(const std::string& pool, const std::string& queue, const std::string& host,
                     Now now) {
    Json orders{{"pool", pool}, {"granted", true}, {"wanted", nullptr},
                {"visible", 0}, {"in_flight", 0},  {"handled", 0}};
    const auto& wanted = core_.engine().pools_wanted();
    if (const auto size = wanted.find(pool); size != wanted.end()) {
        orders["wanted"] = size->second;
    }
    if (engine::Queue* found = core_.engine().find_queue(queue); found != nullptr) {
        found->advance(now.broker);
        const engine::Counts counts = found->counts(now.broker);
        const auto total = [&](engine::Total t) {
            return found->totals()[static_cast<std::size_t>(t)];
        };
        orders["visible"] = counts.visible;
        orders["in_flight"] = counts.in_flight;
        orders["handled"] = total(engine::Total::deleted) + total(engine::Total::retried) +
                            total(engine::Total::buried);
    }
    Json online = Json::array();
    Json drain = Json::array();
    core_.engine().sessions().for_each([&](const engine::Session& session) {
        if (!session.worker || session.worker->pool != pool || session.worker->host != host) {
            return;
        }
        online.push_back(session.worker->pid);
        if (draining_.contains(session.number)) {
            drain.push_back(session.worker->pid);
        }
    });
    orders["online"] = std::move(online);
    orders["drain"] = std::move(drain);
    return orders;
}

// A pool has one supervisor: who says that it is another one is refused while the first is heard
// of, so that two folders with one broker do not make two pools of one.
OpsResult Ops::worker_report(const Json& arguments, Now now) {
    const std::string supervisor = arguments["supervisor"];
    const std::string host = arguments["host"];
    for (const Json& pool : arguments["pools"]) {
        if (auto fault = fault_in(pool)) {
            return std::move(*fault);
        }
    }
    if (arguments["leaving"].get<bool>()) {
        std::erase_if(pools_, [&](const auto& p) { return p.second.supervisor == supervisor; });
        return Json{{"pools", Json::array()}};
    }
    forget_drained();
    Json orders = Json::array();
    for (const Json& pool : arguments["pools"]) {
        const std::string name = pool["pool"];
        const auto known = pools_.find(name);
        if (known == pools_.end() && pools_.size() == limits::kPoolsMax) {
            return OpsRefusal{"too_large", "there are too many pools"};
        }
        if (known != pools_.end() && known->second.supervisor != supervisor &&
            is_fresh(known->second, now)) {
            orders.push_back(
                {{"pool", name}, {"granted", false}, {"by", known->second.supervisor}});
            continue;
        }
        PoolReport report{supervisor, host, arguments["pid"], now.broker, Json::object()};
        for (const char* text : kTexts) {
            report.told[text] = pool[text];
        }
        for (const char* number : kNumbers) {
            report.told[number] = pool[number];
        }
        pools_[name] = std::move(report);
        orders.push_back(orders_for(name, pool["queue"], host, now));
    }
    return Json{{"pools", std::move(orders)}};
}

}  // namespace esteira::broker
