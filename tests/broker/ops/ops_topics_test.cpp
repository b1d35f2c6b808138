#include <set>

#include "tests/broker/ops/room.hpp"

namespace esteira::broker {
namespace {

void make_sales(Room& room) {
    room.good("queue.create", {{"queue", "stock"}});
    room.good("queue.create", {{"queue", "big"}});
    room.good("topic.create", {{"topic", "sales"}, {"tag", {{"area", "loja"}}}});
    room.good("topic.subscribe", {{"topic", "sales"}, {"queue", "stock"}});
    room.good("topic.subscribe",
              {{"topic", "sales"}, {"queue", "big"}, {"filter", "body.total:>=100"}});
}

TEST(OpsTopics, ATopicTellsItsQueuesTheirFiltersAndWhatWentThrough) {
    Room room;
    make_sales(room);
    EXPECT_EQ(room.good("topic.create", {{"topic", "sales"}}).at("created"), false);
    room.good("topic.create", {{"topic", "quiet"}});
    room.send("sales", {R"({"total":5})", R"({"total":500})"});
    room.send("quiet", {"x"});

    const Json shown = room.good("topic.show", {{"topic", "sales"}});
    EXPECT_EQ(shown.at("published"), 2);
    EXPECT_EQ(shown.at("unrouted"), 0);
    EXPECT_EQ(shown.at("tags").at("area"), "loja");
    ASSERT_EQ(shown.at("subscriptions").size(), 2u);
    EXPECT_EQ(shown["subscriptions"][0], Json({{"queue", "stock"}, {"filter", ""}}));
    EXPECT_EQ(shown["subscriptions"][1].at("filter"), "body.total:>=100");
    const Json listed = room.good("topic.ls").at("topics");
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[0].at("topic"), "quiet");
    EXPECT_EQ(listed[0].at("unrouted"), 1);
    EXPECT_EQ(listed[1].at("subscriptions"), 2);
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("messages"), 2);
    EXPECT_EQ(room.good("queue.show", {{"queue", "big"}}).at("messages"), 1);
}

TEST(OpsTopics, AQueueTellsWhichTopicsFeedIt) {
    Room room;
    make_sales(room);
    const Json shown = room.good("queue.show", {{"queue", "big"}}).at("topics");
    ASSERT_EQ(shown.size(), 1u);
    EXPECT_EQ(shown[0], Json({{"topic", "sales"}, {"filter", "body.total:>=100"}}));
    const Json queues = room.good("queue.ls").at("queues");
    EXPECT_EQ(queues.size(), 4u);
    for (const Json& row : queues) {
        const bool fed = row["queue"] == "big" || row["queue"] == "stock";
        EXPECT_EQ(row.at("topics").size(), fed ? 1u : 0u) << row;
    }
}

TEST(OpsTopics, TopicsAreNoQueues) {
    Room room;
    make_sales(room);
    EXPECT_EQ(room.good("queue.ls").at("queues").size(), 4u);  // And their dead letters.
    for (const char* command : {"queue.show", "queue.purge", "queue.rm", "msg.peek"}) {
        EXPECT_EQ(room.code(command, {{"queue", "sales"}}), "no_such_queue") << command;
    }
    const auto listed = room.request(dialogue::ListQueues{});
    EXPECT_EQ(std::get<dialogue::ListReply>(listed).names.size(), 4u);
    EXPECT_EQ(room.code("topic.show", {{"topic", "stock"}}), "no_such_queue");
    EXPECT_EQ(room.code("topic.create", {{"topic", "stock"}}), "queue_exists");
    EXPECT_EQ(room.code("topic.create", {{"topic", "a b"}}), "bad_request");
}

TEST(OpsTopics, AFilterThatCannotBeReadIsRefusedWithThePlace) {
    Room room;
    make_sales(room);
    const Json answer = room.ask(
        "topic.subscribe", {{"topic", "sales"}, {"queue", "stock"}, {"filter", "body.total"}});
    EXPECT_EQ(answer.at("code"), "bad_request");
    EXPECT_NE(answer.at("reason").get<std::string>().find("character"), std::string::npos);
    EXPECT_EQ(room.good("topic.show", {{"topic", "sales"}})["subscriptions"][0].at("filter"), "");
}

TEST(OpsTopics, ARemovalIsConfirmedAndLeavesTheQueues) {
    Room room;
    make_sales(room);
    room.send("sales", {R"({"total":500})"});
    EXPECT_EQ(room.code("topic.rm", {{"topic", "sales"}}), "not_confirmed");
    const Json removed = room.good("topic.rm", {{"topic", "sales"}, {"confirm", "sales"}});
    EXPECT_EQ(removed.at("unsubscribed"), 2);
    EXPECT_EQ(room.good("topic.ls").at("topics").size(), 0u);
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("messages"), 1);
    room.start();
    EXPECT_EQ(room.code("topic.show", {{"topic", "sales"}}), "no_such_queue");
    EXPECT_EQ(room.good("queue.show", {{"queue", "big"}}).at("messages"), 1);
}

// Every copy has a number of its own, and no two of them have the same.
TEST(OpsTopics, APeekShowsACopyWithTheNumberThatItHasInItsQueue) {
    Room room;
    make_sales(room);
    room.send("sales", {R"({"total":500})", R"({"total":600})"});
    std::set<std::string> ids;
    std::set<std::string> origins;
    for (const char* queue : {"stock", "big"}) {
        const Json list = room.good("msg.peek", {{"queue", queue}}).at("list");
        for (const Json& message : list) {
            ids.insert(message.at("id"));
            origins.insert(message.at("origin"));
        }
    }
    EXPECT_EQ(ids.size(), 4u);
    EXPECT_EQ(origins.size(), 2u);
}

TEST(OpsTopics, WhatWentThroughIsTold) {
    Room room;
    make_sales(room);
    room.send("sales", {R"({"total":5})"});
    const std::string text = room.good("metrics").at("text");
    EXPECT_NE(text.find("esteira_topic_published_total{topic=\"sales\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("esteira_topic_unrouted_total{topic=\"sales\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("esteira_subscriptions 2\n"), std::string::npos);
}

TEST(OpsTopics, WhoTakesATopicForAQueueIsToldThatItIsOne) {
    Room room;
    room.good("topic.create", {{"topic", "sales"}});
    const Json arguments{{"queue", "sales"}, {"confirm", "sales"}};
    for (const char* command : {"queue.rm", "queue.purge"}) {
        const Json answer = room.ask(command, arguments);
        EXPECT_EQ(answer.at("code"), "no_such_queue");
        EXPECT_EQ(answer.at("reason"),
                  "sales is a topic, not a queue; see topic show and topic rm");
    }
    const Json shown = room.ask("queue.show", {{"queue", "sales"}});
    EXPECT_EQ(shown.at("reason"), "sales is a topic, not a queue; see topic show and topic rm");
    EXPECT_EQ(room.ask("queue.show", {{"queue", "sale"}}).at("reason"), "there is no queue sale");
}

}  // namespace
}  // namespace esteira::broker
