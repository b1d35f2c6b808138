#include "workers/supervisor/supervisor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <sys/signalfd.h>
#include <unistd.h>

#include "common/logging/logging.hpp"

namespace esteira::supervisor {

namespace {

Json told_of(const Pool& pool) {
    const Pool::Told told = pool.told();
    const PoolSettings& settings = pool.settings();
    return {{"pool", settings.name},
            {"queue", settings.queue},
            {"state", std::string(told.state)},
            {"acts_on", told.fixed ? std::to_string(*told.fixed) : "auto"},
            {"min", settings.policy.workers_min},
            {"max", settings.policy.workers_max},
            {"wanted", told.wanted},
            {"running", told.running},
            {"stopping", told.stopping},
            {"waiting", told.waiting},
            {"restarts", told.restarts}};
}

std::vector<pid_t> pids_of(const Json& array) {
    std::vector<pid_t> pids;
    for (const Json& pid : array) {
        pids.push_back(pid.get<pid_t>());
    }
    return pids;
}

Orders orders_of(const Json& row) {
    Orders orders;
    orders.granted = row.at("granted").get<bool>();
    if (!orders.granted) {
        orders.by = row.at("by").get<std::string>();
        return orders;
    }
    if (!row.at("wanted").is_null()) {
        orders.wanted = row["wanted"].get<std::uint32_t>();
    }
    orders.visible = row.at("visible").get<std::uint64_t>();
    orders.in_flight = row.at("in_flight").get<std::uint64_t>();
    orders.handled = row.at("handled").get<std::uint64_t>();
    orders.online = pids_of(row.at("online"));
    orders.drain = pids_of(row.at("drain"));
    return orders;
}

}  // namespace

Supervisor::Supervisor(Identity identity, std::vector<PoolSettings> pools,
                       std::optional<Maintenance> maintenance, Processes& processes, Talk& talk,
                       int signal_fd)
    : identity_(std::move(identity)),
      maintenance_(std::move(maintenance)),
      processes_(processes),
      talk_(talk),
      signal_fd_(signal_fd) {
    for (PoolSettings& settings : pools) {
        pools_.emplace_back(std::move(settings));
    }
}

Supervisor::Ending Supervisor::run(Clock& clock) {
    Time now = clock.now().broker;
    last_report_ = now - kReportEvery;
    while (true) {
        take_signals(now);
        processes_.end_leftovers(now);
        hear(now);
        for (Pool& pool : pools_) {
            pool.act(now, processes_);
        }
        if (maintenance_) {
            maintenance_->act(now, processes_);
        }
        if (stops_ > 0 && all_ended()) {
            break;
        }
        if (!talk_.busy() && now >= last_report_ + (changed_ ? kReportSoon : kReportEvery)) {
            report(now, false);
            hear(now);
        }
        std::vector<int> fds = processes_.leftover_fds();
        fds.push_back(signal_fd_);
        talk_.wait(std::max(Millis{0}, next_due() - now), fds);
        now = clock.now().broker;
    }
    leave(clock);
    return stops_ > 1 ? Ending::interrupted : Ending::drained;
}

bool Supervisor::all_ended() const {
    return processes_.leftover_fds().empty() && !(maintenance_ && maintenance_->running()) &&
           std::all_of(pools_.begin(), pools_.end(), [](const Pool& pool) { return pool.empty(); });
}

// Reports are due all the time, so this is never far away.
Time Supervisor::next_due() const {
    Time due = talk_.busy() ? last_report_ + Talk::kPatience + Millis{1}
                            : last_report_ + (changed_ ? kReportSoon : kReportEvery);
    due = std::min({due, processes_.leftovers_due()});
    for (const Pool& pool : pools_) {
        due = std::min(due, pool.next_due());
    }
    if (maintenance_) {
        due = std::min(due, maintenance_->next_due());
    }
    return due;
}

void Supervisor::take_signals(Time now) {
    signalfd_siginfo signal{};
    bool children = false;
    while (read(signal_fd_, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
        if (signal.ssi_signo == SIGCHLD) {
            children = true;
            continue;
        }
        ++stops_;
        changed_ = true;
        logging::info("stop_asked", {{"times", stops_}});
        for (Pool& pool : pools_) {
            stops_ > 1 ? pool.stop_at_once(now, processes_) : pool.stop(now, processes_);
        }
        if (maintenance_) {
            maintenance_->stop(processes_);
        }
    }
    if (children) {
        reap(now);
    }
}

void Supervisor::reap(Time now) {
    for (const Processes::Ended& ended : processes_.reap()) {
        if (maintenance_ && maintenance_->ended(ended.pid, ended.status, now, processes_)) {
            continue;
        }
        changed_ = true;
        for (Pool& pool : pools_) {
            if (pool.ended(ended.pid, ended.status, now, processes_)) {
                break;
            }
        }
    }
}

void Supervisor::report(Time now, bool leaving) {
    Json pools = Json::array();
    for (const Pool& pool : pools_) {
        pools.push_back(told_of(pool));
    }
    talk_.ask("worker.report",
              {{"supervisor", identity_.name},
               {"host", identity_.host},
               {"pid", static_cast<std::uint32_t>(getpid())},
               {"pools", std::move(pools)},
               {"leaving", leaving}},
              now);
    last_report_ = now;
    changed_ = false;
}

void Supervisor::hear(Time now) {
    const bool was_busy = talk_.busy();
    const auto answer = talk_.answer(now);
    if (was_busy && !talk_.busy() && there_ != talk_.broker_there()) {
        there_ = talk_.broker_there();
        there_ ? logging::info("broker_there") : logging::warning("broker_away");
    }
    if (!answer) {
        return;
    }
    try {
        obey(*answer, now);
    } catch (const Json::exception& error) {
        logging::error("orders_unreadable", {{"reason", error.what()}});
    }
}

void Supervisor::obey(const Json& answer, Time now) {
    for (const Json& row : answer.at("pools")) {
        const Orders orders = orders_of(row);
        for (Pool& pool : pools_) {
            if (pool.settings().name != row.at("pool").get_ref<const std::string&>()) {
                continue;
            }
            const auto before = pool.told();
            pool.hear(orders, now);
            changed_ = changed_ || pool.told().wanted != before.wanted ||
                       pool.told().state != before.state;
        }
    }
}

// So that nobody takes the pools for supervised, and another supervisor may have them.
void Supervisor::leave(Clock& clock) {
    const Time until = clock.now().broker + kLeaveMax;
    bool asked = false;
    for (Time now = clock.now().broker; now < until; now = clock.now().broker) {
        talk_.answer(now);
        if (asked && !talk_.busy()) {
            return;
        }
        if (!asked && !talk_.busy()) {
            report(now, true);
            asked = true;
            continue;
        }
        talk_.wait(until - now, {});
    }
}

}  // namespace esteira::supervisor
