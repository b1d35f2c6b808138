#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "common/base/clock.hpp"

namespace esteira::supervisor {

// How much one worker handles in a second, measured over the last minute of being busy. Counted is
// only the time in which messages wait for a worker all the while: a worker that waits for messages
// shows how many there are, not how fast it is.
class Rate {
public:
    static constexpr Millis kWindow{60'000};
    // Nothing handled for longer than this is an outage and says nothing of a worker's speed; for
    // shorter it is a long batch.
    static constexpr Millis kPauseMax{15'000};

    struct Sample {
        std::uint64_t handled = 0;  // Since ever, of the whole queue.
        std::uint64_t waiting = 0;
        std::uint32_t workers = 0;
    };
    void take(const Sample& sample, Time now);

    // The last that was measured, however long ago; 0: none yet.
    double per_worker_s() const { return per_worker_s_; }

private:
    struct Piece {
        Time until{};
        std::uint64_t handled = 0;
        double worker_s = 0;
    };

    std::optional<Sample> last_;
    Time last_at_{};
    std::deque<Piece> pieces_;
    double paused_worker_s_ = 0;
    Millis paused_{0};
    double per_worker_s_ = 0;
};

}  // namespace esteira::supervisor
