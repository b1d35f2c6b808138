#include "workers/supervisor/rate.hpp"

#include <utility>

namespace esteira::supervisor {

void Rate::take(const Sample& sample, Time now) {
    const std::optional<Sample> before = std::exchange(last_, sample);
    const Millis passed = now - std::exchange(last_at_, now);
    // A count that went back is that of another queue under the same name.
    const bool saturated = before && before->waiting > 0 && sample.waiting > 0 &&
                           before->workers > 0 && sample.handled >= before->handled;
    if (!saturated) {
        paused_worker_s_ = 0;
        paused_ = Millis{0};
        return;
    }
    const double worker_s = std::chrono::duration<double>(passed).count() * before->workers;
    if (sample.handled == before->handled) {
        paused_worker_s_ += worker_s;
        paused_ += passed;
        return;
    }
    pieces_.push_back({now, sample.handled - before->handled,
                       worker_s + (paused_ <= kPauseMax ? paused_worker_s_ : 0)});
    paused_worker_s_ = 0;
    paused_ = Millis{0};
    while (pieces_.front().until + kWindow < now) {
        pieces_.pop_front();
    }
    double seconds = 0;
    double handled = 0;
    for (const Piece& piece : pieces_) {
        seconds += piece.worker_s;
        handled += static_cast<double>(piece.handled);
    }
    if (seconds > 0) {
        per_worker_s_ = handled / seconds;
    }
}

}  // namespace esteira::supervisor
