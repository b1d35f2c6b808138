#include "workers/runtime/exchange.hpp"

#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/check.hpp"

namespace esteira::runtime {

Exchange::Exchange() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_fd_ < 0) {
        throw std::system_error(errno, std::system_category(), "eventfd");
    }
}

Exchange::~Exchange() { close(wake_fd_); }

void Exchange::give(Batch batch) {
    const std::scoped_lock lock(mutex_);
    ESTEIRA_CHECK(!batch_.has_value() && !stopped_);
    batch_ = std::move(batch);
    changed_.notify_one();
}

std::vector<Report> Exchange::take_reports() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t bytes = read(wake_fd_, &count, sizeof(count));
    const std::scoped_lock lock(mutex_);
    return std::exchange(reports_, {});
}

std::optional<Batch> Exchange::stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    changed_.notify_one();
    return std::exchange(batch_, std::nullopt);
}

std::optional<Batch> Exchange::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return batch_.has_value() || stopped_; });
    return std::exchange(batch_, std::nullopt);
}

void Exchange::report(Report report) {
    const std::scoped_lock lock(mutex_);
    reports_.push_back(std::move(report));
    const std::uint64_t one = 1;
    ESTEIRA_CHECK(write(wake_fd_, &one, sizeof(one)) == sizeof(one));
}

bool Exchange::pause(Millis duration) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, duration, [this] { return stopped_; });
}

}  // namespace esteira::runtime
