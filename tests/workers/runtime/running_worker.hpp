#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/support/broker_process.hpp"
#include "workers/runtime/worker.hpp"

namespace esteira::runtime {

// An event of another thread that a test waits for, for a minute at most.
class Event {
public:
    void happen() { semaphore_.release(); }
    bool wait() { return semaphore_.try_acquire_for(std::chrono::minutes(1)); }

private:
    std::counting_semaphore<> semaphore_{0};
};

// Does what the test says, and remembers the bodies in their order.
class ScriptedHandler final : public Handler {
public:
    using Step = std::function<std::vector<Outcome>(std::span<const Delivery>)>;

    explicit ScriptedHandler(Step step =
                                 [](std::span<const Delivery> batch) {
                                     return std::vector<Outcome>(batch.size());
                                 })
        : step_(std::move(step)) {}

    void start() override {
        if (on_start) {
            on_start();
        }
    }
    std::vector<Outcome> handle(std::span<const Delivery> batch) override {
        std::vector<Outcome> outcomes = step_(batch);
        const std::scoped_lock lock(mutex_);
        for (const Delivery& delivery : batch) {
            seen_.emplace_back(delivery.body);
        }
        return outcomes;
    }
    std::vector<std::string> seen() const {
        const std::scoped_lock lock(mutex_);
        return seen_;
    }

    std::function<void()> on_start;

private:
    Step step_;
    mutable std::mutex mutex_;
    std::vector<std::string> seen_;
};

// A worker on a thread of its own.
class RunningWorker {
public:
    RunningWorker(Options options, Handler& handler)
        : stop_fd_(eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE)) {
        thread_ = std::thread([this, options = std::move(options), &handler] {
            worker_ = std::make_unique<Worker>(options, handler, stop_fd_);
            ending_ = worker_->run();
            ended_.happen();
        });
    }
    ~RunningWorker() {
        if (thread_.joinable()) {
            ask_to_stop();
            thread_.join();
        }
        worker_.reset();
        close(stop_fd_);
    }

    void ask_to_stop() const { ASSERT_EQ(eventfd_write(stop_fd_, 1), 0); }
    // How it ended, once it has; the handler may still be at work.
    Ending wait() {
        EXPECT_TRUE(ended_.wait());
        thread_.join();
        return ending_;
    }
    Ending stop() {
        ask_to_stop();
        return wait();
    }
    const Stats& stats() const { return worker_->stats(); }

private:
    int stop_fd_;
    std::unique_ptr<Worker> worker_;
    Ending ending_ = Ending::stopped;
    Event ended_;
    std::thread thread_;
};

inline Options options_for(const support::BrokerProcess& broker) {
    Options options;
    options.endpoint = broker.endpoint();
    options.name = "worker-test";
    options.pool = "test";
    options.queue = "stock";
    return options;
}

}  // namespace esteira::runtime
