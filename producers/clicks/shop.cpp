#include "producers/clicks/shop.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/check.hpp"
#include "common/contracts/money.hpp"

namespace esteira::clicks {

namespace {

// Words of our own, each with what its articles cost, in reais. An empty code: none was given.
struct Kind {
    std::string_view code;
    std::uint64_t least;
    std::uint64_t most;
};
constexpr std::array kKinds = {
    Kind{"electronics.smartphone", 699, 6999},
    Kind{"electronics.earphone", 39, 899},
    Kind{"electronics.watch", 149, 2499},
    Kind{"electronics.television", 899, 7999},
    Kind{"computing.notebook", 1899, 9999},
    Kind{"computing.printer", 299, 1999},
    Kind{"computing.keyboard", 49, 699},
    Kind{"kitchen.kettle", 59, 349},
    Kind{"kitchen.blender", 79, 599},
    Kind{"kitchen.oven", 399, 3499},
    Kind{"kitchen.pressure_cooker", 89, 459},
    Kind{"laundry.washer", 1199, 4999},
    Kind{"laundry.iron", 69, 399},
    Kind{"climate.fan", 99, 499},
    Kind{"climate.air_conditioner", 1399, 5499},
    Kind{"house.sofa", 799, 5999},
    Kind{"house.lamp", 29, 449},
    Kind{"house.curtain", 39, 399},
    Kind{"house.mattress", 499, 3999},
    Kind{"garden.hammock", 59, 399},
    Kind{"garden.hose", 29, 249},
    Kind{"tools.drill", 129, 1299},
    Kind{"tools.ladder", 99, 899},
    Kind{"sport.football", 39, 299},
    Kind{"sport.bicycle", 699, 6499},
    Kind{"sport.running_shoe", 149, 1199},
    Kind{"fashion.sandal", 29, 249},
    Kind{"fashion.backpack", 59, 499},
    Kind{"kids.stroller", 299, 2999},
    Kind{"kids.building_blocks", 39, 799},
    Kind{"beauty.hair_dryer", 79, 699},
    Kind{"beauty.perfume", 69, 899},
    Kind{"", 9, 499},
    Kind{"", 19, 999},
    Kind{"", 5, 199},
    Kind{"", 49, 1999},
};

constexpr std::array<std::string_view, 24> kBrands = {
    "araucaria", "bemtevi",  "canoa",    "caatinga", "cerrado",   "curupira", "garoa",    "ipe",
    "jangada",   "jatoba",   "mantiq",   "marola",   "pampa",     "piracema", "quaresma", "sabia",
    "serrana",   "tamandua", "tatubola", "toca",     "tres.rios", "uirapuru", "vereda",   "xaxim"};

constexpr std::uint64_t kWeightScale = 1ULL << 40;
constexpr std::uint64_t kCategoryIdLeast = 2'053'013'500'000'000'000;
constexpr std::uint64_t kCategoryIdStep = 100'000'000'000'000;
constexpr std::uint64_t kProductIdLeast = 1'000'000;
constexpr std::uint64_t kProductIdStep = 47;
constexpr std::uint64_t kNoBrandPer10000 = 1'400;
constexpr std::int64_t kCentavos = 100;

// Prices end as prices do: in 90, 99, 00 or, of some, in anything.
std::string made_up_price(const Kind& kind, std::mt19937_64& random) {
    constexpr std::array<std::uint64_t, 4> kEnds = {90, 99, 0, 50};
    const std::uint64_t reais = kind.least + below(random, kind.most - kind.least);
    const std::uint64_t end =
        happens(random, 7'000) ? kEnds[below(random, kEnds.size())] : below(random, 100);
    return contracts::write_money(
        {static_cast<std::int64_t>(reais) * kCentavos + static_cast<std::int64_t>(end)});
}

}  // namespace

std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) { return random() % bound; }

bool happens(std::mt19937_64& random, std::uint64_t per_10000) {
    return below(random, 10'000) < per_10000;
}

Skew::Skew(std::size_t count, std::uint64_t flat) {
    ESTEIRA_CHECK(count > 0 && flat > 0);
    up_to_.reserve(count);
    std::uint64_t sum = 0;
    for (std::size_t rank = 0; rank < count; ++rank) {
        sum += kWeightScale / (rank + flat);
        up_to_.push_back(sum);
    }
}

std::size_t Skew::pick(std::mt19937_64& random) const {
    const auto found = std::upper_bound(up_to_.begin(), up_to_.end(), below(random, up_to_.back()));
    return static_cast<std::size_t>(found - up_to_.begin());
}

Shop::Shop(std::size_t products, std::mt19937_64& random) {
    for (const Kind& kind : kKinds) {
        const std::uint64_t id = kCategoryIdLeast + categories_.size() * kCategoryIdStep +
                                 below(random, kCategoryIdStep);
        categories_.push_back({std::to_string(id), std::string(kind.code), {}});
    }
    products_.reserve(products);
    for (std::size_t i = 0; i < products; ++i) {
        ShopProduct& product = products_.emplace_back();
        product.category =
            i < kKinds.size() ? i : static_cast<std::size_t>(below(random, kKinds.size()));
        product.id =
            std::to_string(kProductIdLeast + i * kProductIdStep + below(random, kProductIdStep));
        product.price = made_up_price(kKinds[product.category], random);
        if (!happens(random, kNoBrandPer10000)) {
            product.brand = kBrands[below(random, kBrands.size())];
        }
        categories_[product.category].products.push_back(i);
    }
}

}  // namespace esteira::clicks
