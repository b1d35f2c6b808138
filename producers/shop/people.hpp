#pragma once

#include "common/contracts/shop.hpp"
#include "producers/shop/dice.hpp"

namespace esteira::shop {

// A made-up Brazilian customer, 18 to 70 years old on `today`: name, e-mail, an address of two
// lines, preferences. `cliente_id` is set, the times are not.
contracts::Customer make_customer(Dice& dice, std::chrono::year_month_day today);

}  // namespace esteira::shop
