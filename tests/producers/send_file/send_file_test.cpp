#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"
#include "producers/send_file/envelope.hpp"
#include "producers/send_file/line_reader.hpp"

namespace esteira::send_file {
namespace {

// The lines of a pipe that holds `text`; what is too long shows as "<long>".
std::vector<std::string> lines_of(const std::string& text, std::size_t bytes_max) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends[1]);
    LineReader reader(ends[0], bytes_max);
    std::vector<std::string> lines;
    while (const auto line = reader.next()) {
        EXPECT_EQ(line->number, lines.size() + 1);
        lines.emplace_back(line->too_long ? "<long>" : line->text);
    }
    EXPECT_FALSE(reader.failed());
    close(ends[0]);
    return lines;
}

TEST(LineReader, LinesEndWithEitherEndAndTheLastOneNeedsNone) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(lines_of("", 10), Lines{});
    EXPECT_EQ(lines_of("a\nb\r\n\nc", 10), (Lines{"a", "b", "", "c"}));
    EXPECT_EQ(lines_of("a\n", 10), Lines{"a"});
    EXPECT_EQ(lines_of("\n", 10), Lines{""});
}

TEST(LineReader, ALineIsAsLongAsItMayBeAndNoLonger) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(lines_of("12345\n123456\n1\n", 5), (Lines{"12345", "<long>", "1"}));
    EXPECT_EQ(lines_of("12345\r\n", 5), Lines{"12345"});
    const std::string giant(60'000, 'x');
    EXPECT_EQ(lines_of(giant + "\nb\n", 100), (Lines{"<long>", "b"}));
    EXPECT_EQ(lines_of(giant + "\nb\n", 60'000), (Lines{giant, "b"}));
}

TEST(LineReader, WhileNothingComesItSaysSoAndGoesOnWhenThereIsNothingToDo) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    int calls = 0;
    LineReader reader(ends[0], 10, [&] {
        ++calls;
        EXPECT_EQ(write(ends[1], "late\n", 5), 5);
        return true;
    });
    EXPECT_EQ(reader.next()->text, "late");
    EXPECT_EQ(calls, 1);
    close(ends[0]);
    close(ends[1]);
}

TEST(Envelope, HoldsBodyDelayAndAttributes) {
    const auto message =
        read_envelope(R"({"body":"{\"n\":12345678901234567890}","delay":1.5,"attributes":)"
                      R"({"loja":"SP01","n":{"type":"Number","value":"7"},)"
                      R"("raw":{"type":"Binary","value_base64":"/wE="}}})");
    ASSERT_TRUE(message) << message.error();
    EXPECT_EQ(message.value().body, R"({"n":12345678901234567890})");
    EXPECT_EQ(message.value().delay, Millis{1'500});
    const auto attributes = unpack_attributes(message.value().attributes);
    ASSERT_TRUE(attributes);
    ASSERT_EQ(attributes.value().size(), 3u);
    EXPECT_EQ(attributes.value()[0].name, "loja");
    EXPECT_EQ(attributes.value()[0].type, "String");
    EXPECT_EQ(attributes.value()[1].type, "Number");
    EXPECT_EQ(as_text(attributes.value()[2].value), "\xff\x01");
}

TEST(Envelope, WhatIsNoneIsRefusedWithTheReason) {
    for (const char* line :
         {"", "x", "[]", "7", "{}", R"({"body":7})", R"({"body":"a","body_base64":"YQ=="})",
          R"({"body":"a","delay":-1})", R"({"body":"a","delay":901})",
          R"({"body":"a","delay":"1"})", R"({"body":"a","colour":1})",
          R"({"body":"a","attributes":[]})", R"({"body":"a","attributes":{"x":1}})",
          R"({"body":"a","attributes":{"":"v"}})",
          R"({"body":"a","attributes":{"x":{"type":"Odd","value":"v"}}})",
          R"({"body":"a","attributes":{"x":{"type":"Binary","value_base64":"?"}}})",
          R"({"body":"a","attributes":{"x":{"type":7,"value":"v"}}})", R"({"body_base64":"?"})"}) {
        const auto message = read_envelope(line);
        ASSERT_FALSE(message) << line;
        EXPECT_FALSE(message.error().empty()) << line;
    }
}

}  // namespace
}  // namespace esteira::send_file
