#include "common/base/attributes.hpp"
#include "tests/broker/ops/room.hpp"

namespace esteira::broker {
namespace {

TEST(OpsMessages, APeekShowsAllStatesAndReceivesNothing) {
    Room room;
    room.good("queue.create", {{"queue", "q"}});
    room.send("q", {"first", "second"});
    room.receive("q", 1);
    dialogue::Send late{"q", {}};
    late.entries.emplace_back().body = as_bytes("late");
    late.entries[0].delay = Millis{60'000};
    room.request(late);

    const Json peeked = room.good("msg.peek", {{"queue", "q"}});
    ASSERT_EQ(peeked.at("list").size(), 3u);
    EXPECT_EQ(peeked["list"][0].at("state"), "in_flight");
    EXPECT_EQ(peeked["list"][0].at("body"), "first");
    EXPECT_EQ(peeked["list"][0].at("receives"), 1);
    EXPECT_EQ(peeked["list"][1].at("state"), "visible");
    EXPECT_EQ(peeked["list"][2].at("state"), "delayed");
    EXPECT_EQ(peeked.at("in_flight"), 1);
    EXPECT_EQ(room.good("msg.peek", {{"queue", "q"}})["list"][1].at("receives"), 0);
    EXPECT_EQ(room.good("msg.peek", {{"queue", "q"}, {"count", 2}}).at("list").size(), 2u);
    EXPECT_EQ(room.code("msg.peek", {{"queue", "no"}}), "no_such_queue");
}

TEST(OpsMessages, BodiesAreTextWhenTheyAreAndBase64WhenNot) {
    Room room;
    room.good("queue.create", {{"queue", "q"}});
    const std::string number = R"({"n":12345678901234567890123,"s":"a\u0000b"})";
    room.send("q", {number, "\xff\x01", "ação", std::string("a\0b", 3)});
    const Json list = room.good("msg.peek", {{"queue", "q"}}).at("list");
    EXPECT_EQ(list[0].at("body"), number);
    EXPECT_FALSE(list[1].contains("body"));
    EXPECT_EQ(list[1].at("body_base64"), "/wE=");
    EXPECT_EQ(list[1].at("bytes"), 2);
    EXPECT_EQ(list[2].at("body"), "ação");
    EXPECT_EQ(list[3].at("body"), std::string("a\0b", 3));
}

TEST(OpsMessages, AttributesAreShownWithTheirTypes) {
    Room room;
    room.good("queue.create", {{"queue", "q"}});
    const std::vector<Attribute> attributes{{"loja", "String", as_bytes("SP01")},
                                            {"raw", "Binary", as_bytes("\xff")}};
    const auto block = pack_attributes(attributes);
    dialogue::Send send{"q", {}};
    send.entries.emplace_back().body = as_bytes("x");
    send.entries[0].attributes = block;
    room.request(send);
    const Json shown = room.good("msg.peek", {{"queue", "q"}})["list"][0].at("attributes");
    EXPECT_EQ(shown[0].at("name"), "loja");
    EXPECT_EQ(shown[0].at("value"), "SP01");
    EXPECT_EQ(shown[1].at("value_base64"), "/w==");
}

TEST(OpsMessages, WhatDoesNotFitAnAnswerIsCountedAsLeftOut) {
    Room room;
    room.good("queue.create", {{"queue", "q"}});
    for (int i = 0; i < 6; ++i) {
        room.send("q", {std::string(1 << 20, '\x01')});  // Six bytes of JSON each.
    }
    const Json peeked = room.good("msg.peek", {{"queue", "q"}});
    EXPECT_EQ(peeked.at("list").size(), 1u);
    EXPECT_EQ(peeked.at("left_out"), 5);
}

TEST(OpsMessages, ADeadLetterTellsItsStory) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    room.send("stock", {"bad"});
    room.wait(Millis{1'000});
    room.bury("stock", 1, "no such shop");
    room.wait(Millis{1'000});

    const Json queues = room.good("dlq.ls").at("queues");
    ASSERT_EQ(queues.size(), 1u);
    EXPECT_EQ(queues[0].at("queue"), "dlq-stock");
    EXPECT_EQ(queues[0].at("messages"), 1);
    EXPECT_EQ(queues[0].at("dead_letters_of"), Json::array({"stock"}));
    EXPECT_EQ(queues[0].at("oldest_age_ms"), 2'000);

    const Json shown = room.good("dlq.show", {{"queue", "dlq-stock"}});
    const Json& letter = shown.at("list").at(0);
    EXPECT_EQ(letter.at("reason"), "no such shop");
    EXPECT_EQ(letter.at("source"), "stock");
    EXPECT_EQ(letter.at("receives"), 1);
    EXPECT_EQ(letter.at("crashes"), 0);
    EXPECT_EQ(letter.at("sent_at"), "2023-11-14T22:13:21.000Z");
    EXPECT_EQ(letter.at("first_received_at"), "2023-11-14T22:13:22.000Z");
    EXPECT_EQ(letter.at("buried_at"), "2023-11-14T22:13:22.000Z");
    EXPECT_EQ(letter.at("buried_by"), "rejected");
    EXPECT_EQ(letter.at("attempts_total"), 1);
    ASSERT_EQ(letter.at("attempts").size(), 1U);
    EXPECT_EQ(letter.at("attempts")[0].at("end"), "rejected");
    EXPECT_EQ(letter.at("attempts")[0].at("reason"), "no such shop");

    // The name of its queue outlives the queue.
    room.good("queue.rm", {{"queue", "stock"}, {"confirm", "stock"}});
    EXPECT_EQ(room.good("dlq.show", {{"queue", "dlq-stock"}})["list"][0].at("source"), "stock");
}

TEST(OpsMessages, DeadLettersGoBackToWhereTheyFailed) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    room.send("stock", {"a", "b", "c"});
    room.bury("stock", 3, "outage");

    const Json dry = room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"dry_run", true}});
    EXPECT_EQ(dry.at("moved"), 3);
    EXPECT_EQ(dry.at("left"), 3);
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("visible"), 0);

    EXPECT_EQ(room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"count", 2}}).at("left"), 1);
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("visible"), 2);
    room.good("queue.create", {{"queue", "elsewhere"}});
    room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"to", "elsewhere"}});
    EXPECT_EQ(room.good("queue.show", {{"queue", "elsewhere"}}).at("visible"), 1);
    EXPECT_EQ(room.code("dlq.redrive", {{"queue", "no"}}), "no_such_queue");
    EXPECT_EQ(room.code("dlq.redrive", {{"queue", "dlq-stock"}, {"to", "no"}}), "no_such_queue");
}

TEST(OpsMessages, WhatCannotGoBackIsSkippedWithAReason) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    room.send("stock", {"a"});
    room.bury("stock", 1, "outage");
    room.good("queue.rm", {{"queue", "stock"}, {"confirm", "stock"}});
    const Json result = room.good("dlq.redrive", {{"queue", "dlq-stock"}});
    EXPECT_EQ(result.at("moved"), 0);
    EXPECT_EQ(result.at("skipped"), 1);
    EXPECT_NE(result.at("reason").get<std::string>().find("name a target"), std::string::npos);
}

TEST(OpsMessages, OneRedriveMovesNoMoreBytesThanATurnTakes) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    for (int i = 0; i < 12; ++i) {
        room.send("stock", {std::string(1 << 20, 'x')});
        room.bury("stock", 1, "outage");
    }
    const Json first = room.good("dlq.redrive", {{"queue", "dlq-stock"}});
    EXPECT_GE(first.at("moved"), 6);
    EXPECT_LE(first.at("moved"), 8);
    room.good("dlq.redrive", {{"queue", "dlq-stock"}});
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("visible"), 12);
}

}  // namespace
}  // namespace esteira::broker
