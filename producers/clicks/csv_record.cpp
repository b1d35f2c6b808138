#include "producers/clicks/csv_record.hpp"

#include <algorithm>

namespace esteira::clicks {

namespace {

CsvShape malformed(const CsvFields& into, const std::string& what, std::string& fault) {
    fault = what + " in column " + std::to_string(into.fields.size() + 1);
    return CsvShape::malformed;
}

// The place behind the closing quote of the field whose text begins at `at`; npos: there is none.
std::size_t end_of_quoted(std::string_view text, std::size_t at, bool& doubled) {
    while (true) {
        const std::size_t quote = text.find('"', at);
        if (quote == std::string_view::npos) {
            return quote;
        }
        if (quote + 1 == text.size() || text[quote + 1] != '"') {
            return quote + 1;
        }
        doubled = true;
        at = quote + 2;
    }
}

std::string without_doubles(std::string_view field) {
    std::string text;
    text.reserve(field.size());
    for (std::size_t i = 0; i < field.size(); ++i) {
        text.push_back(field[i]);
        if (field[i] == '"') {
            ++i;
        }
    }
    return text;
}

}  // namespace

CsvShape split_csv(std::string_view text, CsvFields& into, std::string& fault) {
    into.fields.clear();
    into.unquoted.clear();
    std::size_t at = 0;
    while (true) {
        if (at < text.size() && text[at] == '"') {
            bool doubled = false;
            const std::size_t end = end_of_quoted(text, at + 1, doubled);
            if (end == std::string_view::npos) {
                return CsvShape::open;
            }
            if (end < text.size() && text[end] != ',') {
                return malformed(into, "text behind a closing quote", fault);
            }
            const std::string_view field = text.substr(at + 1, end - at - 2);
            into.fields.push_back(
                doubled ? std::string_view(into.unquoted.emplace_back(without_doubles(field)))
                        : field);
            at = end;
        } else {
            const std::size_t end = std::min(text.find(',', at), text.size());
            const std::string_view field = text.substr(at, end - at);
            const std::size_t odd = field.find_first_of("\"\r");
            if (odd != std::string_view::npos) {
                return malformed(into,
                                 field[odd] == '"' ? "a quote within a field without quotes"
                                                   : "a CR that ends no line",
                                 fault);
            }
            into.fields.push_back(field);
            at = end;
        }
        if (at == text.size()) {
            return CsvShape::whole;
        }
        ++at;
    }
}

void append_csv_field(std::string_view field, std::string& line) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
        line += field;
        return;
    }
    line += '"';
    for (const char c : field) {
        if (c == '"') {
            line += '"';
        }
        line += c;
    }
    line += '"';
}

}  // namespace esteira::clicks
