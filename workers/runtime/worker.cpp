#include "workers/runtime/worker.hpp"

namespace esteira::runtime {

Worker::Worker(const Options& options, Handler& handler, int stop_fd)
    : conversation_(options, exchange_, stop_fd, stats_),
      handler_(handler),
      pauses_(options.probe_least, options.probe_most) {}

Worker::~Worker() {
    exchange_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Ending Worker::run() {
    thread_ = std::thread([this] { work(handler_, exchange_, pauses_); });
    return conversation_.run();
}

}  // namespace esteira::runtime
