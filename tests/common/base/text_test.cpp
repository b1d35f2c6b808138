#include "common/base/text.hpp"

#include <gtest/gtest.h>

namespace esteira {

TEST(Text, IsUtf8WithoutControlCharacters) {
    for (const std::string_view text :
         {"", "plain", "pre\xC3\xA7o", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF",
          "\xEE\x80\x80", "\xF4\x8F\xBF\xBF", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80"}) {
        EXPECT_TRUE(is_text(text)) << text;
    }
    // Overlong forms, surrogates, beyond U+10FFFF, lone and missing continuations, controls.
    for (const std::string_view text :
         {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80",
          "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "a\xBF", "\xC3", "\xC3(",
          "\xE2\x82", "\xE2\x82(", "\xF0\x9F\x98", "\xFF", "a\nb", "\t", "\x7F"}) {
        EXPECT_FALSE(is_text(text)) << text;
    }
    EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
}

TEST(Text, IdsAreVisibleAscii) {
    EXPECT_TRUE(is_visible_ascii("!~az09/:"));
    for (const std::string_view id : {"", "a b", "a\n", "\x7F", "\xC3\xA7"}) {
        EXPECT_FALSE(is_visible_ascii(id)) << id;
    }
}

TEST(Text, QueueNamesAreThoseOfSqs) {
    EXPECT_TRUE(is_queue_name("A-z_09"));
    EXPECT_TRUE(is_queue_name("orders.fifo"));
    EXPECT_TRUE(is_queue_name(std::string(80, 'a')));
    EXPECT_TRUE(is_queue_name(std::string(75, 'a') + ".fifo"));
    for (const std::string& name :
         {std::string(), std::string(81, 'a'), std::string(76, 'a') + ".fifo", std::string(".fifo"),
          std::string("a.fif"), std::string("a.fifo.fifo"), std::string("a b")}) {
        EXPECT_FALSE(is_queue_name(name)) << name;
    }
}

TEST(Text, CleanTextIsTextWhateverItWas) {
    EXPECT_EQ(as_clean_text("pre\xC3\xA7o", 100), "pre\xC3\xA7o");
    EXPECT_EQ(as_clean_text("ERROR:\n\tdetail", 100), "ERROR:  detail");
    EXPECT_EQ(as_clean_text("a\xFF\xC3", 100), "a??");
    EXPECT_EQ(as_clean_text("ab\xC3\xA7", 3), "ab");
    EXPECT_EQ(as_clean_text("ab\xC3\xA7", 4), "ab\xC3\xA7");
    EXPECT_EQ(as_clean_text("abc", 0), "");
    std::string all;
    for (int i = 0; i < 65'536; ++i) {
        all.push_back(static_cast<char>(i / 256));
        all.push_back(static_cast<char>(i % 256));
    }
    EXPECT_TRUE(is_text(as_clean_text(all, all.size())));
}

TEST(Text, IsCutBetweenTwoCharacters) {
    EXPECT_EQ(beginning_of("ação", 10), "ação");
    EXPECT_EQ(beginning_of("ação", 3), "aç");
    EXPECT_EQ(beginning_of("ação", 2), "a");
    EXPECT_EQ(beginning_of("ação", 0), "");
}

}  // namespace esteira
