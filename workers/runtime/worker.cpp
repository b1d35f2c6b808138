#include "workers/runtime/worker.hpp"

#include <utility>

namespace esteira::runtime {

Worker::Worker(Options options, Handler& handler, int stop_fd)
    : conversation_(std::move(options), exchange_, stop_fd, stats_), handler_(handler) {}

Worker::~Worker() {
    exchange_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Ending Worker::run() {
    thread_ = std::thread([this] { work(handler_, exchange_); });
    return conversation_.run();
}

}  // namespace esteira::runtime
