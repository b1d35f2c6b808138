#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "workers/runtime/handling.hpp"

namespace esteira::runtime {

// What passes between the two threads of a worker: one batch at a time to the handler, reports back
// to the conversation, which is woken through a file descriptor because it waits for sockets.
class Exchange {
public:
    Exchange();
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // ------------------------------------------------------------- for the conversation's thread

    // Can be read when there are reports.
    int wake_fd() const { return wake_fd_; }
    // The handler has to have reported the one before.
    void give(Batch batch);
    std::vector<Report> take_reports();
    // What was given and not yet taken comes back; the handler's thread ends what it has begun, and
    // then itself.
    std::optional<Batch> stop();

    // ------------------------------------------------------------------ for the handler's thread

    // Waits for a batch; nothing: stopped.
    std::optional<Batch> take();
    void report(Report report);
    // False: stopped meanwhile.
    bool pause(Millis duration);

private:
    int wake_fd_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Batch> batch_;
    std::vector<Report> reports_;
    bool stopped_ = false;
};

}  // namespace esteira::runtime
