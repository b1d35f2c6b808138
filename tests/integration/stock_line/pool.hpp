#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/integration/stock_line/farm.hpp"

namespace esteira::stock_line {

// The workers as they are run: by a supervisor, which is killed like everything else.
class Pool {
public:
    // So many workers, which take so many messages at a time. The farm must outlive it.
    Pool(Farm& farm, std::size_t workers, std::size_t batch);
    ~Pool();  // Supervisor and workers are gone afterwards.

    // SIGKILL; its workers go on without it.
    void kill_supervisor();
    void start_supervisor();
    // By the notes of the supervisor: one that has ended since may be among them.
    std::vector<pid_t> workers() const;
    void kill_worker(std::size_t number) const;
    void kill_workers() const;
    // Workers that the broker hears of, whoever started them.
    std::size_t online() const;

private:
    Farm& farm_;
    support::ChildOptions command_line_;
    std::string var_;
    std::unique_ptr<support::ChildProcess> supervisor_;
};

}  // namespace esteira::stock_line
