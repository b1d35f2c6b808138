#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/contracts/money.hpp"
#include "common/contracts/object_reader.hpp"

// What one visitor of a web shop did.
//
//   {"event_time": "2019-10-01 00:00:00 UTC",   see parse_utc_time()
//    "event_type": "view",                one of kShopEventWords
//    "product_id": 44600062,              integer, 0..2^63-1; a search may do without
//    "category_id": 2103807459595387724,  the same
//    "category_code": "appliances.tv",    text, at most 200 characters *
//    "brand": "aqua",                     text, at most 100 *
//    "price": 33.20,                      amount, not negative; a search may do without
//    "user_id": 541312140,                integer, 0..2^63-1
//    "user_session": "72d76fde-...",      text, at most 64 *
//    "search_text": "fogão",              text, 1..500; of a search only
//    "txn_timestamp": "..."}              when a replay sent it; see parse_utc_time() *
//
// What has a * may be missing, null or (if it is no time) empty, which all mean the same; what a
// search may do without may be missing or null. Integers are exact, and are numbers or texts of
// digits, since some programs round numbers beyond 2^53; amounts see parse_money(). Times lie
// between 2000-01-01 and a day from now, and one without a zone is UTC, because the source's clock
// is: the zone of the rules says nothing. Other keys, and a search_text of another type of event,
// are kept and not looked at: an event is stored as it was received. A message body is one event
// or an array.
namespace esteira::contracts {

enum class ShopEventType : std::uint8_t { view, cart, remove_from_cart, purchase, search };
inline constexpr std::string_view kShopEventWords[] = {"view", "cart", "remove_from_cart",
                                                       "purchase", "search"};
inline std::string_view to_string(ShopEventType type) {
    return kShopEventWords[static_cast<std::size_t>(type)];
}

struct ShopEvent {
    BusinessTime event_time;
    ShopEventType event_type = ShopEventType::view;
    std::optional<std::int64_t> product_id;   // Nothing: a search without one.
    std::optional<std::int64_t> category_id;  // Likewise.
    std::string category_code;                // Empty: none.
    std::string brand;                        // Likewise.
    std::optional<Money> price;               // Nothing: a search without one.
    std::int64_t user_id = 0;
    std::string user_session;  // Empty: none.
    std::string search_text;   // Empty: no search.
    std::optional<BusinessTime> txn_timestamp;
    std::string item;  // The JSON object as received.

    bool operator==(const ShopEvent&) const = default;
};

// One entry per item, in their order. The error is the reason why the body as a whole cannot be
// read.
Result<std::vector<Item<ShopEvent>>, std::string> parse_shop_events(std::string_view body,
                                                                    const TimeRules& rules);

// As JSON, with the keys in the order above; what there is none of is left out. `item` and what the
// times mean are not looked at.
std::string write_shop_event(const ShopEvent& event);

}  // namespace esteira::contracts
