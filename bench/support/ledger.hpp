// Counts what a consumer received and says whether the run may be believed: every message exactly
// once, nothing else, and how long each was on its way.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/support/load.hpp"

namespace esteira::bench {

class Ledger {
public:
    explicit Ledger(const Load& load);

    // One received message; `now` is when its delivery was read. Throws std::runtime_error for a
    // body of another length or an unknown number. A second copy is counted, see repeated().
    void received(std::string_view body, Nanos now);

    std::uint64_t distinct() const { return distinct_; }
    std::uint64_t repeated() const { return repeated_; }
    bool complete() const { return distinct_ == seen_.size(); }

    // Microseconds from the intended send to the delivery below which `share` (0 to 1) of the
    // messages are; 0 if there is none. Reorders the samples.
    double percentile_us(double share);

private:
    std::size_t body_;
    std::vector<bool> seen_;
    std::vector<Nanos> latencies_;
    std::uint64_t distinct_ = 0;
    std::uint64_t repeated_ = 0;
};

}  // namespace esteira::bench
