#pragma once

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "common/contracts/object_reader.hpp"

// What the tests of all contracts share: a zone, a now, and the question why an item is refused.
namespace esteira::contracts {

inline const Zone kZone = Zone::fixed(std::chrono::hours(-3));
inline const WallTime kNow = std::chrono::sys_days(std::chrono::year(2024) / 5 / 1);
inline const TimeRules kRules{kZone, kNow};

inline Instant at(std::string_view text) { return parse_time(text, kZone).value(); }

// So many characters, of two bytes each.
inline std::string letters(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += "ç";
    }
    return text;
}

// Why `parse` refuses `item`; empty when it does not. Its neighbours on both sides, `good`, must be
// read all the same.
template <class Parse>
std::string refusal(const Parse& parse, const std::string& good, const std::string& item) {
    const auto items = parse("[" + good + "," + item + "," + good + "]");
    if (!items) {
        return "the body: " + items.error();
    }
    if (items.value().size() != 3) {
        return "not three items";
    }
    EXPECT_TRUE(items.value()[0]) << items.value()[0].error().reason;
    EXPECT_TRUE(items.value()[2]);
    if (items.value()[1]) {
        return "";
    }
    EXPECT_EQ(items.value()[1].error().item, item);
    return items.value()[1].error().reason;
}

// `text` with its only `old` replaced, for values that a JSON library would not write.
inline std::string swapped(std::string text, std::string_view old, std::string_view instead) {
    const std::size_t place = text.find(old);
    if (place == std::string::npos || text.find(old, place + 1) != std::string::npos) {
        ADD_FAILURE() << old << " does not stand once in " << text;
        return text;
    }
    return text.replace(place, old.size(), instead);
}

}  // namespace esteira::contracts
