#pragma once

#include <chrono>
#include <cstdint>

namespace esteira {

using Millis = std::chrono::milliseconds;

// Wall time: milliseconds since the Unix epoch. Timestamps that people see and retention use it.
using WallTime = std::chrono::sys_time<Millis>;

// Broker time: milliseconds that only grow, written into every frame of the journal. Deadlines,
// delays, deduplication and windows use it. It goes on where the journal's last frame stopped, so
// neither a step of the wall clock nor a reboot moves a deadline.
struct BrokerClock {
    using rep = std::int64_t;
    using period = std::milli;
    using duration = Millis;
    using time_point = std::chrono::time_point<BrokerClock>;
    static constexpr bool is_steady = true;
};
using Time = BrokerClock::time_point;

// The two times of one turn. Read once, then passed down as a value.
struct Now {
    Time broker{};
    WallTime wall{};
    bool operator==(const Now&) const = default;
};

// The only door to the system clocks. Everything below main() receives `Now` and never asks.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Now now() = 0;
};

// Continues broker time at `last` (the journal's last frame) plus the wall time that passed since,
// clamped to [0, 1 h]: a wall clock that was wrong must not expire every lease at once.
class SystemClock final : public Clock {
public:
    static constexpr Millis kCatchUpMax = std::chrono::hours(1);

    explicit SystemClock(Now last = {});
    Now now() override;

    // True when the wall clock had moved outside [0, 1 h] since `last`; an alarm, not an error.
    bool clamped() const { return clamped_; }

private:
    Time start_;
    std::chrono::steady_clock::time_point steady_start_;
    bool clamped_ = false;
};

}  // namespace esteira
