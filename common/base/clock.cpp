#include "common/base/clock.hpp"

#include <algorithm>

namespace esteira {

namespace {
WallTime wall_now() {
    return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}
}  // namespace

SystemClock::SystemClock(Now last) : steady_start_(std::chrono::steady_clock::now()) {
    // An empty journal has no last frame: broker time then starts at 1 h, so that it never meets
    // the zero that means "never".
    const bool fresh = last == Now{};
    const Millis passed = fresh ? Millis{0} : wall_now() - last.wall;
    const Millis counted = std::clamp(passed, Millis{0}, kCatchUpMax);
    clamped_ = counted != passed;
    start_ = fresh ? Time{kCatchUpMax} : last.broker + counted;
}

Now SystemClock::now() {
    const auto steady = std::chrono::steady_clock::now() - steady_start_;
    return {start_ + std::chrono::duration_cast<Millis>(steady), wall_now()};
}

}  // namespace esteira
