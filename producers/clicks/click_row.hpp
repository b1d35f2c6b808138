#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

// What a shop's visitors do, row by row, and what becomes of a row in a message:
//
//   {"event_time": "2026-11-20 10:00:00 UTC",  from 2000-01-01 on
//    "event_type": "view",                     cart, remove_from_cart, purchase, search
//    "product_id": 1004856,                    0 .. 2^63-1; a search may do without
//    "category_id": 2053013555631882655,       the same
//    "category_code": "kitchen.kettle",        at most 200 characters *
//    "brand": "canoa",                         at most 100 *
//    "price": 130.76,                          not below 0, always two decimals; see product_id
//    "user_id": 541312140,                     0 .. 2^63-1
//    "user_session": "...",                    at most 64 *
//    "search_text": "...",                     at most 500; * but of a search
//    "txn_timestamp": "2026-11-29T22:23:57.123Z"}  when it was sent
//
// What has a * may be empty, and is left out then.
// Numbers are written from their digits: no price and no id ever was a binary fraction.
namespace esteira::clicks {

// A row as it stands in a file; the views are the owner's.
struct ClickRow {
    std::string_view event_time;
    std::string_view event_type;
    std::string_view product_id;
    std::string_view category_id;
    std::string_view category_code;
    std::string_view brand;
    std::string_view price;
    std::string_view user_id;
    std::string_view user_session;
    std::string_view search_text;
};

struct ClickColumn {
    std::string_view name;
    std::string_view ClickRow::*field;
};

// In the order of the files; search_text, the last, may be missing.
inline constexpr ClickColumn kClickColumns[] = {{"event_time", &ClickRow::event_time},
                                                {"event_type", &ClickRow::event_type},
                                                {"product_id", &ClickRow::product_id},
                                                {"category_id", &ClickRow::category_id},
                                                {"category_code", &ClickRow::category_code},
                                                {"brand", &ClickRow::brand},
                                                {"price", &ClickRow::price},
                                                {"user_id", &ClickRow::user_id},
                                                {"user_session", &ClickRow::user_session},
                                                {"search_text", &ClickRow::search_text}};

struct Click {
    std::chrono::sys_seconds time;
    std::string json;  // Of the event, without txn_timestamp.
};

// The error is why the row is no event, as in "price 'abc' is not an amount like 12.30".
Result<Click, std::string> click_of(const ClickRow& row);

// How much an event adds to a message, beside its json.
inline constexpr std::size_t kClickFrameBytes = 64;

// The body of a message: an array of events, sent at `now`.
std::string click_message(std::span<const Click> clicks,
                          std::chrono::sys_time<std::chrono::milliseconds> now);

// The first line of a file, and a row as a line of it.
std::string click_csv_header(bool with_search);
void append_click_csv(const ClickRow& row, bool with_search, std::string& text);

}  // namespace esteira::clicks
