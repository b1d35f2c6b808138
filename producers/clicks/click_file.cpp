#include "producers/clicks/click_file.hpp"

#include <algorithm>

#include "common/base/text.hpp"

namespace esteira::clicks {

namespace {

constexpr std::size_t kExcerptBytes = 60;

const ClickColumn* column_named(std::string_view name) {
    const auto found = std::find_if(std::begin(kClickColumns), std::end(kClickColumns),
                                    [&](const ClickColumn& column) { return column.name == name; });
    return found == std::end(kClickColumns) ? nullptr : found;
}

}  // namespace

std::string ClickFile::read_header() {
    if (!reader_.next(record_)) {
        return "the file is empty; its first line names the columns";
    }
    if (record_.raw.find('\r') != std::string_view::npos) {
        return "its lines end in CR alone; convert it, as with: tr '\\r' '\\n'";
    }
    if (!record_.fault.empty()) {
        return "line " + std::to_string(record_.line) + ": " + record_.fault;
    }
    for (const std::string_view name : record_.fields) {
        const ClickColumn* column = column_named(name);
        if (column == nullptr) {
            return "there is no column '" + as_clean_text(name, kExcerptBytes) +
                   "' in files of clicks";
        }
        if (std::find(columns_.begin(), columns_.end(), column->field) != columns_.end()) {
            return "the column " + std::string(name) + " stands twice in the first line";
        }
        columns_.push_back(column->field);
    }
    for (const ClickColumn& column : kClickColumns) {
        const bool there =
            std::find(columns_.begin(), columns_.end(), column.field) != columns_.end();
        if (!there && column.field != &ClickRow::search_text) {
            return "the first line does not name the column " + std::string(column.name);
        }
    }
    reader_.expect_columns(columns_.size());
    return {};
}

bool ClickFile::next(Row& row) {
    if (!reader_.next(record_)) {
        return false;
    }
    row.line = record_.line;
    row.raw = record_.raw;
    row.fault = record_.fault;
    row.values = {};
    if (row.fault.empty()) {
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            row.values.*columns_[i] = record_.fields[i];
        }
    }
    return true;
}

}  // namespace esteira::clicks
