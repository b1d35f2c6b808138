#include "common/cli/table.hpp"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include "common/base/check.hpp"
#include "common/cli/format.hpp"

namespace esteira::cli {

void Table::row(std::vector<std::string> cells) {
    ESTEIRA_CHECK(cells.size() <= columns_.size());
    for (std::string& cell : cells) {
        cell = visible(cell);
    }
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::line(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths) const {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths[i] - display_width(cells[i]), ' ');
        if (i > 0) {
            out += "  ";
        }
        out += columns_[i].align == Align::right ? padding + cells[i] : cells[i] + padding;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

std::string Table::text(bool bold) const {
    std::vector<std::string> titles;
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) {
        titles.push_back(column.title);
        widths.push_back(display_width(column.title));
    }
    for (const auto& cells : rows_) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(cells[i]));
        }
    }
    std::string out = line(titles, widths);
    if (bold) {
        out = "\x1b[1m" + out + "\x1b[0m";
    }
    out += "\n";
    for (const auto& cells : rows_) {
        out += line(cells, widths) + "\n";
    }
    return out;
}

void Table::print() const {
    const std::string out = text(wants_color(STDOUT_FILENO));
    std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace esteira::cli
