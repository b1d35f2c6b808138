#include "broker/journal/local/preparer.hpp"

namespace esteira::journal {

Preparer::Preparer(LocalJournal& journal, Pauses pauses)
    : journal_(journal),
      pauses_(pauses),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Preparer::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        bool worked = false;
        try {
            worked = journal_.prepare_step();
        } catch (const DeviceFailed&) {
            return;  // The pool remembers it; the turn ends the process.
        }
        wake_.wait_for(lock, stop, worked ? pauses_.working : pauses_.idle, [] { return false; });
    }
}

}  // namespace esteira::journal
