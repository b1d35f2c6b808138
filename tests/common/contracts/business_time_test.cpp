#include "common/contracts/business_time.hpp"

#include <string>

#include <gtest/gtest.h>

namespace esteira::contracts {
namespace {

const Zone& sao_paulo() {
    static const Zone zone = Zone::load("America/Sao_Paulo").value();
    return zone;
}

// Seconds since the epoch, or the reason why not.
std::string read(std::string_view text, const Zone& zone = sao_paulo()) {
    const auto time = parse_time(text, zone);
    if (!time) {
        return time.error();
    }
    return std::to_string(time.value().time_since_epoch().count());
}

TEST(BusinessTime, WithoutAZoneIsReadInTheBusinessZone) {
    EXPECT_EQ(read("2024-05-01 10:00:00"), "1714568400000000");  // -03
    EXPECT_EQ(read("2010-01-15 10:00:00"), "1263556800000000");  // -02, summer time of those years
    EXPECT_EQ(read("2024-05-01 10:00:00"), read("2024-05-01 13:00:00Z"));
}

TEST(BusinessTime, WithAnOffsetIsThatInstantInAnyZone) {
    const std::string expected = read("2024-05-01T13:00:00Z");
    EXPECT_EQ(read("2024-05-01T10:00:00-03:00"), expected);
    EXPECT_EQ(read("2024-05-01T10:00:00-0300", Zone::fixed(std::chrono::hours(9))), expected);
    EXPECT_EQ(read("2024-05-02T03:00:00+14:00"), expected);
}

TEST(BusinessTime, KeepsMicrosecondsAndCutsWhatIsFiner) {
    EXPECT_EQ(read("1970-01-02T00:00:00.5Z"), "86400500000");
    EXPECT_EQ(read("1970-01-02T00:00:00.123456Z"), "86400123456");
    EXPECT_EQ(read("1970-01-02T00:00:00.1234569Z"), "86400123456");
}

// 2018-11-04 00:00 became 01:00; 2018-02-18 00:00 became 23:00 of the day before.
TEST(BusinessTime, SkippedAndRepeatedHoursAreReadAsTheLaterReading) {
    EXPECT_EQ(read("2018-11-04 00:30:00"), read("2018-11-04T03:30:00Z"));
    EXPECT_EQ(read("2018-02-17 23:30:00"), read("2018-02-18T02:30:00Z"));
    EXPECT_EQ(read("2018-02-17 22:59:59"), read("2018-02-18T00:59:59Z"));
    EXPECT_EQ(read("2018-11-04 01:00:00"), read("2018-11-04T03:00:00Z"));
}

TEST(BusinessTime, RefusesWhatIsNoTime) {
    const std::string form = "is not a time (YYYY-MM-DD HH:MM:SS, or ISO 8601 with an offset)";
    for (const char* text :
         {"", "2024-05-01", "2024-05-01 10:00", "01/05/2024 10:00:00", "2024-5-01 10:00:00 ",
          "2024-05-01 10:00:00 ", "2024-05-01 10:00:00.", "2024-05-01 10:00:00.1234567890",
          "2024-05-01T10:00:00-3", "2024-05-01T10:00:00+15:00", "2024-05-01T10:00:00z",
          "2024-05-01T10:00:00-03:60", "2024-05-01 1o:00:00", "2024-05-01T10:00:00+3:000"}) {
        EXPECT_EQ(read(text), form) << text;
    }
    for (const char* text : {"2024-02-30 10:00:00", "2023-02-29 10:00:00", "2024-13-01 10:00:00",
                             "2024-00-01 10:00:00", "2024-01-00 10:00:00"}) {
        EXPECT_EQ(read(text), "is not a day of the calendar") << text;
    }
    for (const char* text : {"2024-05-01 24:00:00", "2024-05-01 10:60:00", "2024-05-01 23:59:60"}) {
        EXPECT_EQ(read(text), "is not a time of day") << text;
    }
}

TEST(BusinessTime, IsWrittenAsItIsRead) {
    for (const char* text : {"2024-05-01 10:00:00", "2010-01-15 23:59:59", "2000-01-01 00:00:00"}) {
        EXPECT_EQ(write_local_time(parse_time(text, sao_paulo()).value(), sao_paulo()), text);
    }
}

TEST(BusinessTime, ADayIsWrittenAsItIsRead) {
    for (const char* text : {"2024-02-29", "1900-01-01", "0000-01-01", "9999-12-31"}) {
        const auto day = parse_day(text);
        ASSERT_TRUE(day) << text;
        EXPECT_EQ(write_day(*day), text);
    }
    for (const char* text : {"", "2023-02-29", "2024-13-01", "2024-00-01", "2024-1-1", "-024-01-01",
                             "2024-01--1", "2024/01-01", "2024-01/01", "2024-01-01 ", "24-01-01"}) {
        EXPECT_FALSE(parse_day(text)) << text;
    }
}

TEST(BusinessTime, AZoneThatDoesNotExistIsAnError) {
    EXPECT_FALSE(Zone::load("America/Sao_Paolo"));
    EXPECT_FALSE(Zone::load("../../../etc/passwd"));
    EXPECT_FALSE(Zone::load("/etc/passwd"));
    EXPECT_FALSE(Zone::load("America"));
    EXPECT_FALSE(Zone::load("tzdata.zi"));
    EXPECT_TRUE(Zone::load("America/New_York"));
}

}  // namespace
}  // namespace esteira::contracts
