#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

// What a supermarket sells. Either the user's own list, or a made-up one that is the same for the
// same seed, on every machine.
namespace esteira::stock {

struct Product {
    std::string codigo_barra;  // Text: leading zeros count.
    std::string nome_produto;
    bool operator==(const Product&) const = default;
};

// `count` (at most kCatalogueMax) products of Brazilian supermarkets: names with brand and size, no
// two the same, and distinct 13-digit barcodes with a right check digit, about one in ten of which
// begins with 0.
inline constexpr std::size_t kCatalogueMax = 100'000;
std::vector<Product> made_up_catalogue(std::uint64_t seed, std::size_t count = 1'000);

inline constexpr std::size_t kCatalogueBytesMax = 64 << 20;

// A JSON array of {"codigo_barra": "...", "nome_produto": "..."}, in its order; other keys are
// ignored. The error names the first product (counted from 1) that cannot be used: a list that is
// half read would be a wrong one.
Result<std::vector<Product>, std::string> parse_catalogue(std::string_view json);

// The same from a file, of at most kCatalogueBytesMax. The error names the file.
Result<std::vector<Product>, std::string> read_catalogue(const std::string& path);

}  // namespace esteira::stock
