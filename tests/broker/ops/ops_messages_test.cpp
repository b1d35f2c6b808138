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

}  // namespace
}  // namespace esteira::broker
