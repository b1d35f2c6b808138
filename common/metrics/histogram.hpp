#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace esteira::metrics {

// Upper bounds, in seconds, for what takes between a tenth of a millisecond and some seconds.
inline constexpr std::array<double, 16> kSecondsBounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
// For counts: messages or requests of one turn.
inline constexpr std::array<double, 15> kCountBounds{
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000, 2'000, 5'000, 10'000, 50'000, 100'000};

// How often a value fell below each of a few fixed bounds. Costs a search in a handful of numbers;
// never allocates. One thread.
class Histogram {
public:
    static constexpr std::size_t kBoundsMax = 24;

    // `bounds` grow, are at most kBoundsMax, and outlive the histogram.
    explicit Histogram(std::span<const double> bounds = kSecondsBounds);

    void observe(double value);

    std::span<const double> bounds() const { return bounds_; }
    // How many values were at most bounds()[i].
    std::uint64_t at_most(std::size_t i) const;
    std::uint64_t count() const { return count_; }
    double sum() const { return sum_; }

private:
    std::span<const double> bounds_;
    std::array<std::uint64_t, kBoundsMax> counts_{};  // Between the bound before and this one.
    std::uint64_t count_ = 0;
    double sum_ = 0;
};

}  // namespace esteira::metrics
