#include "workers/supervisor/maintenance.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <utility>

#include <sys/wait.h>

#include "common/logging/logging.hpp"

namespace esteira::supervisor {
namespace {

namespace fs = std::filesystem;

// Nothing if it was never done. A time to come, after the clock was set back, counts as now.
std::optional<Millis> age_of(const fs::path& file) {
    std::error_code missing;
    const auto changed = fs::last_write_time(file, missing);
    if (missing) {
        return std::nullopt;
    }
    const auto age = fs::file_time_type::clock::now() - changed;
    return std::max(Millis{0}, std::chrono::duration_cast<Millis>(age));
}

}  // namespace

Maintenance::Maintenance(fs::path done, Millis every, Time now)
    : done_(std::move(done)), every_(every) {
    const auto age = age_of(done_);
    due_ = age ? now + std::max(Millis{0}, every_ - *age) : now;
}

void Maintenance::act(Time now, Hand& hand) {
    if (now < next_due()) {
        return;
    }
    const Start start = hand.start(kName, kName);
    if (start.result != Start::Result::started) {
        // Held: that of a supervisor that was killed still ends.
        logging::warning("maintenance_not_started", {{"reason", start.why}});
        due_ = now + kAgain;
        return;
    }
    pid_ = start.pid;
    logging::info("maintenance_started", {{"pid", pid_}});
}

bool Maintenance::ended(pid_t pid, int status, Time now, Hand& hand) {
    if (!running() || pid != pid_) {
        return false;
    }
    pid_ = 0;
    hand.forget(kName);
    const bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    due_ = now + (done ? every_ : kAgain);
    if (done) {
        std::ofstream(done_, std::ios::trunc) << "\n";
        logging::info("maintenance_done");
    } else if (!stopped_) {
        logging::error("maintenance_failed", {{"status", status}, {"log", kName}});
    }
    return true;
}

void Maintenance::stop(Hand& hand) {
    stopped_ = true;
    if (running()) {
        hand.signal(pid_, SIGTERM);
    }
}

}  // namespace esteira::supervisor
