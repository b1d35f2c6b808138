#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "producers/clicks/csv_record.hpp"

// Records of a CSV file of any size in bounded memory. What is no record is told as such, with its
// line as it stands, and reading goes on behind that line: a quote that is never closed costs its
// own line and no other.
namespace esteira::clicks {

inline constexpr std::size_t kCsvLineBytesMax = 1 << 20;
// What quotes may hold together; beyond it the first quote is taken for a mistake.
inline constexpr std::size_t kCsvRecordLinesMax = 20;
inline constexpr std::size_t kCsvRecordBytesMax = 64 << 10;

// All views hold until the next call.
struct CsvRecord {
    std::uint64_t line = 0;  // Its first, from 1.
    // As it stands, without its end of line. Of a bad record of several lines the first alone; of a
    // line that is too long its first kCsvLineBytesMax.
    std::string_view raw;
    std::span<const std::string_view> fields;
    std::string fault;  // Empty: it is a record.
};

class CsvReader {
public:
    // Fills some of the room, 0 at the end; may throw.
    using Read = std::function<std::size_t(std::span<char>)>;

    explicit CsvReader(Read read) : read_(std::move(read)) {}

    // How many columns a record has; 0, until it is set: any number.
    void expect_columns(std::size_t columns) { columns_ = columns; }

    // False: the end. Blank lines are no records; they are counted.
    bool next(CsvRecord& record);

    // Bytes and lines that are done with, from the beginning of the file.
    std::uint64_t offset() const { return base_ + at_; }
    std::uint64_t lines() const { return lines_; }
    std::uint64_t blank_lines() const { return blank_lines_; }

    // Goes on at a place that an earlier reader of this file has told. False: the file ends before.
    bool skip_to(std::uint64_t offset, std::uint64_t lines);

private:
    // Where a line ends in room_.
    struct Line {
        std::size_t begin = 0;
        std::size_t end = 0;   // Without \n or \r\n.
        std::size_t next = 0;  // Of the line behind it.
        bool ended = false;    // Not by the end of the file.
        bool too_long = false;
    };

    bool fill();
    Line line_at(std::size_t begin);
    void take_long_line(const Line& line, CsvRecord& record);
    void take_record(const Line& first, CsvRecord& record);

    Read read_;
    std::size_t columns_ = 0;
    std::string room_;
    std::size_t at_ = 0;      // In room_: what is before it is done with.
    std::uint64_t base_ = 0;  // Of room_ in the file.
    std::uint64_t lines_ = 0;
    std::uint64_t blank_lines_ = 0;
    bool at_end_ = false;
    CsvFields fields_;
    std::string long_line_;
};

}  // namespace esteira::clicks
