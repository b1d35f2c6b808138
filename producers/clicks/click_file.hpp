#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "producers/clicks/click_row.hpp"
#include "producers/clicks/csv_reader.hpp"

namespace esteira::clicks {

// The rows of a file of clicks: CSV with a header that names the columns of kClickColumns, in
// whatever order, search_text or not.
class ClickFile {
public:
    explicit ClickFile(CsvReader::Read read) : reader_(std::move(read)) {}

    // First of all. Empty: the header is good; else what is wrong with it.
    std::string read_header();

    struct Row {
        std::uint64_t line = 0;
        std::string_view raw;  // See CsvRecord.
        ClickRow values;
        std::string fault;  // Not empty: there are no values.
    };
    // False: the end. Views hold until the next call.
    bool next(Row& row);

    const CsvReader& reader() const { return reader_; }
    bool skip_to(std::uint64_t offset, std::uint64_t lines) {
        return reader_.skip_to(offset, lines);
    }

private:
    CsvReader reader_;
    CsvRecord record_;
    std::vector<std::string_view ClickRow::*> columns_;
};

}  // namespace esteira::clicks
