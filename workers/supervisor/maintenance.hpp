#pragma once

#include <filesystem>

#include <sys/types.h>

#include "common/base/clock.hpp"
#include "workers/supervisor/hand.hpp"

namespace esteira::supervisor {

// The regular `esteira-db maintain`. When it was last done is the time of change of a file, so that
// neither a restart of the supervisor nor of the machine does it again or forgets it.
class Maintenance {
public:
    static constexpr Millis kAgain{600'000};  // After one that failed.
    // Of its launch, and of its pid file and log.
    static constexpr const char* kName = "db-maintain";

    // `done`: the file. `every`: how much later it is due again.
    Maintenance(std::filesystem::path done, Millis every, Time now);

    // Starts it when it is due.
    void act(Time now, Hand& hand);
    // A process has ended with what waitpid() says. False: it is not this one.
    bool ended(pid_t pid, int status, Time now, Hand& hand);
    // Nothing is started any more; what runs is asked to stop, and loses nothing by it.
    void stop(Hand& hand);

    bool running() const { return pid_ != 0; }
    Time next_due() const { return running() || stopped_ ? Time::max() : due_; }

private:
    std::filesystem::path done_;
    Millis every_;
    Time due_{};
    pid_t pid_ = 0;
    bool stopped_ = false;
};

}  // namespace esteira::supervisor
