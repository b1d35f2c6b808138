#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/contracts/catalogue_entry.hpp"
#include "common/contracts/sale.hpp"
#include "common/contracts/shop.hpp"
#include "common/contracts/shop_event.hpp"
#include "tests/common/contracts/refusal.hpp"

// Sample bodies of the contracts, cut, changed, spliced and made up: no byte of a body is lost
// between its items, the same body is always read alike, what is taken can be written and read
// again, and what is refused has a reason that a person can read. Runs under the sanitizers.
namespace esteira::contracts {
namespace {

// How a body was read. `told` of a good item is how it is written, of a bad one its reason.
struct Read {
    bool good = false;
    std::string item;
    std::string told;
    bool operator==(const Read&) const = default;
};
struct Reading {
    std::optional<std::string> refused;
    std::vector<Read> items;
    bool operator==(const Reading&) const = default;
};

template <class Items, class Write>
Reading reading(const Items& items, const Write& write) {
    Reading all;
    if (!items) {
        all.refused = items.error();
        return all;
    }
    for (const auto& item : items.value()) {
        if (item) {
            const auto [text, json] = write(item.value());
            all.items.push_back({true, text, json});
        } else {
            all.items.push_back({false, item.error().item, item.error().reason});
        }
    }
    return all;
}

using Told = std::pair<std::string, std::string>;

Told written(const Customer& it) { return {it.item, write_customer(it)}; }
Told written(const Product& it) { return {it.item, write_product(it)}; }
Told written(const Order& it) { return {it.item, write_order(it)}; }
Told written(const Cart& it) { return {it.item, write_cart(it)}; }

void expect_within(Money amount) {
    EXPECT_GE(amount, Money{0});
    EXPECT_LE(amount, kMoneyMax);
}
void expect_within(const BusinessTime& time) {
    EXPECT_GE(time.instant, kOldestTime);
    EXPECT_LE(time.instant, kNow + std::chrono::days(1));
}

Reading read_shop(std::string_view body) {
    return reading(parse_shop(body, kRules, kNow), [](const ShopEntity& entity) {
        if (const auto* order = std::get_if<Order>(&entity)) {
            Money sum;
            for (const OrderLine& line : order->itens) {
                Money cost;
                EXPECT_TRUE(multiply(line.preco_unitario, line.quantidade, cost));
                sum += cost;
            }
            EXPECT_EQ(sum, order->total);
            expect_within(order->data);
            EXPECT_FALSE(order->cliente && order->cliente->cliente_id != order->cliente_id);
        }
        return std::visit([](const auto& known) { return written(known); }, entity);
    });
}

Reading read_events(std::string_view body) {
    return reading(parse_shop_events(body, kRules), [](const ShopEvent& event) {
        const bool search = event.event_type == ShopEventType::search;
        EXPECT_TRUE(search || (event.product_id && event.category_id && event.price));
        EXPECT_EQ(search, !event.search_text.empty());
        EXPECT_GE(event.user_id, 0);
        expect_within(event.price.value_or(Money{}));
        expect_within(event.event_time);
        expect_within(event.txn_timestamp.value_or(event.event_time));
        return Told{event.item, write_shop_event(event)};
    });
}

Reading read_sales(std::string_view body) {
    return reading(parse_sales(body, kRules), [](const Sale& sale) {
        Money product;
        EXPECT_TRUE(multiply(sale.unit_price, sale.quantity, product));
        EXPECT_EQ(product, sale.total_value);
        EXPECT_GT(std::min({sale.id, sale.product_id, sale.customer_id, sale.seller_id}), 0);
        EXPECT_TRUE(sale.sale_date.ok());
        return Told{sale.item, write_sale(sale)};
    });
}

Reading read_entries(std::string_view body) {
    return reading(parse_catalogue_entries(body, kRules, kNow), [](const CatalogueEntry& entry) {
        EXPECT_FALSE(entry.codigo_barra.empty());
        expect_within(BusinessTime{"", entry.instante});
        return Told{entry.item, write_catalogue_entry(entry)};
    });
}

bool is_utf8(const std::string& text) {
    try {
        return !nlohmann::json(text).dump().empty();
    } catch (const nlohmann::json::type_error&) {
        return false;
    }
}

void expect_told(const std::string& reason) {
    EXPECT_FALSE(reason.empty());
    EXPECT_LE(reason.size(), 512u) << reason;
    EXPECT_TRUE(is_utf8(reason)) << testing::PrintToString(reason);
}

// Between the items, in their order, a body has nothing but blanks, commas and the array's ends.
void expect_accounted(std::string_view body, const Reading& reading) {
    std::string_view rest = body;
    const auto only_structure = [](std::string_view text) {
        return text.find_first_not_of(" \t\r\n,[]") == std::string_view::npos;
    };
    for (const Read& read : reading.items) {
        const std::size_t place = rest.find(read.item);
        ASSERT_NE(place, std::string_view::npos) << read.item << " is not in " << body;
        ASSERT_TRUE(only_structure(rest.substr(0, place))) << rest.substr(0, place);
        rest.remove_prefix(place + read.item.size());
    }
    EXPECT_TRUE(only_structure(rest)) << rest << " of " << body;
}

struct Contract {
    const char* name;
    Reading (*read)(std::string_view body);
    std::vector<std::string> bodies;  // All items of these are good.
};

void PrintTo(const Contract& contract, std::ostream* out) { *out << contract.name; }

const std::string kCustomerBody =
    R"({"cliente_id":"c","nome":"Conceição \ud83d\ude00","email":"a@b","endereco":"x\ny",)"
    R"("data_nascimento":"1990-12-31","preferencias":[1e400],)"
    R"("atualizado_em":"2024-04-30T10:00:00.25-03:00"})";

const std::vector<Contract> kContracts = {
    {"Shop",
     read_shop,
     {kCustomerBody,
      R"([ {"produto_id":"p","nome":"x","descricao":"","categoria":null,"preco":12.30,)"
      R"("estoque":-5} , {"carrinho_id":"k","cliente_id":"c","itens":[{"produto_id":"p",)"
      R"("quantidade":2,"preco_unitario":"0.10"},{"produto_id":"q","quantidade":1}],)"
      R"("total":"1.00"}])",
      R"({"pedido_id":"o","cliente_id":"c","data":"2024-04-30 10:00:00","status":"Enviado",)"
      R"("total":0.30,"itens":[{"item_id":"i","produto_id":"p","quantidade":1,)"
      R"("preco_unitario":0.1},{"produto_id":"p","quantidade":2,"preco_unitario":"0.10"}],)"
      R"("cliente":)" +
          kCustomerBody + "}"}},
    {"ShopEvent",
     read_events,
     {R"({"event_time":"2019-10-01 00:00:00 UTC","event_type":"view","product_id":44600062,)"
      R"("category_id":"2103807459595387724","category_code":"","brand":"Irmãs","price":35.79,)"
      R"("user_id":541312140,"user_session":"0-1","txn_timestamp":"2024-04-30T10:00:00Z"})",
      R"([{"event_time":"2024-04-30T10:00:00-03:00","event_type":"search","user_id":0,)"
      R"("search_text":"fogão"},{"event_time":"2024-04-30 10:00:00","event_type":"purchase",)"
      R"("product_id":1,"category_id":2,"price":"0.05","user_id":9223372036854775807,"x":null}])"}},
    {"Sale",
     read_sales,
     {R"({"id":17,"sale_date":"2023-06-30","product_id":101,"customer_id":1001,"quantity":3,)"
      R"("unit_price":10.50,"total_value":31.50,"seller_id":7,"region":"Norte"})",
      R"([ {"id":9223372036854775807,"sale_date":"2024-02-29","product_id":1,"customer_id":2,)"
      R"("quantity":1000000,"unit_price":"0.01","total_value":"10000","seller_id":3,)"
      R"("region":"S\u00e3o","x":[{"y":1e40}]} ])"}},
    {"CatalogueEntry",
     read_entries,
     {R"({"codigo_barra":"0789","nome_produto":"Feijão","categoria":"Grãos",)"
      R"("atualizado_em":"2024-04-30 10:00:00"})",
      R"([{"codigo_barra":"1","nome_produto":""},{"nome_produto":"\"","codigo_barra":"2",)"
      R"("categoria":null,"atualizado_em":null,"preco":{"a":[]}}])"}},
};

class ItemsCorpus : public testing::TestWithParam<Contract> {
protected:
    // Reads a body, as heap memory of exactly its size so that reading beyond it is seen, and holds
    // what comes out to the promises. How many items are good; -1: not even the body.
    int read(std::string_view body) const {
        const std::vector<char> exact(body.begin(), body.end());
        const Reading first = GetParam().read({exact.data(), exact.size()});
        EXPECT_EQ(first, GetParam().read(body)) << "not the same twice: " << body;
        if (first.refused) {
            expect_told(*first.refused);
            return -1;
        }
        expect_accounted(body, first);
        int good = 0;
        for (const Read& read : first.items) {
            if (read.good) {
                expect_written(read);
                ++good;
            } else {
                expect_told(read.told);
            }
        }
        return good;
    }

