#include "producers/shop/shop.hpp"

#include "common/base/check.hpp"
#include "producers/shop/goods.hpp"
#include "producers/shop/people.hpp"

namespace esteira::shop {
namespace {

using contracts::Instant;
using contracts::Money;
using contracts::OrderStatus;

// What there is dice for.
enum Kind : std::uint64_t { customer_kind, product_kind, order_kind, ending_kind, cart_kind };

constexpr std::uint64_t kDays = 30;
constexpr auto kStart = std::chrono::days(kDays + 1);

Money price_of(Money price, std::int64_t quantity) {
    Money product;
    ESTEIRA_CHECK(contracts::multiply(price, quantity, product));
    return product;
}

}  // namespace

Shop::Shop(ShopSize size, std::uint64_t seed, std::chrono::year_month_day until,
           const contracts::Zone& zone, bool embed_customers)
    : size_(size),
      seed_(seed),
      until_(until),
      zone_(zone),
      embed_customers_(embed_customers),
      end_(zone.instant(contracts::LocalTime(
          std::chrono::local_days(std::chrono::sys_days(until).time_since_epoch())))) {
    ESTEIRA_CHECK((size.orders == 0 && size.carts == 0) ||
                  (size.customers > 0 && size.products > 0));
}

std::string Shop::time_text(Instant instant) const {
    return contracts::write_local_time(instant, zone_);
}

contracts::Customer Shop::customer_of(std::uint64_t number) const {
    Dice dice(seed_, customer_kind, number);
    return make_customer(dice, until_);
}

contracts::Product Shop::product_of(std::uint64_t number) const {
    Dice dice(seed_, product_kind, number);
    return make_product(dice);
}

std::string Shop::customer(std::uint64_t number) const {
    return contracts::write_customer(customer_of(number), time_text(end_ - kStart));
}

std::string Shop::product(std::uint64_t number) const {
    return contracts::write_product(product_of(number), time_text(end_ - kStart));
}

OrderStatus Shop::ending_of(std::uint64_t number) const {
    Dice dice(seed_, ending_kind, number);
    return static_cast<OrderStatus>(dice.below(std::size(contracts::kOrderStatusWords)));
}

// Pendente, Enviado, Entregue; or Pendente, Cancelado.
std::uint64_t Shop::versions_of(std::uint64_t number) const {
    const OrderStatus ending = ending_of(number);
    return ending == OrderStatus::cancelado ? 2 : static_cast<std::uint64_t>(ending) + 1;
}

std::string Shop::order(std::uint64_t number, std::uint64_t version) const {
    ESTEIRA_CHECK(version < versions_of(number));
    Dice dice(seed_, order_kind, number);
    contracts::Order order;
    order.pedido_id = dice.uuid();
    const contracts::Customer customer = customer_of(dice.below(size_.customers));
    order.cliente_id = customer.cliente_id;
    // The last change of an order lies at most six hours behind it, and before the end.
    constexpr std::uint64_t kSeconds = kDays * 86'400;
    constexpr auto kBetween = std::chrono::hours(2);
    const Instant made = end_ - std::chrono::seconds(dice.from_to(3 * 7200, kSeconds));
    order.data = {time_text(made), made};
    for (std::uint64_t line = dice.from_to(1, 5); line > 0; --line) {
        const contracts::Product product = product_of(dice.below(size_.products));
        const auto quantity = static_cast<std::int64_t>(dice.from_to(1, 3));
        order.itens.push_back({dice.uuid(), product.produto_id, quantity, product.preco});
        order.total += price_of(product.preco, quantity);
    }
    const bool cancelled = version == 1 && ending_of(number) == OrderStatus::cancelado;
    order.status = cancelled ? OrderStatus::cancelado : static_cast<OrderStatus>(version);
    if (embed_customers_) {
        order.cliente = customer;
    }
    return contracts::write_order(order, time_text(made + kBetween * version));
}

std::string Shop::cart(std::uint64_t number) const {
    Dice dice(seed_, cart_kind, number);
    contracts::Cart cart;
    cart.carrinho_id = dice.uuid();
    cart.cliente_id = customer_of(dice.below(size_.customers)).cliente_id;
    for (std::uint64_t line = dice.from_to(1, 4); line > 0; --line) {
        const contracts::Product product = product_of(dice.below(size_.products));
        const auto quantity = static_cast<std::int64_t>(dice.from_to(1, 3));
        cart.itens.push_back({product.produto_id, quantity, product.preco});
        cart.total += price_of(product.preco, quantity);
    }
    const Instant touched = end_ - std::chrono::seconds(dice.from_to(60, 3 * 86'400));
    return contracts::write_cart(cart, time_text(touched));
}

}  // namespace esteira::shop
