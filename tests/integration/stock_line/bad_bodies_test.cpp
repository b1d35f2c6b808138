#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "common/contracts/stock_position.hpp"
#include "tests/integration/stock_line/farm.hpp"
#include "tests/support/await.hpp"

// Every kind of bad body through the real broker and worker: a precise reason, and its neighbours
// stand in the table.
namespace esteira::stock_line {
namespace {

using support::await;

struct Bad {
    std::string what;
    std::string text;    // The body, or the item.
    std::string reason;  // How it begins.
};

const std::string kTimeKey(contracts::kPositionTimeKey);

// An item with one value replaced; none at all when `value` is empty.
std::string item_with(const std::string& key, const std::string& value) {
    const std::map<std::string, std::string> good{{"codigo_barra", "\"1\""},
                                                  {"filial", "\"1001\""},
                                                  {"nome_produto", "\"Arroz\""},
                                                  {"qtd_estoque", "1"},
                                                  {kTimeKey, "\"2024-05-01 10:00:00\""}};
    std::string item;
    for (const auto& [name, usual] : good) {
        const std::string& text = name == key ? value : usual;
        if (!text.empty()) {
            item += (item.empty() ? "{\"" : ",\"") + name + "\":" + text;
        }
    }
    return item + "}";
}

std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

const std::vector<Bad> kBodies{
    {"not JSON", "hello", "the body is not JSON: byte 0: expected a value"},
    {"a blank", " ", "the body is not JSON: byte 1: expected a value"},
    {"cut off", "[" + item_of(1, 1, 1) + ",", "the body is not JSON: byte "},
    {"a NUL behind it", std::string("{}\0", 3), "the body is not JSON: byte 2: "},
    {"a text", "\"text\"", "the body is a text; an object or an array of objects is expected"},
    {"a number", "12", "the body is a number; an object or an array of objects is expected"},
    {"opened 10,000 times", std::string(10'000, '['), "the body is not JSON: byte 10000: "},
    {"one bad object", item_with("filial", ""), "filial is missing"},
    {"bad items alone", "[1,2]", "all 2 items are bad; the first: the item is a number; "},
};

const std::vector<Bad> kItems{
    {"no object", "7", "the item is a number; an object is expected"},
    {"missing key", item_with("filial", ""), "filial is missing"},
    {"missing time", item_with(kTimeKey, ""), kTimeKey + " is missing"},
    {"wrong type", item_with("codigo_barra", "789"), "codigo_barra is a number; a text is "},
    {"empty key", item_with("codigo_barra", "\"\""), "codigo_barra is empty"},
    {"text quantity", item_with("qtd_estoque", "\"10\""), "qtd_estoque is a text; an integer is "},
    {"negative quantity", item_with("qtd_estoque", "-1"), "qtd_estoque -1 is not within 0.."},
    {"quantity too large", item_with("qtd_estoque", "2147483648"),
     "qtd_estoque 2147483648 is not within 0.."},
    {"fraction", item_with("qtd_estoque", "1.5"), "qtd_estoque 1.5 is not written as an integer"},
    {"no such day", item_with(kTimeKey, "\"2024-02-30 10:00:00\""),
     kTimeKey + " \"2024-02-30 10:00:00\" is not a day of the calendar"},
    {"too old", item_with(kTimeKey, "\"1999-12-31T00:00:00Z\""),
     kTimeKey + " \"1999-12-31T00:00:00Z\" is not between 2000-01-01 and one day from now"},
    {"far future", item_with(kTimeKey, "\"9999-12-31T23:59:59Z\""),
     kTimeKey + " \"9999-12-31T23:59:59Z\" is not between 2000-01-01 and one day from now"},
    {"NUL", item_with("nome_produto", "\"a\\u0000b\""), "a text holds the character U+0000"},
    {"invalid UTF-8", item_with("nome_produto", "\"\xC3\""), "a text is not valid UTF-8"},
    {"half a surrogate pair", item_with("nome_produto", "\"\\ud83d\""),
     "a text holds half a surrogate pair"},
    {"nested 10,000 deep", "{\"x\":" + nested(10'000) + "}", "nested deeper than 32 levels"},
    {"a key twice", R"({"filial":"1","filial":"2"})", "a key stands twice in one object"},
};

class StockBadBodiesTest : public testing::Test {
protected:
    // Sends the bodies; the ids of their messages.
    std::vector<std::string> send(const std::vector<std::string>& bodies) {
        client::QueueClient client(farm_.broker().client_options());
        dialogue::Send send{"stock", {}};
        for (const std::string& body : bodies) {
            send.entries.emplace_back(as_bytes(body));
        }
        EXPECT_TRUE(client.submit(send));
        const auto reply = client.poll(Millis(60'000));
        const auto* sent = std::get_if<dialogue::SendReply>(&reply.value().response.answer);
        std::vector<std::string> ids;
        for (std::size_t i = 0; sent != nullptr && i < bodies.size(); ++i) {
            EXPECT_EQ(sent->results.front().code, dialogue::Code::ok);
            const MessageNumber number{sent->results.front().first.value + i};
            ids.push_back(dialogue::message_id(reply->response.broker, number));
        }
        EXPECT_EQ(ids.size(), bodies.size());
        return ids;
    }

    struct DeadLetter {
        std::string body;
        std::string reason;
        std::string source;
    };
    // By origin: the id of the message that was buried whole, or that and the item's index.
    std::map<std::string, DeadLetter> dead_letters(std::size_t count) {
        EXPECT_TRUE(await([&] { return farm_.drained(); })) << farm_.said();
        EXPECT_EQ(farm_.dead(), count);
        client::QueueClient client(farm_.broker().client_options());
        EXPECT_TRUE(client.submit(dialogue::Receive{"dlq-stock", 1000, Millis(0), Millis(60'000)}));
        const auto reply = client.poll(Millis(60'000));
        std::map<std::string, DeadLetter> found;
        const auto& received = std::get<dialogue::ReceiveReply>(reply.value().response.answer);
        for (const dialogue::Delivery& message : received.messages) {
            const std::string origin =
                message.origin.empty()
                    ? dialogue::message_id(reply->response.broker, message.number)
                    : std::string(message.origin);
            found[origin] = {std::string(as_text(message.body)), std::string(message.reason),
                             std::string(message.source)};
        }
        return found;
    }
    static void expect_letter(const std::map<std::string, DeadLetter>& letters,
                              const std::string& origin, const Bad& bad) {
        SCOPED_TRACE(bad.what);
        const auto found = letters.find(origin);
        ASSERT_NE(found, letters.end());
        EXPECT_EQ(found->second.body, bad.text);
        EXPECT_TRUE(found->second.reason.starts_with(bad.reason)) << found->second.reason;
        EXPECT_EQ(found->second.source, "stock");
    }

    Farm farm_;
};

TEST_F(StockBadBodiesTest, ABodyThatCannotBeReadIsBuriedWholeAndItsNeighboursAreWritten) {
    std::vector<std::string> bodies;
    for (std::size_t i = 0; i < kBodies.size(); ++i) {
        bodies.push_back(kBodies[i].text);
        bodies.push_back(item_of(100 + static_cast<int>(i), 1, 0));
    }
    const auto ids = send(bodies);
    farm_.start_worker();
    const auto letters = dead_letters(kBodies.size());
    for (std::size_t i = 0; i < kBodies.size(); ++i) {
        expect_letter(letters, ids[2 * i], kBodies[i]);
    }
    EXPECT_EQ(farm_.rows(), kBodies.size());
}

TEST_F(StockBadBodiesTest, ABadItemIsBuriedAloneWithOriginIndexAndReason) {
    std::vector<std::string> bodies;
    std::string all = "[" + item_of(500, 1, 0);
    for (std::size_t i = 0; i < kItems.size(); ++i) {
        const int product = 100 + 2 * static_cast<int>(i);
        bodies.push_back("[" + item_of(product, 1, 0) + " , " + kItems[i].text + "," +
                         item_of(product + 1, 1, 0) + "]");
        all += "," + kItems[i].text;
    }
    bodies.push_back(all + "," + item_of(501, 1, 0) + "]");
    const auto ids = send(bodies);
    farm_.start_worker();
    const auto letters = dead_letters(2 * kItems.size());
    for (std::size_t i = 0; i < kItems.size(); ++i) {
        expect_letter(letters, ids[i] + "/1", kItems[i]);
        expect_letter(letters, ids.back() + "/" + std::to_string(i + 1), kItems[i]);
    }
    EXPECT_EQ(farm_.rows(), 2 * kItems.size() + 2);
}

TEST_F(StockBadBodiesTest, AMebibyteOfItemsIsWrittenButForTheBadOne) {
    std::vector<std::string> items;
    std::size_t bytes = 1;
    while (bytes < (1 << 20) - 1'000) {
        items.push_back(items.size() == 1'000 ? kItems[1].text
                                              : item_of(static_cast<int>(items.size()), 1, 0));
        bytes += items.back().size() + 1;
    }
    std::string body;
    for (const std::string& item : items) {
        body += (body.empty() ? "[" : ",") + item;
    }
    body += "]";
    body.append((1 << 20) - body.size(), ' ');
    const auto ids = send({body});
    farm_.start_worker();
    expect_letter(dead_letters(1), ids[0] + "/1000", kItems[1]);
    EXPECT_EQ(farm_.rows(), items.size() - 1);
    EXPECT_GT(farm_.rows(), 5'000u);
}

// In one message and across messages of one batch; the newest of a key is in the middle.
TEST_F(StockBadBodiesTest, OfOneKeyManyTimesInABatchTheNewestIsWrittenOnce) {
    send({"[" + item_of(1, 10, 10) + "," + item_of(1, 40, 40) + "," + item_of(2, 1, 0) + "," +
              item_of(1, 20, 20) + "]",
          item_of(1, 30, 30), item_of(1, 41, 40)});
    farm_.start_worker();
    ASSERT_TRUE(await([&] { return farm_.drained(); })) << farm_.said();
    EXPECT_EQ(farm_.dead(), 0u);
    EXPECT_EQ(farm_.writes(), 2u);
    const auto row = farm_.admin().execute(
        "SELECT qtd_estoque FROM esteira.estoque_posicao WHERE codigo_barra = '07891'");
    EXPECT_EQ(row.integer(0, 0), 40);
}

}  // namespace
}  // namespace esteira::stock_line
