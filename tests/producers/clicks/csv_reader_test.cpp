#include "producers/clicks/csv_reader.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "producers/clicks/click_file.hpp"

namespace esteira::clicks {
namespace {

// A source of its text, some bytes at a time.
CsvReader::Read from(std::string text, std::size_t step = 1 << 20) {
    return [text = std::move(text), step, at = std::size_t{0}](std::span<char> room) mutable {
        const std::size_t size = std::min({step, room.size(), text.size() - at});
        std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
        at += size;
        return size;
    };
}

// "1:[a][b]" for each record, "2!raw: fault" for each that is none.
std::vector<std::string> records(const std::string& text, std::size_t columns = 2,
                                 std::size_t step = 1 << 20) {
    CsvReader reader(from(text, step));
    reader.expect_columns(columns);
    std::vector<std::string> all;
    CsvRecord record;
    while (reader.next(record)) {
        std::string shown = std::to_string(record.line);
        if (record.fault.empty()) {
            shown += ":";
            for (const std::string_view field : record.fields) {
                shown += "[" + std::string(field) + "]";
            }
        } else {
            shown += "!" + std::string(record.raw) + ": " + record.fault;
        }
        all.push_back(shown);
    }
    EXPECT_EQ(reader.offset(), text.size());
    return all;
}

using Shown = std::vector<std::string>;

TEST(CsvReader, FieldsStandBetweenCommasAndMayBeEmpty) {
    EXPECT_EQ(records("a,b\nc,\n,\n"), (Shown{"1:[a][b]", "2:[c][]", "3:[][]"}));
    EXPECT_EQ(records(""), Shown{});
    EXPECT_EQ(records("a,b"), Shown{"1:[a][b]"});
}

TEST(CsvReader, QuotesHoldCommasQuotesAndLineEnds) {
    EXPECT_EQ(records("\"a,1\",\"say \"\"oi\"\"\"\n\"\",\"\"\"\"\n"),
              (Shown{"1:[a,1][say \"oi\"]", "2:[][\"]"}));
    EXPECT_EQ(records("\"a\nb\r\nc\",d\r\ne,f\r\n"), (Shown{"1:[a\nb\r\nc][d]", "4:[e][f]"}));
}

TEST(CsvReader, LinesMayEndInCrlfAndAByteOrderMarkIsNoText) {
    EXPECT_EQ(records("\xef\xbb\xbf"
                      "a,b\r\nc,d\r\n"),
              (Shown{"1:[a][b]", "2:[c][d]"}));
    EXPECT_EQ(records("\xef\xbb\xbf"
                      "a,b\n",
                      2, 1),
              Shown{"1:[a][b]"});
    EXPECT_EQ(records("a,b\r"), Shown{"1:[a][b]"});
}

TEST(CsvReader, BlankLinesAreCountedAndAreNoRecords) {
    CsvReader reader(from("\na,b\n\r\n\nc,d\n\n"));
    CsvRecord record;
    Shown lines;
    while (reader.next(record)) {
        lines.push_back(std::to_string(record.line));
    }
    EXPECT_EQ(lines, (Shown{"2", "5"}));
    EXPECT_EQ(reader.blank_lines(), 4u);
    EXPECT_EQ(reader.lines(), 6u);
}

TEST(CsvReader, AQuoteThatIsNeverClosedCostsItsOwnLineAlone) {
    std::string text = "a,b\n\"x,y\n";
    Shown expected{"1:[a][b]", "2!\"x,y: a quote is not closed within 20 lines and 64 KiB"};
    for (int i = 0; i < 30; ++i) {
        text += "c,d\n";
        expected.push_back(std::to_string(i + 3) + ":[c][d]");
    }
    EXPECT_EQ(records(text), expected);
    EXPECT_EQ(records("\"x,y\nc,d\n"),
              (Shown{"1!\"x,y: a quote is not closed by the end of the file", "2:[c][d]"}));
    EXPECT_EQ(records("c,d\n\"x,y"),
              (Shown{"1:[c][d]", "2!\"x,y: a quote is not closed by the end of the file"}));
}

TEST(CsvReader, AQuoteThatALaterLineClosesByChanceCostsItsOwnLineAlone) {
    EXPECT_EQ(records("a,\"b\nc,\"d\"\ne,f\n"),
              (Shown{"1!a,\"b: text behind a closing quote in column 2", "2:[c][d]", "3:[e][f]"}));
    EXPECT_EQ(records("a,\"b\nc\",d\ne,f\n"),
              (Shown{"1!a,\"b: it has 3 columns of 2",
                     "2!c\",d: a quote within a field without quotes in column 1", "3:[e][f]"}));
}

TEST(CsvReader, TwentyLinesOr64KiBMayBelongTogetherAndNoMore) {
    const auto quoted = [](std::size_t lines, std::size_t bytes) {
        std::string text = "a,\"";
        for (std::size_t i = 1; i < lines; ++i) {
            text += std::string(bytes, 'x') + "\n";
        }
        return text + "\"\n";
    };
    EXPECT_EQ(records(quoted(20, 1)).size(), 1u);
    EXPECT_EQ(records(quoted(21, 1)).size(), 21u);
    EXPECT_EQ(records(quoted(7, 10'000)).size(), 1u);
    EXPECT_EQ(records(quoted(8, 10'000)).size(), 8u);
    EXPECT_EQ(records("a,\"" + std::string(100'000, 'x') + "\"\nc,d\n").size(), 2u);
}

TEST(CsvReader, AWrongNumberOfColumnsIsTold) {
    EXPECT_EQ(records("a\nb,c\nd,e,f\n"),
              (Shown{"1!a: it has 1 column of 2", "2:[b][c]", "3!d,e,f: it has 3 columns of 2"}));
}

TEST(CsvReader, ACutLastRowIsToldAsSuch) {
    EXPECT_EQ(records("a,b,c\nd,e", 3),
              (Shown{"1:[a][b][c]", "2!d,e: it is cut off: it has 2 columns of 3"}));
}

TEST(CsvReader, WhatIsNeitherQuotedNorPlainIsAFault) {
    EXPECT_EQ(records("a\"b,c\n\"a\"b,c\na,\"b\" \nd,e\n"),
              (Shown{"1!a\"b,c: a quote within a field without quotes in column 1",
                     "2!\"a\"b,c: text behind a closing quote in column 1",
                     "3!a,\"b\" : text behind a closing quote in column 2", "4:[d][e]"}));
    EXPECT_EQ(records("a,b\rc,d\re,f\n"),
              Shown{"1!a,b\rc,d\re,f: a CR that ends no line in column 2"});
}

TEST(CsvReader, ATenMegabyteFieldCostsItsLineAndIsKeptInItsBeginning) {
    const std::string huge(10 << 20, 'x');
    for (const std::size_t step : {std::size_t{1} << 20, std::size_t{1000}}) {
        CsvReader reader(from("a,b\n" + huge + ",\"c\nd,e\n" + huge, step));
        reader.expect_columns(2);
        CsvRecord record;
        ASSERT_TRUE(reader.next(record));
        ASSERT_TRUE(reader.next(record));
        EXPECT_EQ(record.line, 2u);
        EXPECT_EQ(record.raw.size(), kCsvLineBytesMax);
        EXPECT_EQ(record.fault, "the line has 10485764 bytes; at most 1048576 are read");
        ASSERT_TRUE(reader.next(record));
        EXPECT_EQ(record.fault, "");
        EXPECT_EQ(record.fields[0], "d");
        ASSERT_TRUE(reader.next(record));
        EXPECT_EQ(record.line, 4u);
        EXPECT_NE(record.fault, "");
        EXPECT_FALSE(reader.next(record));
    }
}

TEST(CsvReader, TheSizeOfReadsChangesNothing) {
    const std::string text =
        "a,b\r\n\"c\r\nd\",e\n\n\"open,x\nf,\"g\"\"h\"\nbad\n\"i\",j\r\nk\rl,m\n\"\n\"\"\n,n";
    const Shown whole = records(text);
    for (const std::size_t step : {1U, 2U, 3U, 5U, 7U}) {
        EXPECT_EQ(records(text, 2, step), whole) << step;
    }
}

TEST(CsvReader, GoesOnAtEveryPlaceThatItHasTold) {
    const std::string text =
        "\xef\xbb\xbf"
        "a,b\r\n\"c\nd\",e\n\n\"open,x\nf,g\nlast,one";
    Shown whole;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
    const auto read = [](CsvReader& reader, Shown& into, auto after) {
        CsvRecord record;
        while (reader.next(record)) {
            into.push_back(std::to_string(record.line) + record.fault + std::string(record.raw));
            after();
        }
    };
    CsvReader first(from(text));
    read(first, whole, [&] { places.emplace_back(first.offset(), first.lines()); });
    ASSERT_EQ(places.size(), 5u);
    for (std::size_t i = 0; i < places.size(); ++i) {
        CsvReader second(from(text, 3));
        CsvRecord record;
        ASSERT_TRUE(second.next(record));
        ASSERT_TRUE(second.skip_to(places[i].first, places[i].second));
        Shown rest;
        read(second, rest, [] {});
        EXPECT_EQ(rest, Shown(whole.begin() + static_cast<std::ptrdiff_t>(i) + 1, whole.end()));
    }
    CsvReader third(from(text));
    EXPECT_FALSE(third.skip_to(text.size() + 1, 9));
}

std::string random_text(std::mt19937_64& random, std::string_view letters, std::size_t most) {
    std::string text(random() % (most + 1), ' ');
    std::generate(text.begin(), text.end(), [&] { return letters[random() % letters.size()]; });
    return text;
}

TEST(CsvReader, AccountsForEveryLineOfWhateverText) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 3'000; ++round) {
        const std::string text = random_text(random, "ab,,\"\"\r\n\n", 24);
        CsvReader reader(from(text));
        reader.expect_columns(2);
        CsvRecord record;
        std::uint64_t expected = 1;  // The line of the next record, if none is blank.
        while (reader.next(record)) {
            ASSERT_GE(record.line, expected) << text;
            ASSERT_FALSE(record.raw.empty()) << text;
            ASSERT_EQ(record.fault.empty(), record.fields.size() == 2) << text;
            expected = reader.lines() + 1;
        }
        const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        const bool open_end = !text.empty() && text.back() != '\n';
        ASSERT_EQ(reader.lines(), ends + (open_end ? 1 : 0)) << text;
        ASSERT_EQ(records(text, 2, 1), records(text)) << text;
    }
}

TEST(CsvReader, ReadsWhatAppendCsvFieldWrites) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 20'000; ++round) {
        const std::string one = random_text(random, "ab ,\"\r\n", 6);
        const std::string two = random_text(random, "ab ,\"\r\n", 6);
        std::string text;
        append_csv_field(one, text);
        text += ",";
        append_csv_field(two, text);
        text += round % 2 == 0 ? "\n" : "\r\n";
        ASSERT_EQ(
            records(text + "x,y"),
            (Shown{"1:[" + one + "][" + two + "]",
                   std::to_string(1 + std::count(text.begin(), text.end(), '\n')) + ":[x][y]"}))
            << text;
    }
}

std::string header_fault(const std::string& text) {
    ClickFile file(from(text));
    return file.read_header();
}

TEST(ClickFile, TheHeaderNamesTheColumnsInWhateverOrder) {
    ClickFile file(
        from("user_session,user_id,price,brand,category_code,category_id,product_id,"
             "event_type,event_time\n9,8,7,6,5,4,3,2,1\n"));
    ASSERT_EQ(file.read_header(), "");
    ClickFile::Row row;
    ASSERT_TRUE(file.next(row));
    EXPECT_EQ(row.values.event_time, "1");
    EXPECT_EQ(row.values.user_session, "9");
    EXPECT_EQ(row.values.search_text, "");
    EXPECT_FALSE(file.next(row));
    EXPECT_EQ(header_fault(click_csv_header(true)), "");
}

TEST(ClickFile, AHeaderThatIsNoneIsRefusedWithItsReason) {
    EXPECT_NE(header_fault("").find("empty"), std::string::npos);
    EXPECT_NE(header_fault("event_time,weekday\n").find("no column 'weekday'"), std::string::npos);
    EXPECT_NE(header_fault("event_time,event_time\n").find("twice"), std::string::npos);
    EXPECT_NE(header_fault("event_time,price\n").find("does not name the column event_type"),
              std::string::npos);
    EXPECT_NE(header_fault("event_time\rview\r").find("CR alone"), std::string::npos);
    std::string old_mac(3 << 20, 'x');
    old_mac[100] = '\r';
    EXPECT_NE(header_fault(old_mac).find("CR alone"), std::string::npos);
}

}  // namespace
}  // namespace esteira::clicks
