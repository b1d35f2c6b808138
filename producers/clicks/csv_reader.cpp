#include "producers/clicks/csv_reader.hpp"

#include <algorithm>

namespace esteira::clicks {

namespace {

constexpr std::size_t kRoomBytes = 256 << 10;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

bool CsvReader::fill() {
    if (at_end_) {
        return false;
    }
    const std::size_t before = room_.size();
    room_.resize(before + kRoomBytes);
    const std::size_t got = read_(std::span(room_).subspan(before));
    room_.resize(before + got);
    at_end_ = got == 0;
    return got > 0;
}

CsvReader::Line CsvReader::line_at(std::size_t begin) {
    std::size_t searched = begin;
    while (true) {
        const std::size_t end = room_.find('\n', searched);
        if (end != std::string::npos) {
            const bool crlf = end > begin && room_[end - 1] == '\r';
            return {begin, end - (crlf ? 1 : 0), end + 1, true, end - begin > kCsvLineBytesMax};
        }
        searched = room_.size();
        if (searched - begin > kCsvLineBytesMax) {
            return {begin, searched, searched, false, true};
        }
        if (!fill()) {
            const bool cr = searched > begin && room_[searched - 1] == '\r';
            return {begin, searched - (cr ? 1 : 0), searched, false, false};
        }
    }
}

bool CsvReader::next(CsvRecord& record) {
    if (at_ >= kRoomBytes) {
        room_.erase(0, at_);
        base_ += at_;
        at_ = 0;
    }
    if (offset() == 0) {
        while (room_.size() < kByteOrderMark.size() && fill()) {
        }
        at_ = room_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    }
    record.fields = {};
    record.fault.clear();
    Line line = line_at(at_);
    while (line.begin == line.end && line.next > line.begin) {
        ++lines_;
        ++blank_lines_;
        at_ = line.next;
        line = line_at(at_);
    }
    if (line.begin == line.next) {
        return false;
    }
    record.line = lines_ + 1;
    if (line.too_long) {
        take_long_line(line, record);
    } else {
        take_record(line, record);
    }
    return true;
}

void CsvReader::take_long_line(const Line& line, CsvRecord& record) {
    long_line_ = room_.substr(line.begin, kCsvLineBytesMax);
    const std::uint64_t began = offset();
    at_ = line.next;
    bool ended = line.ended;
    while (!ended) {
        base_ += room_.size();
        at_ = 0;
        room_.clear();
        if (!fill()) {
            break;
        }
        const std::size_t end = room_.find('\n');
        ended = end != std::string::npos;
        at_ = ended ? end + 1 : room_.size();
    }
    ++lines_;
    record.raw = long_line_;
    record.fault = "the line has " + std::to_string(offset() - began) + " bytes; at most " +
                   std::to_string(kCsvLineBytesMax) + " are read";
}

void CsvReader::take_record(const Line& first, CsvRecord& record) {
    Line last = first;
    std::size_t count = 1;
    std::string fault;
    CsvShape shape = CsvShape::open;
    while (true) {
        const std::string_view text =
            std::string_view(room_).substr(first.begin, last.end - first.begin);
        shape = split_csv(text, fields_, fault);
        if (count > 1 && text.size() > kCsvRecordBytesMax) {
            shape = CsvShape::open;
        } else if (shape != CsvShape::open) {
            break;
        }
        if (count == kCsvRecordLinesMax || text.size() > kCsvRecordBytesMax) {
            fault = "a quote is not closed within " + std::to_string(kCsvRecordLinesMax) +
                    " lines and 64 KiB";
            break;
        }
        if (!last.ended) {
            fault = "a quote is not closed by the end of the file";
            break;
        }
        last = line_at(last.next);
        ++count;
    }
    if (shape == CsvShape::whole && columns_ != 0 && fields_.fields.size() != columns_) {
        const std::size_t found = fields_.fields.size();
        fault = (last.ended ? "it has " : "it is cut off: it has ") + std::to_string(found) +
                (found == 1 ? " column" : " columns") + " of " + std::to_string(columns_);
        shape = CsvShape::malformed;
    }
    const bool whole = shape == CsvShape::whole;
    const Line& end = whole ? last : first;
    record.raw = std::string_view(room_).substr(first.begin, end.end - first.begin);
    record.fault = whole ? std::string() : fault;
    if (whole) {
        record.fields = fields_.fields;
    }
    lines_ += whole ? count : 1;
    at_ = end.next;
}

bool CsvReader::skip_to(std::uint64_t offset_in, std::uint64_t lines) {
    while (offset() < offset_in) {
        const std::uint64_t step =
            std::min<std::uint64_t>(offset_in - offset(), room_.size() - at_);
        at_ += static_cast<std::size_t>(step);
        if (at_ == room_.size()) {
            base_ += at_;
            at_ = 0;
            room_.clear();
        }
        if (offset() < offset_in && at_ == room_.size() && !fill()) {
            return false;
        }
    }
    lines_ = lines;
    return true;
}

}  // namespace esteira::clicks
