#pragma once

#include <thread>

#include "workers/runtime/conversation.hpp"
#include "workers/runtime/exchange.hpp"
#include "workers/runtime/handler.hpp"
#include "workers/runtime/stats.hpp"

namespace esteira::runtime {

// A whole worker: the conversation on the thread that calls run(), the handler on one of its own.
class Worker {
public:
    // See Conversation. `handler` and `stop_fd` outlive the worker.
    Worker(const Options& options, Handler& handler, int stop_fd);
    // Waits for the handler. After Ending::abandoned and interrupted it may be at work for ever:
    // then end the process instead.
    ~Worker();

    Ending run();  // Once.
    const Stats& stats() const { return stats_; }

private:
    Stats stats_;
    Exchange exchange_;
    Conversation conversation_;
    Handler& handler_;
    Backoff pauses_;
    std::thread thread_;
};

}  // namespace esteira::runtime
