#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "workers/supervisor/maintenance.hpp"
#include "workers/supervisor/pool.hpp"
#include "workers/supervisor/processes.hpp"
#include "workers/supervisor/talk.hpp"

namespace esteira::supervisor {

// Who speaks to the broker: the same after a restart, so that it gets its pools back at once.
struct Identity {
    std::string name;
    std::string host;
};

// All pools of a var folder: asks the broker what they need, acts, tells what became of it. While
// the broker is away, the pools stay as they are. Beside them, the upkeep of the database.
class Supervisor {
public:
    static constexpr Millis kReportEvery{1'000};
    static constexpr Millis kReportSoon{100};  // When something has changed.
    static constexpr Millis kLeaveMax{500};

    // `signal_fd` is a signalfd of SIGTERM, SIGINT and SIGCHLD, which are blocked. All outlive
    // this.
    Supervisor(Identity identity, std::vector<PoolSettings> pools,
               std::optional<Maintenance> maintenance, Processes& processes, Talk& talk,
               int signal_fd);

    enum class Ending { drained, interrupted };
    // Returns after SIGTERM or SIGINT, when all workers have ended.
    Ending run(Clock& clock);

private:
    void take_signals(Time now);
    void reap(Time now);
    void hear(Time now);
    void obey(const Json& answer, Time now);
    void report(Time now, bool leaving);
    void leave(Clock& clock);
    Time next_due() const;
    bool all_ended() const;

    Identity identity_;
    std::vector<Pool> pools_;
    std::optional<Maintenance> maintenance_;
    Processes& processes_;
    Talk& talk_;
    int signal_fd_;
    int stops_ = 0;
    bool changed_ = false;
    bool there_ = false;
    Time last_report_{};
};

}  // namespace esteira::supervisor
