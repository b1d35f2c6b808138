#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

// The shop that made-up visitors walk through, the same for the same seed on every machine: the
// standard fixes what std::mt19937_64 gives, but not what its distributions do with it.
namespace esteira::clicks {

// 0 .. bound-1.
std::uint64_t below(std::mt19937_64& random, std::uint64_t bound);
// So many times in 10,000.
bool happens(std::mt19937_64& random, std::uint64_t per_10000);

// Ranks 0 .. count-1, of which rank k comes up as 1 / (k + flat): some very often, many rarely
// (Zipf and Mandelbrot). The larger `flat`, the smaller the share of the first ones.
class Skew {
public:
    Skew(std::size_t count, std::uint64_t flat);
    std::size_t pick(std::mt19937_64& random) const;

private:
    std::vector<std::uint64_t> up_to_;  // Sums of weights.
};

struct ShopCategory {
    std::string id;    // Beyond 2^53: a reader that takes it for a double makes another one of it.
    std::string code;  // "kitchen.kettle"; some have none.
    std::vector<std::size_t> products;
};

struct ShopProduct {
    std::string id;
    std::size_t category = 0;
    std::string brand;  // Some have none.
    std::string price;  // Two decimals.
};

// Every category has products, if there are as many as categories. All ids are distinct.
class Shop {
public:
    Shop(std::size_t products, std::mt19937_64& random);

    std::span<const ShopProduct> products() const { return products_; }
    std::span<const ShopCategory> categories() const { return categories_; }
    const ShopCategory& category_of(const ShopProduct& product) const {
        return categories_[product.category];
    }

private:
    std::vector<ShopCategory> categories_;
    std::vector<ShopProduct> products_;
};

}  // namespace esteira::clicks
