#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

// Chance that is the same for the same seed on every machine: the standard fixes what the engine
// gives, but not what its distributions do with it.
namespace esteira::shop {

class Dice {
public:
    // Apart for every kind of thing and every one of its kind: so the millionth order is made
    // without the ones before it.
    Dice(std::uint64_t seed, std::uint64_t kind, std::uint64_t number)
        : random_(mixed(mixed(mixed(seed) + kind) + number)) {}

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    std::uint64_t from_to(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    template <class List>
    std::string_view one_of(const List& list) {
        return list[below(std::size(list))];
    }
    // A random UUID (RFC 9562, version 4).
    std::string uuid() {
        constexpr std::string_view kHex = "0123456789abcdef";
        std::string text;
        for (int i = 0; i < 32; ++i) {
            if (i == 8 || i == 12 || i == 16 || i == 20) {
                text.push_back('-');
            }
            const std::uint64_t digit = below(16);
            text.push_back(i == 12 ? '4' : kHex[i == 16 ? 8 + digit % 4 : digit]);
        }
        return text;
    }

private:
    // SplitMix64: neighbours end far apart.
    static std::uint64_t mixed(std::uint64_t value) {
        value += 0x9E3779B97F4A7C15ULL;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
        return value ^ (value >> 31);
    }

    std::mt19937_64 random_;
};

}  // namespace esteira::shop
