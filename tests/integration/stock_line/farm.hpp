#pragma once

#include <string>
#include <vector>

#include "tests/integration/farm/line_farm.hpp"

// The stock line as it is run.
namespace esteira::stock_line {

class Farm : public support::LineFarm {
public:
    // Beside what every line has: chk.history, into which the database itself writes each change of
    // a row.
    Farm();

    std::size_t rows() const;
    // How many positions were written in all: as many as rows, when nothing was written over.
    std::size_t writes() const;
};

// An item of a message. `second` is its time, counted from a fixed one.
std::string item_of(int product, int quantity, int second);
// One message a product, from `from` to `to` without it.
std::vector<std::string> one_product_each(int from, int to);

}  // namespace esteira::stock_line
