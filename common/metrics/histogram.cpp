#include "common/metrics/histogram.hpp"

#include <algorithm>
#include <numeric>

#include "common/base/check.hpp"

namespace esteira::metrics {

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds) {
    ESTEIRA_CHECK(bounds.size() <= kBoundsMax && std::is_sorted(bounds.begin(), bounds.end()));
}

void Histogram::observe(double value) {
    ++count_;
    sum_ += value;
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    if (bound != bounds_.end()) {
        ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    }
}

std::uint64_t Histogram::at_most(std::size_t i) const {
    const auto end = counts_.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    return std::accumulate(counts_.begin(), end, std::uint64_t{0});
}

}  // namespace esteira::metrics
