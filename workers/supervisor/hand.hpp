#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

namespace esteira::supervisor {

// What became of an attempt to start a worker.
struct Start {
    enum class Result {
        started,
        held,     // A worker of an earlier supervisor has not ended yet under this name.
        refused,  // It cannot be started, and trying again at once would not help.
    };
    Result result = Result::refused;
    pid_t pid = 0;
    std::string why{};
};

// What a pool needs of the operating system. No decisions.
class Hand {
public:
    virtual ~Hand() = default;

    // One process of a kind, a worker of that pool for one, under a name that no other of this
    // folder has.
    virtual Start start(const std::string& kind, const std::string& name) = 0;
    // To a worker that was started and has not been reaped.
    virtual void signal(pid_t pid, int number) = 0;
    // The worker of that name has ended and was meant to: nothing is to be seen of it any more.
    virtual void forget(const std::string& name) = 0;
};

}  // namespace esteira::supervisor
