#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "common/metrics/histogram.hpp"

// The text format of Prometheus (version 0.0.4).
namespace esteira::metrics {

enum class Kind { gauge, counter };

// Label names are literals of ours; values may be anything, and are cut at kLabelBytesMax. Values
// come from sets that are bounded by a limit of the system: queues, pools, states. Never a body.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
inline constexpr std::size_t kLabelBytesMax = 128;

// Writes one family after the other: all samples of a name stand together, behind what they are.
class TextWriter {
public:
    // Begins a family. What follows belongs to it.
    void family(std::string_view name, Kind kind, std::string_view help);
    void sample(Labels labels, std::uint64_t value);
    void sample(Labels labels, double value);

    // A family of one sample.
    void gauge(std::string_view name, std::string_view help, std::uint64_t value);
    void counter(std::string_view name, std::string_view help, std::uint64_t value);
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram);

    const std::string& text() const { return text_; }

private:
    void head(std::string_view name, std::string_view type, std::string_view help);
    void line(std::string_view suffix, Labels labels, const std::string& value);

    std::string text_;
    std::string name_;
};

}  // namespace esteira::metrics
