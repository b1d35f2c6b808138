#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/contracts/money.hpp"
#include "common/contracts/object_reader.hpp"

// One sale, a row of the table `sales`.
//
//   {"id": 17,                      integer, 1..2^63-1, as the next three
//    "sale_date": "2023-06-30",     a day from 2000-01-01 to tomorrow, in the zone of the rules
//    "product_id": 101,
//    "customer_id": 1001,
//    "quantity": 3,                 integer, 1..1000000
//    "unit_price": 10.50,           amount, not negative
//    "total_value": 31.50,          amount: quantity times unit_price, to the centavo
//    "seller_id": 7,
//    "region": "Norte"}             text, 1..64 characters
//
// Nothing may be missing. Integers are JSON numbers; amounts are numbers or texts of numbers, see
// parse_money(). Other keys are kept: a sale is stored as it was received. A message body is one
// sale or an array. Tomorrow is taken because a shop east of the zone is there already.
namespace esteira::contracts {

struct Sale {
    std::int64_t id = 0;
    std::chrono::year_month_day sale_date;
    std::int64_t product_id = 0;
    std::int64_t customer_id = 0;
    std::int64_t quantity = 0;
    Money unit_price;
    Money total_value;
    std::int64_t seller_id = 0;
    std::string region;
    std::string item;  // The JSON object as received.

    bool operator==(const Sale&) const = default;
};

// One entry per item, in their order. The error is the reason why the body as a whole cannot be
// read.
Result<std::vector<Item<Sale>>, std::string> parse_sales(std::string_view body,
                                                         const TimeRules& rules);

// As JSON, with the keys in the order above. `item` is not looked at.
std::string write_sale(const Sale& sale);

}  // namespace esteira::contracts
