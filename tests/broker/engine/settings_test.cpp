#include "broker/engine/settings.hpp"

#include <set>

#include <gtest/gtest.h>

namespace esteira::engine {
namespace {

TEST(Settings, SurviveTheirTextForm) {
    Settings settings;
    settings.visibility = Millis{45'000};
    settings.max_receives = 7;
    settings.dead_letter_queue = "dlq-estoque";
    settings.retry_base = Millis{250};
    settings.messages_max = 12;
    settings.redrive_allow = "byQueue:a,b";
    settings.sends_paused = true;
    settings.policy = R"({"Statement":[]})";
    settings.kms_key = "alias/k";
    settings.kms_key_reused = Millis{60'000};
    settings.managed_encryption = false;
    const auto read = with_attributes({}, to_attributes(settings));
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value(), settings);
}

TEST(Settings, AreSetAllOrNotAtAll) {
    const auto result = with_attributes({}, {{"VisibilityTimeout", "10"}, {"DelaySeconds", "901"}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), "DelaySeconds is a whole number from 0 to 900, not 901");
}

TEST(Settings, TakeTrueAndFalseInAnyCase) {
    const auto paused = with_attributes({}, {{"SendsPaused", "TRUE"}, {"ReceivesPaused", "False"}});
    ASSERT_TRUE(paused);
    EXPECT_TRUE(paused.value().sends_paused);
    EXPECT_FALSE(paused.value().receives_paused);
    const auto refused = with_attributes({}, {{"SendsPaused", "1"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), "SendsPaused is false or true, not 1");
}

TEST(Settings, SayWhoseDeadLettersAQueueTakes) {
    const auto takes = [](const std::string& allow, const char* source) {
        const auto settings = with_attributes({}, {{"RedriveAllow", allow}});
        return settings && takes_dead_letters_of(settings.value(), source);
    };
    EXPECT_TRUE(takes("", "a"));
    EXPECT_TRUE(takes("allowAll", "a"));
    EXPECT_FALSE(takes("denyAll", "a"));
    EXPECT_TRUE(takes("byQueue:a,bc", "a"));
    EXPECT_TRUE(takes("byQueue:a,bc", "bc"));
    EXPECT_FALSE(takes("byQueue:a,bc", "b"));
    for (const char* text : {"AllowAll", "byQueue", "byQueue:", "byQueue:a,", "byQueue:,a",
                             "byQueue:a b", "denyAll "}) {
        EXPECT_FALSE(with_attributes({}, {{"RedriveAllow", text}})) << text;
    }
}

TEST(Settings, RefuseWhatIsNoNumber) {
    for (const char* text : {"", "-1", "1.5", " 1", "1 ", "0x10", "99999999999999999999"}) {
        EXPECT_FALSE(with_attributes({}, {{"VisibilityTimeout", text}})) << text;
    }
    EXPECT_FALSE(with_attributes({}, {{"NoSuchThing", "1"}}));
}

TEST(QueueName, IsOfLettersDigitsHyphensAndUnderscores) {
    EXPECT_EQ(fault_in_queue_name("dlq-Estoque_1"), "");
    EXPECT_EQ(fault_in_queue_name(std::string(80, 'a')), "");
    EXPECT_EQ(fault_in_queue_name("a.fifo"), "");
    for (const std::string& name :
         {std::string(), std::string(81, 'a'), std::string("a/b"), std::string("a b"),
          std::string(".fifo"), std::string("a.fifo.fifo"), std::string(76, 'a') + ".fifo",
          std::string("estoqué"), std::string("a\0b", 3)}) {
        EXPECT_NE(fault_in_queue_name(name), "") << name;
    }
}

TEST(Backoff, DoublesUpToItsMaximumWithHalfOfItJittered) {
    Settings settings;
    settings.retry_base = Millis{1'000};
    settings.retry_max = Millis{60'000};
    std::set<Millis> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Millis first = backoff(settings, 1, seed);
        EXPECT_GE(first, Millis{500});
        EXPECT_LE(first, Millis{1'000});
        seen.insert(first);
        const Millis fourth = backoff(settings, 4, seed);
        EXPECT_GE(fourth, Millis{4'000});
        EXPECT_LE(fourth, Millis{8'000});
        EXPECT_LE(backoff(settings, 1'000, seed), Millis{60'000});
        EXPECT_GE(backoff(settings, 1'000, seed), Millis{30'000});
    }
    EXPECT_GT(seen.size(), 50U);
}

}  // namespace
}  // namespace esteira::engine
