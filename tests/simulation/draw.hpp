#pragma once

#include <cstdint>

namespace esteira::simulation {

// splitmix64: every choice of a life comes from its seed, and from nothing else.
class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(seed * 0xD1342543DE82EF95ULL + 1) {}

    std::uint64_t any() {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t value = state_;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
        return value ^ (value >> 31);
    }
    std::uint32_t below(std::uint64_t end) { return static_cast<std::uint32_t>(any() % end); }
    std::uint32_t from_to(std::uint32_t first, std::uint32_t last) {
        return first + below(std::uint64_t{last} - first + 1);
    }
    bool chance(std::uint32_t per_mille) { return per_mille != 0 && below(1000) < per_mille; }

private:
    std::uint64_t state_;
};

}  // namespace esteira::simulation