    int items_of(const std::string& body) const {
        return static_cast<int>(GetParam().read(body).items.size());
    }

    std::mt19937 random_{7};

private:
    // What was taken is taken again as it is written, and then written alike.
    void expect_written(const Read& read) const {
        const Reading again = GetParam().read(read.told);
        ASSERT_EQ(again.items.size(), 1u) << read.told;
        EXPECT_TRUE(again.items[0].good) << read.told << ": " << again.items[0].told;
        EXPECT_EQ(again.items[0].told, read.told);
    }
};

TEST_P(ItemsCorpus, TheSamplesThemselvesAreRead) {
    for (const std::string& body : GetParam().bodies) {
        EXPECT_EQ(read(body), items_of(body)) << body;
    }
}

TEST_P(ItemsCorpus, ABodyThatWasCutAnywhereIsRefusedAsAWhole) {
    for (const std::string& body : GetParam().bodies) {
        for (std::size_t length = 0; length < body.size(); ++length) {
            EXPECT_EQ(read(std::string_view(body).substr(0, length)), -1) << length;
        }
    }
}

TEST_P(ItemsCorpus, ABodyWithAChangedByteGivesItemsOrReasons) {
    using namespace std::string_view_literals;
    const auto telling = "\"\\{}[]:,.-+019eEtn \0\x1F\x80\xC3\xED\xFF"sv;
    for (const std::string& body : GetParam().bodies) {
        int spoiled = 0;
        for (std::size_t at = 0; at < body.size(); ++at) {
            for (std::size_t i = 0; i < telling.size() + 10; ++i) {
                std::string broken = body;
                broken[at] = i < telling.size() ? telling[i] : static_cast<char>(random_());
                spoiled += read(broken) < items_of(body) ? 1 : 0;
            }
        }
        EXPECT_GT(spoiled, 1'000) << "the changes did not reach what is read";
    }
}

TEST_P(ItemsCorpus, BodiesSplicedFromPiecesOfEachOtherGiveItemsOrReasons) {
    const auto& bodies = GetParam().bodies;
    const auto piece = [&](std::size_t bytes_max) {
        const std::string& from = bodies[random_() % bodies.size()];
        const std::size_t start = random_() % from.size();
        return from.substr(start, random_() % bytes_max);
    };
    for (int round = 0; round < 10'000; ++round) {
        std::string body = bodies[random_() % bodies.size()];
        for (std::size_t more = 1 + random_() % 3; more > 0; --more) {
            const std::size_t at = random_() % body.size();
            body.replace(at, random_() % 12, piece(24));
        }
        read(body);
    }
}

// Each key with a value that is now and then another's, and seldom none at all.
TEST_P(ItemsCorpus, KeysWithTheValuesOfOthersGiveItemsOrReasons) {
    std::vector<std::string> values{
        "null",        "true",        "-0",       "-1",    "1e400",
        "0.001",       "[]",          "{}",       "[7]",   "\"\"",
        "\"\\u0000\"", "\"\\ud83d\"", "\"\xC3\"", "\"1\"", "9223372036854775808"};
    std::vector<std::vector<std::pair<std::string, std::string>>> objects;
    for (const std::string& body : GetParam().bodies) {
        read_elements(body, [&](const JsonElement& element) {
            auto& object = objects.emplace_back();
            for (const JsonField& field : element.fields) {
                object.emplace_back(field.key, field.value);
                values.emplace_back(field.value);
            }
        });
    }
    int good = 0;
    constexpr int kRounds = 20'000;
    for (int round = 0; round < kRounds; ++round) {
        std::string body;
        for (const auto& [key, value] : objects[random_() % objects.size()]) {
            if (random_() % 30 != 0) {
                body += (body.empty() ? "{\"" : ",\"") + key + "\":";
                body += random_() % 8 != 0 ? value : values[random_() % values.size()];
            }
        }
        good += read(body.empty() ? "{}" : body + "}");
    }
    EXPECT_GT(good, kRounds / 20);
    EXPECT_LT(good, kRounds * 19 / 20);
}

// Words in a random order: structure that makes no sense, which bytes seldom are.
TEST_P(ItemsCorpus, RandomWordsGiveItemsOrReasons) {
    std::vector<std::string> words{"{",    "}",        "[",           "]",  ",",     ",",
                                   ":",    ":",        "null",        "-0", "1e400", " ",
                                   "\"\"", "\"\xC3\"", "\"\\ud83d\"", "1",  "0.1",   "\"\\u0000\""};
    for (const std::string& body : GetParam().bodies) {
        read_elements(body, [&](const JsonElement& element) {
            for (const JsonField& field : element.fields) {
                words.push_back("\"" + std::string(field.key) + "\"");
                words.push_back(words.back() + ":" + std::string(field.value));
            }
        });
    }
    for (int round = 0; round < 20'000; ++round) {
        std::string body = random_() % 2 == 0 ? "[{" : "{";
        for (std::size_t more = random_() % 30; more > 0; --more) {
            body += words[random_() % words.size()];
        }
        read(body + (random_() % 2 == 0 ? "}" : "}]"));
    }
}

TEST_P(ItemsCorpus, RandomBytesAreRefusedWithAReason) {
    for (int round = 0; round < 10'000; ++round) {
        std::string body(random_() % 64, '\0');
        for (char& c : body) {
            c = static_cast<char>(random_());
        }
        EXPECT_LE(read(body), 0);
    }
}

TEST_P(ItemsCorpus, DepthAndSizeAreBounded) {
    const std::string& good = GetParam().bodies.front();
    for (const std::size_t levels : {33u, 500'000u}) {
        const std::string nested = std::string(levels, '[') + std::string(levels, ']');
        EXPECT_EQ(read("[" + nested + "," + good + "]"), 1) << levels;
        EXPECT_EQ(read(std::string(levels, '[')), -1);
        EXPECT_EQ(read(std::string(levels, '{')), -1);
    }
    EXPECT_EQ(read(std::string((1 << 20) + 1, ' ')), -1);
}

INSTANTIATE_TEST_SUITE_P(Contracts, ItemsCorpus, testing::ValuesIn(kContracts),
                         [](const auto& contract) { return std::string(contract.param.name); });

}  // namespace
}  // namespace esteira::contracts
