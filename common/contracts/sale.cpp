#include "common/contracts/sale.hpp"

#include <limits>

#include "common/contracts/fields.hpp"
#include "common/contracts/json_object.hpp"

namespace esteira::contracts {
namespace {

constexpr Range kId{1, std::numeric_limits<std::int64_t>::max()};
constexpr Range kQuantity{1, 1'000'000};
constexpr TextLimits kRegion{1, 64};
constexpr DayRange kDay{{std::chrono::year(2000), std::chrono::January, std::chrono::day(1)},
                        LastDay::tomorrow};

void check_total(ObjectReader& in, const Sale& sale) {
    Money product;
    if (!multiply(sale.unit_price, sale.quantity, product)) {
        return in.refuse("quantity times unit_price is more than " + write_money(kMoneyMax));
    }
    if (sale.total_value != product) {
        in.refuse("total_value " + write_money(sale.total_value) +
                  " is not quantity times unit_price, " + write_money(product));
    }
}

Sale read_sale(ObjectReader& in, const TimeRules& rules) {
    Sale sale;
    in.integer("id", kId, sale.id);
    in.date("sale_date", kDay, rules, sale.sale_date);
    in.integer("product_id", kId, sale.product_id);
    in.integer("customer_id", kId, sale.customer_id);
    in.integer("quantity", kQuantity, sale.quantity);
    in.amount("unit_price", sale.unit_price);
    in.amount("total_value", sale.total_value);
    in.integer("seller_id", kId, sale.seller_id);
    in.text("region", kRegion, sale.region);
    check_total(in, sale);
    return sale;
}

}  // namespace

Result<std::vector<Item<Sale>>, std::string> parse_sales(std::string_view body,
                                                         const TimeRules& rules) {
    return read_items<Sale>(body, [&](ObjectReader& in) { return read_sale(in, rules); });
}

std::string write_sale(const Sale& sale) {
    return JsonObject()
        .raw("id", std::to_string(sale.id))
        .text("sale_date", write_day(sale.sale_date))
        .raw("product_id", std::to_string(sale.product_id))
        .raw("customer_id", std::to_string(sale.customer_id))
        .raw("quantity", std::to_string(sale.quantity))
        .raw("unit_price", write_money(sale.unit_price))
        .raw("total_value", write_money(sale.total_value))
        .raw("seller_id", std::to_string(sale.seller_id))
        .text("region", sale.region)
        .take();
}

}  // namespace esteira::contracts
