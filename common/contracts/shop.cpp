#include "common/contracts/shop.hpp"

#include <utility>

#include "common/contracts/fields.hpp"
#include "common/contracts/json_object.hpp"

namespace esteira::contracts {
namespace {

constexpr TextLimits kId{1, 64};
constexpr TextLimits kName{1, 200};
constexpr TextLimits kEmail{0, 254};
constexpr TextLimits kAddress{0, 500};
constexpr TextLimits kDescription{0, 2000};
constexpr TextLimits kCategory{0, 100};
constexpr Range kStock{-1'000'000'000, 1'000'000'000};
constexpr Range kQuantity{1, 1'000'000};
constexpr std::size_t kLinesMax = 1'000;
constexpr std::chrono::year_month_day kOldestBirth{std::chrono::year(1900), std::chrono::January,
                                                   std::chrono::day(1)};

Instant version_of(ObjectReader& in, const TimeRules& rules, Instant otherwise) {
    BusinessTime time{{}, otherwise};
    if (in.given("atualizado_em")) {
        in.time("atualizado_em", rules, time);
    }
    return time.instant;
}

Customer read_customer(ObjectReader& in, const TimeRules& rules, Instant otherwise) {
    Customer customer;
    in.text("cliente_id", kId, customer.cliente_id);
    in.text("nome", kName, customer.nome);
    in.optional_text("email", kEmail, customer.email);
    in.optional_text("endereco", kAddress, customer.endereco);
    if (in.given("data_nascimento")) {
        in.date("data_nascimento", {kOldestBirth}, rules, customer.data_nascimento.emplace());
    }
    if (in.given("preferencias")) {
        customer.preferencias = in.raw("preferencias");
    }
    customer.instante = version_of(in, rules, otherwise);
    return customer;
}

Product read_product(ObjectReader& in, const TimeRules& rules, Instant otherwise) {
    Product product;
    in.text("produto_id", kId, product.produto_id);
    in.text("nome", kName, product.nome);
    in.optional_text("descricao", kDescription, product.descricao);
    in.optional_text("categoria", kCategory, product.categoria);
    in.amount("preco", product.preco);
    in.integer("estoque", kStock, product.estoque);
    product.instante = version_of(in, rules, otherwise);
    return product;
}

// Adds a line's price to a sum.
void add_line(ObjectReader& line, Money price, std::int64_t quantity, Money& sum) {
    Money product;
    if (!multiply(price, quantity, product) || (sum += product) > kMoneyMax) {
        line.refuse("the lines come to more than " + write_money(kMoneyMax));
    }
}

void check_total(ObjectReader& in, Money total, Money sum) {
    if (total != sum) {
        in.refuse("total " + write_money(total) + " is not what its lines come to, " +
                  write_money(sum));
    }
}

void read_embedded_customer(ObjectReader& in, const TimeRules& rules, Order& order) {
    in.object("cliente", [&](ObjectReader& inner) {
        Customer customer = read_customer(inner, rules, order.instante);
        if (inner.ok() && customer.cliente_id != order.cliente_id) {
            inner.refuse("cliente_id is another one than the order's");
        }
        order.cliente = std::move(customer);
    });
    if (order.cliente) {
        order.cliente->item = in.raw("cliente");
    }
}

Order read_order(ObjectReader& in, const TimeRules& rules) {
    Order order;
    in.text("pedido_id", kId, order.pedido_id);
    in.text("cliente_id", kId, order.cliente_id);
    in.time("data", rules, order.data);
    std::size_t status = 0;
    in.word("status", kOrderStatusWords, status);
    order.status = static_cast<OrderStatus>(status);
    in.amount("total", order.total);
    Money sum;
    in.objects("itens", 1, kLinesMax, [&](ObjectReader& line) {
        OrderLine& read = order.itens.emplace_back();
        line.optional_text("item_id", kId, read.item_id);
        line.text("produto_id", kId, read.produto_id);
        line.integer("quantidade", kQuantity, read.quantidade);
        line.amount("preco_unitario", read.preco_unitario);
        add_line(line, read.preco_unitario, read.quantidade, sum);
    });
    check_total(in, order.total, sum);
    order.instante = version_of(in, rules, order.data.instant);
    if (in.given("cliente")) {
        read_embedded_customer(in, rules, order);
    }
    return order;
}

Cart read_cart(ObjectReader& in, const TimeRules& rules, Instant otherwise) {
    Cart cart;
    in.text("carrinho_id", kId, cart.carrinho_id);
    in.text("cliente_id", kId, cart.cliente_id);
    Money sum;
    bool priced = true;
    in.objects("itens", 0, kLinesMax, [&](ObjectReader& line) {
        CartLine& read = cart.itens.emplace_back();
        line.text("produto_id", kId, read.produto_id);
        line.integer("quantidade", kQuantity, read.quantidade);
        if (!line.given("preco_unitario")) {
            priced = false;
            return;
        }
        line.amount("preco_unitario", read.preco_unitario.emplace());
        add_line(line, *read.preco_unitario, read.quantidade, sum);
    });
    in.amount("total", cart.total);
    if (priced) {
        check_total(in, cart.total, sum);
    }
    cart.instante = version_of(in, rules, otherwise);
    return cart;
}

ShopEntity read_entity(ObjectReader& in, const TimeRules& rules, Instant sent_at) {
    if (in.given("carrinho_id")) {
        return read_cart(in, rules, sent_at);
    }
    if (in.given("pedido_id")) {
        return read_order(in, rules);
    }
    if (in.given("produto_id")) {
        return read_product(in, rules, sent_at);
    }
    if (!in.given("cliente_id")) {
        in.refuse("none of cliente_id, produto_id, pedido_id, carrinho_id is there");
    }
    return read_customer(in, rules, sent_at);
}

template <class Line, class Write>
std::string write_array(const std::vector<Line>& lines, const Write& write) {
    std::string out = "[";
    for (const Line& line : lines) {
        out += (out.size() > 1 ? "," : "") + write(line);
    }
    return out + "]";
}

}  // namespace

Result<std::vector<Item<ShopEntity>>, std::string> parse_shop(std::string_view body,
                                                              const TimeRules& rules,
                                                              WallTime sent_at) {
    const Instant sent = std::chrono::time_point_cast<std::chrono::microseconds>(sent_at);
    return read_items<ShopEntity>(body,
                                  [&](ObjectReader& in) { return read_entity(in, rules, sent); });
}

std::string write_customer(const Customer& customer, std::string_view atualizado_em) {
    JsonObject out;
    out.text("cliente_id", customer.cliente_id).text("nome", customer.nome);
    out.optional_text("email", customer.email).optional_text("endereco", customer.endereco);
    if (customer.data_nascimento) {
        out.text("data_nascimento", write_day(*customer.data_nascimento));
    }
    if (!customer.preferencias.empty()) {
        out.raw("preferencias", customer.preferencias);
    }
    return out.optional_text("atualizado_em", atualizado_em).take();
}

std::string write_product(const Product& product, std::string_view atualizado_em) {
    return JsonObject()
        .text("produto_id", product.produto_id)
        .text("nome", product.nome)
        .optional_text("descricao", product.descricao)
        .optional_text("categoria", product.categoria)
        .raw("preco", write_money(product.preco))
        .raw("estoque", std::to_string(product.estoque))
        .optional_text("atualizado_em", atualizado_em)
        .take();
}

std::string write_order_lines(const std::vector<OrderLine>& lines) {
    return write_array(lines, [](const OrderLine& line) {
        return JsonObject()
            .optional_text("item_id", line.item_id)
            .text("produto_id", line.produto_id)
            .raw("quantidade", std::to_string(line.quantidade))
            .raw("preco_unitario", write_money(line.preco_unitario))
            .take();
    });
}

std::string write_order(const Order& order, std::string_view atualizado_em) {
    JsonObject out;
    out.text("pedido_id", order.pedido_id)
        .text("cliente_id", order.cliente_id)
        .text("data", order.data.text)
        .text("status", to_string(order.status))
        .raw("total", write_money(order.total))
        .raw("itens", write_order_lines(order.itens));
    if (order.cliente) {
        out.raw("cliente", write_customer(*order.cliente));
    }
    return out.optional_text("atualizado_em", atualizado_em).take();
}

std::string write_cart_lines(const std::vector<CartLine>& lines) {
    return write_array(lines, [](const CartLine& line) {
        JsonObject out;
        out.text("produto_id", line.produto_id).raw("quantidade", std::to_string(line.quantidade));
        if (line.preco_unitario) {
            out.raw("preco_unitario", write_money(*line.preco_unitario));
        }
        return out.take();
    });
}

std::string write_cart(const Cart& cart, std::string_view atualizado_em) {
    return JsonObject()
        .text("carrinho_id", cart.carrinho_id)
        .text("cliente_id", cart.cliente_id)
        .raw("itens", write_cart_lines(cart.itens))
        .raw("total", write_money(cart.total))
        .optional_text("atualizado_em", atualizado_em)
        .take();
}

}  // namespace esteira::contracts
