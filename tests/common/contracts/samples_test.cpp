#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/contracts/catalogue_entry.hpp"
#include "common/contracts/sale.hpp"
#include "common/contracts/shop.hpp"
#include "common/contracts/shop_event.hpp"
#include "common/contracts/stock_position.hpp"
#include "tests/common/contracts/refusal.hpp"

// The parsers on the samples that check_schemas_test.py shows to the JSON Schemas: what is good is
// taken by both, what is bad refused by both, and what only a parser can see is in
// bad_beyond_schema. A bad sample is named after the key that is wrong: <key>__<what>.json; `item`
// is the object as a whole.
namespace esteira::contracts {
namespace {

const std::filesystem::path kSamples =
    std::filesystem::path(ESTEIRA_SOURCE_DIR) / "tests/common/contracts/samples";
const std::filesystem::path kSchemas =
    std::filesystem::path(ESTEIRA_SOURCE_DIR) / "common/contracts/schemas";

// Why a body is not one good object of a contract; empty when it is.
using Refuse = std::string (*)(std::string_view body);

template <class Items>
std::string refused(const Items& items) {
    if (!items) {
        return items.error();
    }
    if (items.value().size() != 1) {
        return "not one item";
    }
    return items.value()[0] ? "" : items.value()[0].error().reason;
}

template <class Entity>
std::string refused_by_shop(std::string_view body) {
    const auto items = parse_shop(body, kRules, kNow);
    const std::string reason = refused(items);
    const bool other = reason.empty() && !std::holds_alternative<Entity>(items.value()[0].value());
    return other ? "the item is something else" : reason;
}

const std::map<std::string, Refuse> kContracts = {
    {"stock_position",
     [](std::string_view body) { return refused(parse_stock_positions(body, kZone, kNow)); }},
    {"customer", refused_by_shop<Customer>},
    {"product", refused_by_shop<Product>},
    {"order", refused_by_shop<Order>},
    {"cart", refused_by_shop<Cart>},
    {"shop_event", [](std::string_view body) { return refused(parse_shop_events(body, kRules)); }},
    {"sale", [](std::string_view body) { return refused(parse_sales(body, kRules)); }},
    {"catalogue_entry",
     [](std::string_view body) { return refused(parse_catalogue_entries(body, kRules, kNow)); }},
};

struct Sample {
    std::string name;
    std::string body;
};

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<Sample> samples(const std::string& contract, const char* kind) {
    std::vector<Sample> all;
    for (const auto& entry : std::filesystem::directory_iterator(kSamples / contract / kind)) {
        all.push_back({entry.path().filename().string(), content(entry.path())});
    }
    EXPECT_GE(all.size(), 5u) << contract << " " << kind;
    return all;
}

TEST(ContractSamples, WhatIsGoodIsTaken) {
    for (const auto& [contract, refuse] : kContracts) {
        for (const Sample& sample : samples(contract, "good")) {
            EXPECT_EQ(refuse(sample.body), "") << contract << "/good/" << sample.name;
        }
    }
}

TEST(ContractSamples, WhatIsBadIsRefusedForTheKeyThatItIsNamedAfter) {
    for (const auto& [contract, refuse] : kContracts) {
        for (const char* kind : {"bad", "bad_beyond_schema"}) {
            for (const Sample& sample : samples(contract, kind)) {
                const std::string reason = refuse(sample.body);
                const std::string key = sample.name.substr(0, sample.name.find("__"));
                EXPECT_NE(reason, "") << contract << "/" << kind << "/" << sample.name;
                EXPECT_TRUE(key == "item" || reason.find(key) != std::string::npos)
                    << contract << "/" << kind << "/" << sample.name << ": " << reason;
            }
        }
    }
}

TEST(ContractSamples, EveryExampleOfTheDocsIsTakenByAContract) {
    const std::string docs =
        content(std::filesystem::path(ESTEIRA_SOURCE_DIR) / "docs/contracts.md");
    const std::string fence = "```json\n";
    int examples = 0;
    for (std::size_t at = docs.find(fence); at != std::string::npos; at = docs.find(fence, at)) {
        at += fence.size();
        const std::string example = docs.substr(at, docs.find("```", at) - at);
        std::string reasons;
        const bool taken = std::any_of(kContracts.begin(), kContracts.end(), [&](const auto& it) {
            const std::string reason = it.second(example);
            reasons += "\n" + it.first + ": " + reason;
            return reason.empty();
        });
        EXPECT_TRUE(taken) << example << reasons;
        ++examples;
    }
    EXPECT_EQ(examples, 6);
}

TEST(ContractSamples, EveryContractHasASchemaAndSamples) {
    const auto names = [](const std::filesystem::path& folder) {
        std::set<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string name = entry.path().filename().string();
            all.insert(name.substr(0, name.find('.')));
        }
        return all;
    };
    std::set<std::string> contracts;
    for (const auto& [contract, refuse] : kContracts) {
        contracts.insert(contract);
    }
    EXPECT_EQ(names(kSchemas), contracts);
    EXPECT_EQ(names(kSamples), contracts);
}

}  // namespace
}  // namespace esteira::contracts
