#pragma once

#include <memory>
#include <string>

#include "tests/integration/stock_line/farm.hpp"

namespace esteira::stock_line {

// The workers as they are run: by a supervisor, which is killed like everything else.
class Pool {
public:
    // So many workers, which take so many messages at a time. The farm must outlive it.
    Pool(Farm& farm, std::size_t workers, std::size_t batch);
    ~Pool();  // Supervisor and workers are gone afterwards.

    // SIGKILL; its workers end when they have finished what they began.
    void kill_supervisor();
    void start_supervisor();
    // The n-th of those that run, if any does.
    void kill_worker(std::size_t number) const;
    void kill_workers() const;
    // Workers that run, whoever started them, and those that the broker hears of.
    std::size_t running() const;
    std::size_t online() const;

private:
    Farm& farm_;
    support::ChildOptions command_line_;
    std::string var_;
    std::unique_ptr<support::ChildProcess> supervisor_;
};

}  // namespace esteira::stock_line
