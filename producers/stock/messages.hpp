#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/business_time.hpp"
#include "producers/stock/catalogue.hpp"

namespace esteira::stock {

inline constexpr std::size_t kItemsPerMessage = 35;  // Unless somebody asks for another number.
inline constexpr std::size_t kItemsPerMessageMax = 1'000;
inline constexpr std::int32_t kQuantityMax = 10'000;

// Makes the messages of one run over all branches: for each branch in its order, every product in
// its order, up to `items` of them a message; a message holds items of one branch alone.
// 1,000 products in 2 branches: 58 messages, 2,000 items. Quantities are uniform in
// 1..kQuantityMax and the same for the same seed. Products and branches outlive it.
class MessageMaker {
public:
    MessageMaker(std::span<const Product> products, std::span<const std::string> branches,
                 std::uint64_t seed, std::size_t items = kItemsPerMessage);

    bool done() const { return branch_ == branches_.size(); }
    std::size_t messages_total() const;
    // The body of the next message, its items dated `now` in the zone's local time. Not when
    // done().
    std::string next(contracts::Instant now, const contracts::Zone& zone);

private:
    std::span<const Product> products_;
    std::span<const std::string> branches_;
    std::size_t items_;
    std::mt19937_64 random_;
    std::size_t branch_ = 0;
    std::size_t product_ = 0;
};

}  // namespace esteira::stock
