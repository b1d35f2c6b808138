#include "producers/clicks/resume.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"

namespace esteira::clicks {
namespace {

class ResumeFileTest : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = temp_.path() + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    InputIdentity identity(const std::string& text) const {
        return identify(write("input", text)).value();
    }

    test::TempFolder temp_;
    const std::string path_ = temp_.path() + "/place";
};

TEST_F(ResumeFileTest, TellsThePlaceThatWasSavedLast) {
    const ResumeFile file(path_, identity("abc"), "clicks");
    EXPECT_EQ(file.load().value(), std::nullopt);
    file.save({100, 3});
    const Place last{1ULL << 40, 1ULL << 33};
    file.save(last);
    EXPECT_EQ(file.load().value(), last);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));
}

TEST_F(ResumeFileTest, IsOfOneInputAndOneQueue) {
    const InputIdentity input = identity("abc");
    ResumeFile(path_, input, "clicks").save({100, 3});
    EXPECT_TRUE(ResumeFile(path_, identity("abc"), "clicks").load());
    for (const char* other : {"abd", "abcd", "ab", ""}) {
        const auto place = ResumeFile(path_, identity(other), "clicks").load();
        ASSERT_FALSE(place) << other;
        EXPECT_NE(place.error().find("another file"), std::string::npos);
    }
    const auto place = ResumeFile(path_, input, "other").load();
    ASSERT_FALSE(place);
    EXPECT_NE(place.error().find("sent to clicks, not to other"), std::string::npos);
}

TEST_F(ResumeFileTest, WhatIsNoSuchFileIsAnErrorAndStays) {
    for (const char* text : {"", "{}", "[]", "nonsense", R"({"version":2})",
                             R"({"version":1,"input":7,"queue":"clicks","offset":1,"lines":1})"}) {
        write("place", text);
        EXPECT_FALSE(ResumeFile(path_, identity("abc"), "clicks").load()) << text;
    }
    EXPECT_TRUE(std::filesystem::exists(path_));
    EXPECT_THROW(ResumeFile(temp_.path() + "/no/place", {}, "clicks").save({}), std::runtime_error);
    EXPECT_FALSE(identify(temp_.path() + "/none"));
}

TEST(Acknowledged, MovesOnInTheOrderOfTheInput) {
    Acknowledged acknowledged(Place{10, 1});
    acknowledged.sent(1, 2, {20, 2});
    acknowledged.sent(2, 1, {30, 3});
    EXPECT_EQ(acknowledged.place(), (Place{10, 1}));
    acknowledged.answered(2, 1, true);
    acknowledged.answered(1, 1, true);
    EXPECT_EQ(acknowledged.place(), (Place{10, 1}));
    acknowledged.answered(1, 1, true);
    EXPECT_EQ(acknowledged.place(), (Place{30, 3}));
}

TEST(Acknowledged, NeverMovesBeyondWhatWasRefused) {
    Acknowledged acknowledged(Place{});
    acknowledged.sent(1, 1, {20, 2});
    acknowledged.sent(2, 2, {30, 3});
    acknowledged.sent(3, 1, {40, 4});
    acknowledged.answered(1, 1, true);
    acknowledged.answered(2, 1, false);
    acknowledged.answered(2, 1, true);
    acknowledged.answered(3, 1, true);
    EXPECT_EQ(acknowledged.place(), (Place{20, 2}));
}

}  // namespace
}  // namespace esteira::clicks
