#include "common/contracts/shop_event.hpp"

#include <limits>

#include "common/contracts/fields.hpp"
#include "common/contracts/json_object.hpp"

namespace esteira::contracts {
namespace {

constexpr Range kId{0, std::numeric_limits<std::int64_t>::max()};
constexpr TextLimits kCategoryCode{0, 200};
constexpr TextLimits kBrand{0, 100};
constexpr TextLimits kSession{0, 64};
constexpr TextLimits kSearch{1, 500};

void read_id(ObjectReader& in, std::string_view key, std::int64_t& out) {
    in.integer(key, kId, out, Written::as_number_or_text);
}

ShopEvent read_event(ObjectReader& in, const TimeRules& rules) {
    ShopEvent event;
    in.utc_time("event_time", rules, event.event_time);
    std::size_t type = 0;
    in.word("event_type", kShopEventWords, type);
    event.event_type = static_cast<ShopEventType>(type);
    const bool search = event.event_type == ShopEventType::search;
    if (!search || in.given("product_id")) {
        read_id(in, "product_id", event.product_id.emplace());
    }
    if (!search || in.given("category_id")) {
        read_id(in, "category_id", event.category_id.emplace());
    }
    in.optional_text("category_code", kCategoryCode, event.category_code);
    in.optional_text("brand", kBrand, event.brand);
    if (!search || in.given("price")) {
        in.amount("price", event.price.emplace());
    }
    read_id(in, "user_id", event.user_id);
    in.optional_text("user_session", kSession, event.user_session);
    if (search) {
        in.text("search_text", kSearch, event.search_text);
    }
    if (in.given("txn_timestamp")) {
        in.utc_time("txn_timestamp", rules, event.txn_timestamp.emplace());
    }
    return event;
}

}  // namespace

Result<std::vector<Item<ShopEvent>>, std::string> parse_shop_events(std::string_view body,
                                                                    const TimeRules& rules) {
    return read_items<ShopEvent>(body, [&](ObjectReader& in) { return read_event(in, rules); });
}

std::string write_shop_event(const ShopEvent& event) {
    JsonObject out;
    out.text("event_time", event.event_time.text).text("event_type", to_string(event.event_type));
    if (event.product_id) {
        out.raw("product_id", std::to_string(*event.product_id));
    }
    if (event.category_id) {
        out.raw("category_id", std::to_string(*event.category_id));
    }
    out.optional_text("category_code", event.category_code).optional_text("brand", event.brand);
    if (event.price) {
        out.raw("price", write_money(*event.price));
    }
    out.raw("user_id", std::to_string(event.user_id))
        .optional_text("user_session", event.user_session)
        .optional_text("search_text", event.search_text);
    if (event.txn_timestamp) {
        out.text("txn_timestamp", event.txn_timestamp->text);
    }
    return out.take();
}

}  // namespace esteira::contracts
