#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace esteira::cli {

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

// Aligned columns for people. Cells may hold any bytes; control characters are shown, not obeyed.
class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // Missing cells are empty; more cells than columns are a bug.
    void row(std::vector<std::string> cells);

    // Title line and rows, two spaces between columns, no spaces at line ends. `bold` marks the
    // title line with the terminal's bold.
    std::string text(bool bold = false) const;

    // text() on stdout.
    void print() const;

private:
    std::string line(const std::vector<std::string>& cells,
                     const std::vector<std::size_t>& widths) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace esteira::cli
