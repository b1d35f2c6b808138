#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "producers/clicks/click_row.hpp"
#include "producers/clicks/shop.hpp"

// Made-up visits of a shop, the same for the same options on every machine, in the order of time.
// Few users and products have a large share. Visitors come by a rhythm of the day, look at
// products, of one category as a rule; of 1,000 events about 943 are views, 35 put what was just
// seen into the cart, 17 buy it and 5 take it out again.
namespace esteira::clicks {

inline constexpr std::uint64_t kGeneratedEventsMax = 1'000'000'000;
inline constexpr std::uint32_t kGeneratedDaysMax = 3'650;
inline constexpr std::size_t kGeneratedUsersMax = 1'000'000;
inline constexpr std::size_t kGeneratedProductsMax = 1'000'000;

struct GeneratorOptions {
    std::uint64_t events = 0;
    std::uint32_t days = 1;
    std::chrono::sys_days until{};  // All events are before it, and within `days`.
    std::size_t users = 20'000;
    std::size_t products = 5'000;
    std::uint64_t seed = 0;
    bool searches = false;  // Some visitors search before they look.
};

class Generator {
public:
    explicit Generator(const GeneratorOptions& options);

    // False: there were as many as asked for. The row's views hold until the next call.
    bool next(ClickRow& row);

    const Shop& shop() const { return shop_; }

private:
    enum class Step : std::uint8_t { search, view, cart, remove_from_cart, purchase, leave };

    struct Visit {
        std::chrono::sys_seconds due;  // Of its next step, at the earliest.
        std::uint64_t number = 0;
        Step next = Step::view;
        std::size_t user = 0;
        std::size_t product = 0;
        std::string session;
        // Soonest first; of one second, who came first.
        bool operator<(const Visit& other) const {
            return due != other.due ? due > other.due : number > other.number;
        }
    };

    std::chrono::sys_seconds time_of(std::uint64_t event) const;
    Visit arrive();
    void look_further(Visit& visit);
    Step step_after(Step step);
    void write(const Visit& visit, std::chrono::sys_seconds time, ClickRow& row);

    GeneratorOptions options_;
    std::mt19937_64 random_;
    Shop shop_;
    Skew users_;
    Skew products_;
    std::priority_queue<Visit> visits_;
    std::uint64_t made_ = 0;
    std::uint64_t arrived_ = 0;
    std::string time_text_;
    std::string user_text_;
    std::string session_text_;
    std::string search_text_;
};

}  // namespace esteira::clicks
