#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "broker/journal/local/local_journal.hpp"

namespace esteira::journal {

// Runs prepare_step() beside the turn, slowly: at full speed it would halve the throughput of the
// log. When the device fails it ends, and the journal refuses its next call. Start it after
// replay(); it must end before the journal does.
class Preparer {
public:
    struct Pauses {
        std::chrono::milliseconds working{5};
        std::chrono::milliseconds idle{200};
    };

    explicit Preparer(LocalJournal& journal) : Preparer(journal, Pauses{}) {}
    Preparer(LocalJournal& journal, Pauses pauses);

private:
    void run(const std::stop_token& stop);

    LocalJournal& journal_;
    Pauses pauses_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // The last one: it uses the others.
};

}  // namespace esteira::journal
