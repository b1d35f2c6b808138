#include "producers/clicks/generator.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/base/crc32c.hpp"
#include "producers/clicks/click_file.hpp"

namespace esteira::clicks {
namespace {

constexpr std::chrono::sys_days kUntil = std::chrono::year(2026) / 11 / 20;

GeneratorOptions options_of(std::uint64_t events, std::uint64_t seed = 1) {
    GeneratorOptions options;
    options.events = events;
    options.until = kUntil;
    options.seed = seed;
    return options;
}

// A row that owns its texts.
using Texts = std::map<std::string, std::string>;

Texts texts_of(const ClickRow& row) {
    Texts texts;
    for (const ClickColumn& column : kClickColumns) {
        texts[std::string(column.name)] = row.*column.field;
    }
    return texts;
}

std::vector<Texts> made_up(const GeneratorOptions& options) {
    Generator generator(options);
    std::vector<Texts> all;
    ClickRow row;
    while (generator.next(row)) {
        EXPECT_TRUE(click_of(row));
        all.push_back(texts_of(row));
    }
    return all;
}

std::string csv_of(const GeneratorOptions& options) {
    Generator generator(options);
    std::string text = click_csv_header(options.searches);
    ClickRow row;
    while (generator.next(row)) {
        append_click_csv(row, options.searches, text);
    }
    return text;
}

// The largest share that one value of a column has.
double share_of_first(const std::vector<Texts>& events, const std::string& column) {
    std::map<std::string, std::size_t> counts;
    std::size_t most = 0;
    for (const Texts& event : events) {
        most = std::max(most, ++counts[event.at(column)]);
    }
    return static_cast<double>(most) / static_cast<double>(events.size());
}

TEST(ClickGenerator, GivesTheSameForTheSameSeedOnEveryMachine) {
    EXPECT_EQ(csv_of(options_of(5'000)), csv_of(options_of(5'000)));
    EXPECT_NE(csv_of(options_of(5'000)), csv_of(options_of(5'000, 2)));
    // What another machine has made. A change of it changes all figures that were measured.
    GeneratorOptions options = options_of(5'000);
    options.searches = true;
    EXPECT_EQ(crc32c(as_bytes(csv_of(options))), 645'966'481u);
}

TEST(ClickGenerator, TimesAscendAndStayWithinTheDays) {
    for (const std::uint32_t days : {1U, 7U}) {
        GeneratorOptions options = options_of(20'000);
        options.days = days;
        const auto events = made_up(options);
        EXPECT_TRUE(
            std::is_sorted(events.begin(), events.end(), [](const Texts& a, const Texts& b) {
                return a.at("event_time") < b.at("event_time");
            }));
        EXPECT_EQ(events.front().at("event_time"),
                  days == 1 ? "2026-11-19 00:00:00 UTC" : "2026-11-13 00:00:00 UTC");
        EXPECT_GE(events.back().at("event_time"), "2026-11-19 23:59:00 UTC");
        EXPECT_LE(events.back().at("event_time"), "2026-11-19 23:59:59 UTC");
    }
    EXPECT_EQ(made_up(options_of(1)).size(), 1u);
}

TEST(ClickGenerator, NoEventComesTwice) {
    std::istringstream text(csv_of(options_of(100'000)));
    std::set<std::string> lines;
    for (std::string line; std::getline(text, line);) {
        EXPECT_TRUE(lines.insert(line).second) << line;
    }
    EXPECT_EQ(lines.size(), 100'001u);
}

TEST(ClickGenerator, KeepsTheSharesOfARealShop) {
    std::map<std::string, double> shares;
    Generator generator(options_of(200'000));
    ClickRow row;
    while (generator.next(row)) {
        shares[std::string(row.event_type)] += 100.0 / 200'000;
    }
    EXPECT_NEAR(shares["view"], 94.3, 0.5);
    EXPECT_NEAR(shares["cart"], 3.5, 0.2);
    EXPECT_NEAR(shares["purchase"], 1.75, 0.25);
    EXPECT_NEAR(shares["remove_from_cart"], 0.5, 0.1);
    EXPECT_EQ(shares.size(), 4u);
}

TEST(ClickGenerator, SearchesAreFewAndHaveATextAndOnlyWhenAskedFor) {
    GeneratorOptions options = options_of(50'000);
    options.searches = true;
    std::size_t searches = 0;
    for (const Texts& event : made_up(options)) {
        EXPECT_EQ(event.at("search_text").empty(), event.at("event_type") != "search");
        searches += event.at("event_type") == "search" ? 1U : 0U;
    }
    EXPECT_GT(searches, 500u);
    EXPECT_LT(searches, 2'500u);
}

TEST(ClickGenerator, FewUsersAndProductsHaveALargeShare) {
    const auto events = made_up(options_of(30'000));
    EXPECT_GT(share_of_first(events, "user_id"), 0.005);
    EXPECT_LT(share_of_first(events, "user_id"), 0.05);
    EXPECT_GT(share_of_first(events, "product_id"), 0.01);
    EXPECT_LT(share_of_first(events, "product_id"), 0.05);
    GeneratorOptions few = options_of(1'000);
    few.users = few.products = 1;
    EXPECT_EQ(share_of_first(made_up(few), "user_id"), 1);
    EXPECT_EQ(share_of_first(made_up(few), "product_id"), 1);
}

// What is put into the cart was the last that was seen; what is bought or taken out was the last
// that was put in.
TEST(ClickGenerator, AVisitHasTheOrderOfARealOne) {
    std::map<std::string, std::pair<std::string, std::string>> last;  // Type and product.
    for (const Texts& event : made_up(options_of(30'000))) {
        const std::string& type = event.at("event_type");
        auto& [before, product] = last[event.at("user_session")];
        if (type == "cart") {
            EXPECT_EQ(before, "view");
        } else if (type != "view") {
            EXPECT_EQ(before, "cart");
        }
        if (type != "view") {
            EXPECT_EQ(product, event.at("product_id"));
        }
        before = type;
        product = event.at("product_id");
    }
    EXPECT_GT(last.size(), 3'000u);
}

TEST(ClickGenerator, AProductKeepsItsPriceItsBrandAndItsCategory) {
    std::map<std::string, std::tuple<std::string, std::string, std::string>> products;
    std::map<std::string, std::string> codes;
    bool without_brand = false;
    for (const Texts& event : made_up(options_of(30'000))) {
        const std::tuple told{event.at("price"), event.at("brand"), event.at("category_id")};
        EXPECT_EQ(products.try_emplace(event.at("product_id"), told).first->second, told);
        const std::string& code = event.at("category_code");
        EXPECT_EQ(codes.try_emplace(event.at("category_id"), code).first->second, code);
        EXPECT_GT(std::stoull(event.at("category_id")), 1ULL << 53);
        without_brand = without_brand || event.at("brand").empty();
    }
    EXPECT_TRUE(without_brand);
    EXPECT_GT(codes.size(), 30u);
}

TEST(ClickGenerator, TheEveningIsBusierThanTheNight) {
    std::map<std::string, std::size_t> hours;
    for (const Texts& event : made_up(options_of(20'000))) {
        ++hours[event.at("event_time").substr(11, 2)];
    }
    EXPECT_EQ(hours.size(), 24u);
    EXPECT_EQ(hours["21"], 1'500u);
    EXPECT_EQ(hours["05"], 100u);
}

TEST(ClickGenerator, WhatIsWrittenAsCsvIsReadAsTheSameEvents) {
    GeneratorOptions options = options_of(5'000);
    options.searches = true;
    const std::string text = csv_of(options);
    ClickFile file([&, at = std::size_t{0}](std::span<char> room) mutable {
        const std::size_t size = text.copy(room.data(), room.size(), at);
        at += size;
        return size;
    });
    ASSERT_EQ(file.read_header(), "");
    Generator generator(options);
    ClickFile::Row read;
    ClickRow made;
    while (generator.next(made)) {
        ASSERT_TRUE(file.next(read));
        ASSERT_EQ(read.fault, "");
        ASSERT_EQ(click_of(read.values).value().json, click_of(made).value().json);
    }
    EXPECT_FALSE(file.next(read));
}

}  // namespace
}  // namespace esteira::clicks
