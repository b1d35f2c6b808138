#pragma once

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "workers/supervisor/hand.hpp"

namespace esteira::supervisor {

constexpr int exited(int code) { return code << 8; }  // As waitpid() says it.

// Processes that only exist on paper.
class FakeHand final : public Hand {
public:
    Start start(const std::string&, const std::string& name) override {
        if (held.contains(name)) {
            return {Start::Result::held, 0, ""};
        }
        if (broken) {
            return {Start::Result::refused, 0, "no such program"};
        }
        EXPECT_FALSE(pid_of.contains(name)) << "two processes are called " << name;
        pid_of[name] = ++last_pid;
        return {Start::Result::started, last_pid, ""};
    }
    void signal(pid_t pid, int number) override { signals.emplace(pid, number); }
    void forget(const std::string& name) override { forgotten.insert(name); }

    std::map<std::string, pid_t> pid_of;
    std::multimap<pid_t, int> signals;
    std::set<std::string> forgotten;
    std::set<std::string> held;
    bool broken = false;
    pid_t last_pid = 100;
};

}  // namespace esteira::supervisor
