#include "common/metrics/text_writer.hpp"

#include <array>
#include <charconv>

#include "common/base/text.hpp"

namespace esteira::metrics {

namespace {

std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), result.ptr};
}

// The three characters that would end a label's value, or the line.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : as_clean_text(value, kLabelBytesMax)) {
        if (c == '\\' || c == '"') {
            text += '\\';
        }
        text += c;
    }
    return text;
}

}  // namespace

void TextWriter::head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    for (const auto& [what, value] : {std::pair{"# HELP ", help}, std::pair{"# TYPE ", type}}) {
        text_ += what;
        text_ += name;
        text_ += ' ';
        text_ += value;
        text_ += '\n';
    }
}

void TextWriter::line(std::string_view suffix, Labels labels, const std::string& value) {
    text_ += name_;
    text_ += suffix;
    char separator = '{';
    for (const auto& [name, label] : labels) {
        text_ += separator;
        text_ += name;
        text_ += "=\"";
        text_ += escaped(label);
        text_ += '"';
        separator = ',';
    }
    text_ += separator == ',' ? "} " : " ";
    text_ += value;
    text_ += '\n';
}

void TextWriter::family(std::string_view name, Kind kind, std::string_view help) {
    head(name, kind == Kind::gauge ? "gauge" : "counter", help);
}

void TextWriter::sample(Labels labels, std::uint64_t value) {
    line("", labels, std::to_string(value));
}

void TextWriter::sample(Labels labels, double value) { line("", labels, number_text(value)); }

void TextWriter::gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, Kind::gauge, help);
    sample({}, value);
}

void TextWriter::counter(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, Kind::counter, help);
    sample({}, value);
}

void TextWriter::histogram(std::string_view name, std::string_view help,
                           const Histogram& histogram) {
    head(name, "histogram", help);
    for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
        line("_bucket", {{"le", number_text(histogram.bounds()[i])}},
             std::to_string(histogram.at_most(i)));
    }
    line("_bucket", {{"le", "+Inf"}}, std::to_string(histogram.count()));
    line("_sum", {}, number_text(histogram.sum()));
    line("_count", {}, std::to_string(histogram.count()));
}

}  // namespace esteira::metrics
