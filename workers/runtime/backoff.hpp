#pragma once

#include <algorithm>
#include <random>

#include "common/base/clock.hpp"

namespace esteira::runtime {

// Pauses that double up to a most, each up to half as much longer, so that workers which failed
// together do not come back together.
class Backoff {
public:
    Backoff(Millis least, Millis most) : least_(least), most_(most), next_(least) {}

    Millis next() {
        std::uniform_int_distribution<std::int64_t> jitter(0, next_.count() / 2);
        const Millis pause = next_ + Millis{jitter(random_)};
        next_ = std::min(2 * next_, most_);
        return pause;
    }
    void reset() { next_ = least_; }

private:
    Millis least_;
    Millis most_;
    Millis next_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace esteira::runtime
