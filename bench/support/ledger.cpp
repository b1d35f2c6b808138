#include "bench/support/ledger.hpp"

#include <algorithm>
#include <stdexcept>

namespace esteira::bench {

Ledger::Ledger(const Load& load) : body_(load.body), seen_(load.count, false) {
    latencies_.reserve(load.count);
}

void Ledger::received(std::string_view body, Nanos now) {
    if (body.size() != body_) {
        throw std::runtime_error("a body came back with another length");
    }
    const Stamp stamp = read_stamp(body.data());
    if (stamp.number >= seen_.size()) {
        throw std::runtime_error("a message nobody sent");
    }
    if (seen_[stamp.number]) {
        ++repeated_;
        return;
    }
    seen_[stamp.number] = true;
    ++distinct_;
    latencies_.push_back(now - stamp.intended);
}

double Ledger::percentile_us(double share) {
    if (latencies_.empty()) {
        return 0;
    }
    const auto last = static_cast<double>(latencies_.size() - 1);
    const auto nth = latencies_.begin() + static_cast<std::ptrdiff_t>(share * last);
    std::nth_element(latencies_.begin(), nth, latencies_.end());
    return static_cast<double>(*nth) / 1e3;
}

}  // namespace esteira::bench
