#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

// One record of CSV (RFC 4180), strictly: fields between commas; one that begins with a quote ends
// with a quote, and two of them within stand for one. Everything else that has a quote or a CR in
// it is a fault, not a guess.
namespace esteira::clicks {

struct CsvFields {
    std::vector<std::string_view> fields;  // Into the text, or into `unquoted`.
    std::deque<std::string> unquoted;      // Fields whose quotes were doubled.
};

enum class CsvShape {
    whole,
    open,       // It ends within quotes: the next line may belong to it.
    malformed,  // `fault` says why.
};

// `text` is without its end of line; \n and \r\n within quotes are part of the field.
CsvShape split_csv(std::string_view text, CsvFields& into, std::string& fault);

// Appends a field, in quotes where it needs them.
void append_csv_field(std::string_view field, std::string& line);

}  // namespace esteira::clicks
