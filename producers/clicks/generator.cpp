#include "producers/clicks/generator.hpp"

#include <array>
#include <cstdio>
#include <numeric>

#include "common/base/check.hpp"

namespace esteira::clicks {

namespace {

using std::chrono::seconds;

// How busy each hour of the day is, in UTC: the evening is, the night is not.
constexpr std::array<std::uint64_t, 24> kHours = {8,  5,  3,  2,  1,  1,  1,  2,  3,  5,  8,  10,
                                                  11, 11, 11, 12, 13, 13, 13, 12, 13, 15, 15, 12};
constexpr std::uint64_t kHourSeconds = 3'600;
constexpr std::uint64_t kDayWeight =
    std::accumulate(kHours.begin(), kHours.end(), std::uint64_t{0}) * kHourSeconds;
static_assert(kDayWeight * kGeneratedDaysMax < UINT64_MAX / kGeneratedEventsMax);

constexpr std::uint64_t kUsersFlat = 12;
constexpr std::uint64_t kProductsFlat = 4;
constexpr std::uint64_t kUserIdLeast = 512'000'000;
// Odd, so that it only shuffles the numbers below the power of two.
constexpr std::uint64_t kUserShuffle = 2'654'435'761;
constexpr std::uint64_t kUserNumbers = 1 << 24;
static_assert(kGeneratedUsersMax <= kUserNumbers);

// Out of 10,000.
constexpr std::uint64_t kSearchFirst = 1'200;
constexpr std::uint64_t kCartAfterView = 371;
constexpr std::uint64_t kLeaveAfterView = 1'900;
constexpr std::uint64_t kPurchaseAfterCart = 4'900;
constexpr std::uint64_t kRemoveAfterCart = 1'350;
constexpr std::uint64_t kLeaveAfterPurchase = 6'500;
constexpr std::uint64_t kSameProduct = 700;
constexpr std::uint64_t kSameCategory = 5'500;

constexpr std::uint64_t kPauseLeast = 3;  // Seconds between two steps of a visit.
constexpr std::uint64_t kPauseMost = 120;

std::string hex(std::uint64_t number) {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
    return digits.data();
}

std::string session_id(std::mt19937_64& random) {
    // One after the other: in one expression the compiler would choose which comes first.
    std::string digits = hex(random());
    digits += hex(random());
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" +
           digits.substr(16, 4) + "-" + digits.substr(20);
}

void write_time(std::chrono::sys_seconds time, std::string& text) {
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day day(midnight);
    const std::chrono::hh_mm_ss clock(time - midnight);
    std::array<char, 64> form{};
    std::snprintf(form.data(), form.size(), "%04d-%02u-%02u %02d:%02d:%02d UTC",
                  static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                  static_cast<unsigned>(day.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    text = form.data();
}

}  // namespace

Generator::Generator(const GeneratorOptions& options)
    : options_(options),
      random_(options.seed),
      shop_(options.products, random_),
      users_(options.users, kUsersFlat),
      products_(options.products, kProductsFlat) {
    ESTEIRA_CHECK(options.events <= kGeneratedEventsMax && options.days >= 1 &&
                  options.days <= kGeneratedDaysMax && options.users <= kGeneratedUsersMax &&
                  options.products <= kGeneratedProductsMax);
}

// The events are spread evenly over the weight of all hours, in whole numbers.
std::chrono::sys_seconds Generator::time_of(std::uint64_t event) const {
    const std::uint64_t weight = event * (options_.days * kDayWeight) / options_.events;
    std::uint64_t rest = weight % kDayWeight;
    std::size_t hour = 0;
    while (rest >= kHours[hour] * kHourSeconds) {
        rest -= kHours[hour] * kHourSeconds;
        ++hour;
    }
    const std::uint64_t second =
        weight / kDayWeight * 86'400 + hour * kHourSeconds + rest / kHours[hour];
    return options_.until - std::chrono::days(options_.days) + seconds(second);
}

Generator::Visit Generator::arrive() {
    Visit visit;
    visit.number = ++arrived_;
    visit.user = users_.pick(random_);
    visit.product = products_.pick(random_);
    visit.session = session_id(random_);
    visit.next = options_.searches && happens(random_, kSearchFirst) ? Step::search : Step::view;
    return visit;
}

void Generator::look_further(Visit& visit) {
    if (happens(random_, kSameProduct)) {
        return;
    }
    if (happens(random_, kSameCategory)) {
        const auto& near = shop_.category_of(shop_.products()[visit.product]).products;
        visit.product = near[below(random_, near.size())];
    } else {
        visit.product = products_.pick(random_);
    }
}

Generator::Step Generator::step_after(Step step) {
    const std::uint64_t dice = below(random_, 10'000);
    switch (step) {
        case Step::view:
            if (dice < kCartAfterView) {
                return Step::cart;
            }
            return dice < kCartAfterView + kLeaveAfterView ? Step::leave : Step::view;
        case Step::cart:
            if (dice < kPurchaseAfterCart) {
                return Step::purchase;
            }
            return dice < kPurchaseAfterCart + kRemoveAfterCart ? Step::remove_from_cart
                                                                : Step::view;
        case Step::purchase:
            return dice < kLeaveAfterPurchase ? Step::leave : Step::view;
        case Step::search:
        case Step::remove_from_cart:
        case Step::leave:
            break;
    }
    return Step::view;
}

void Generator::write(const Visit& visit, std::chrono::sys_seconds time, ClickRow& row) {
    constexpr std::array<std::string_view, 5> kNames = {"search", "view", "cart",
                                                        "remove_from_cart", "purchase"};
    const ShopProduct& product = shop_.products()[visit.product];
    const ShopCategory& category = shop_.category_of(product);
    write_time(time, time_text_);
    user_text_ = std::to_string(kUserIdLeast + (visit.user + 1) * kUserShuffle % kUserNumbers);
    session_text_ = visit.session;
    search_text_.clear();
    if (visit.next == Step::search) {
        search_text_ = category.code.substr(category.code.find('.') + 1);
        search_text_ += search_text_.empty() || product.brand.empty() ? "" : " ";
        search_text_ += product.brand;
        search_text_ += search_text_.empty() ? "oferta" : "";
    }
    row = {time_text_,    kNames[static_cast<std::size_t>(visit.next)],
           product.id,    category.id,
           category.code, product.brand,
           product.price, user_text_,
           session_text_, search_text_};
}

// An event's time is fixed by its place; who fills it is a visitor that is due, else a new one.
bool Generator::next(ClickRow& row) {
    if (made_ == options_.events) {
        return false;
    }
    const std::chrono::sys_seconds time = time_of(made_++);
    Visit visit;
    if (!visits_.empty() && visits_.top().due <= time) {
        visit = visits_.top();
        visits_.pop();
    } else {
        visit = arrive();
    }
    write(visit, time, row);
    const Step step = visit.next;
    visit.next = step_after(step);
    if (visit.next != Step::leave) {
        // What was put into the cart was seen, what is bought was in the cart.
        if (visit.next == Step::view && step != Step::search) {
            look_further(visit);
        }
        visit.due = time + seconds(kPauseLeast + below(random_, kPauseMost - kPauseLeast));
        visits_.push(std::move(visit));
    }
    return true;
}

}  // namespace esteira::clicks
