#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/postgres/connection.hpp"

// The reading side of the speed layer, for the query programs and the gateway. Every answer is JSON
// text, an array, of at most `count` objects; times are UTC, "2026-01-31T12:00:00Z". Throws
// postgres::Error.
namespace esteira::clicks {

inline constexpr std::int64_t kAnswerMax = 10'000;

// What a user did, the newest first, at most `minutes` ago (0: however long ago):
// {"event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price",
//  "user_session", "search_text"}; what there is none of is null.
std::string interactions(postgres::Connection& connection, std::int64_t user_id,
                         std::int64_t minutes, std::int64_t count);

// Windows in which somebody did more than people do, the newest first; of one user or, without, of
// all: {"user_id", "janela", "nivel": "suspeita" or "ataque", "eventos"}, one object a window.
std::string alerts(postgres::Connection& connection, std::optional<std::int64_t> user_id,
                   std::int64_t count);

// What a user has put in the cart and neither taken out nor bought since:
// {"user_session", "product_id", "desde", "price"}.
std::string open_carts(postgres::Connection& connection, std::int64_t user_id, std::int64_t count);

// Days and their exact unique visitors, the newest first: {"dia": "2026-01-31", "visitantes"}.
std::string visitors(postgres::Connection& connection, std::int64_t count);

// Of a day (YYYY-MM-DD), what was counted of each category or brand, all hours together, the most
// viewed first: {"category_code" or "brand", "view", "cart", "remove_from_cart", "purchase",
// "search"}; null is what had none.
std::string categories(postgres::Connection& connection, std::string_view day, std::int64_t count);
std::string brands(postgres::Connection& connection, std::string_view day, std::int64_t count);

}  // namespace esteira::clicks
