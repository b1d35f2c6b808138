#pragma once

#include "common/contracts/shop.hpp"
#include "producers/shop/dice.hpp"

namespace esteira::shop {

// A made-up product: R$ 10.00 to R$ 1,000.00, 1 to 100 of it in stock. `produto_id` is set, the
// times are not.
contracts::Product make_product(Dice& dice);

}  // namespace esteira::shop
