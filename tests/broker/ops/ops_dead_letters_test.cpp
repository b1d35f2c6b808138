#include "tests/broker/ops/room.hpp"

namespace esteira::broker {
namespace {

TEST(OpsDeadLetters, ADeadLetterTellsItsStory) {
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

// A broker with that many dead letters of `stock`, which were called a, b, c, ...
void fill(Room& room, int count, const std::string& reason = "outage") {
    room.good("queue.create", {{"queue", "stock"}});
    for (int i = 0; i < count; ++i) {
        room.send("stock", {std::string(1, static_cast<char>('a' + i))});
    }
    room.bury("stock", static_cast<std::uint32_t>(count), reason);
}

Json task(Room& room, const Json& started) {
    const Json tasks = room.good("dlq.tasks").at("tasks");
    for (const Json& one : tasks) {
        if (one["task"] == started["task"]) {
            return one;
        }
    }
    return {};
}

TEST(OpsDeadLetters, ATaskMovesThemBackToWhereTheyFailed) {
    Room room;
    fill(room, 3);
    const Json dry = room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"dry_run", true}});
    EXPECT_EQ(dry.at("status"), "RUNNING");
    EXPECT_EQ(dry.at("left"), 3);
    const Json counted = task(room, dry);
    EXPECT_EQ(counted.at("status"), "COMPLETED");
    EXPECT_EQ(counted.at("moved"), 3);
    EXPECT_EQ(counted.at("messages"), 3);
    EXPECT_EQ(counted.at("examples").size(), 3U);
    EXPECT_EQ(counted["examples"][0].at("outcome"), "moved");
    EXPECT_EQ(counted["examples"][0].at("to"), "stock");

    const Json some = room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"count", 2}});
    EXPECT_EQ(task(room, some).at("messages"), 1);
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("visible"), 2);
    room.good("queue.create", {{"queue", "elsewhere"}});
    const Json rest = room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"to", "elsewhere"}});
    EXPECT_EQ(rest.at("to"), "elsewhere");
    EXPECT_EQ(room.good("queue.show", {{"queue", "elsewhere"}}).at("visible"), 1);
    EXPECT_EQ(room.good("dlq.tasks", {{"queue", "dlq-stock"}}).at("tasks").size(), 3U);
    EXPECT_EQ(room.good("dlq.tasks", {{"queue", "stock"}}).at("tasks").size(), 0U);
}

TEST(OpsDeadLetters, WhatCannotBeAskedIsRefused) {
    Room room;
    fill(room, 1);
    const auto code = [&](Json arguments) {
        return room.code("dlq.redrive", std::move(arguments));
    };
    EXPECT_EQ(code({{"queue", "no"}}), "no_such_queue");
    EXPECT_EQ(code({{"queue", "dlq-stock"}, {"to", "no"}}), "no_such_queue");
    EXPECT_EQ(code({{"queue", "stock"}}), "bad_request");
    EXPECT_EQ(code({{"queue", "dlq-stock"}, {"count", 0}}), "bad_request");
    EXPECT_EQ(code({{"queue", "dlq-stock"}, {"filter", "age:1"}}), "bad_request");
    for (const char* rate : {"0", "-1", "x", "5/h", "nan", "inf", "/s", "5 /s", "1e9", "9999999"}) {
        EXPECT_EQ(code({{"queue", "dlq-stock"}, {"rate", rate}}), "bad_request") << rate;
    }
    EXPECT_EQ(room.code("dlq.cancel", {{"task", 7}}), "not_found");
    EXPECT_EQ(room.code("dlq.show", {{"queue", "dlq-stock"}, {"filter", "x"}}), "bad_request");
}

TEST(OpsDeadLetters, ARateIsKeptAndATaskCanBeCancelled) {
    Room room;
    fill(room, 9);
    const Json started = room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"rate", "90/m"}});
    EXPECT_EQ(started.at("rate_per_second"), 1.5);
    EXPECT_EQ(task(room, started).at("moved"), 1);
    for (int turn = 0; turn < 4; ++turn) {  // A broker wakes for the next one.
        room.wait(Millis{500});
        room.good("node.ping");
    }
    EXPECT_EQ(task(room, started).at("moved"), 4);
    EXPECT_EQ(task(room, started).at("left"), 5);
    EXPECT_EQ(room.code("dlq.redrive", {{"queue", "dlq-stock"}}), "conflict");
    const Json cancelled = room.good("dlq.cancel", {{"task", started["task"]}});
    EXPECT_EQ(cancelled.at("status"), "CANCELLED");
    EXPECT_EQ(cancelled.at("left"), 5);
    EXPECT_EQ(cancelled.at("messages"), 5);
    EXPECT_EQ(room.code("dlq.cancel", {{"task", started["task"]}}), "conflict");
    room.start();
    EXPECT_EQ(task(room, started).at("status"), "CANCELLED");
    EXPECT_EQ(task(room, started).at("moved"), 4);
}

TEST(OpsDeadLetters, WhatCannotGoBackIsCountedWithAReason) {
    Room room;
    fill(room, 1);
    room.good("queue.rm", {{"queue", "stock"}, {"confirm", "stock"}});
    room.good("queue.create",
              {{"queue", "other"}, {"attribute", {{"DeadLetterQueue", "dlq-stock"}}}});
    const Json ended = task(room, room.good("dlq.redrive", {{"queue", "dlq-stock"}}));
    EXPECT_EQ(ended.at("moved"), 0);
    EXPECT_EQ(ended.at("skipped"), 1);
    EXPECT_EQ(ended.at("skipped_by"), Json({{"no_source", 1}}));
    EXPECT_NE(ended["examples"][0]["reason"].get<std::string>().find("name one"),
              std::string::npos);
}

TEST(OpsDeadLetters, AFilterPicksWhatIsShownMovedAndDropped) {
    Room room;
    fill(room, 2, "sqlstate 23503");
    for (const char* body : {R"({"loja":1})", R"({"loja":2})"}) {
        room.send("stock", {body});
        room.bury("stock", 1, "timeout");
    }
    const auto shown = [&](const char* filter) {
        return room.good("dlq.show", {{"queue", "dlq-stock"}, {"filter", filter}})
            .at("list")
            .size();
    };
    EXPECT_EQ(shown("reason:23503"), 2U);
    EXPECT_EQ(shown("body.loja:2"), 1U);
    EXPECT_EQ(shown("age:>1h"), 0U);
    const Json moved =
        room.good("dlq.redrive", {{"queue", "dlq-stock"}, {"filter", "body.loja:*"}});
    EXPECT_EQ(task(room, moved).at("skipped_by"), Json({{"filtered", 2}}));
    EXPECT_EQ(room.code("dlq.drop", {{"queue", "dlq-stock"}}), "not_confirmed");
    const Json dropped = room.good(
        "dlq.drop",
        {{"queue", "dlq-stock"}, {"filter", "reason:sqlstate"}, {"confirm", "dlq-stock"}});
    EXPECT_EQ(task(room, dropped).at("moved"), 2);
    EXPECT_EQ(room.good("queue.show", {{"queue", "dlq-stock"}})["totals"].at("dropped"), 2);
}

TEST(OpsDeadLetters, OneIsMendedOrDroppedByItsId) {
    Room room;
    fill(room, 3);
    const Json list = room.good("dlq.show", {{"queue", "dlq-stock"}}).at("list");
    const std::string first = list[0]["id"];
    const Json edited = room.good(
        "dlq.edit",
        {{"queue", "dlq-stock"}, {"message", first}, {"body", "A"}, {"attribute", {{"k", "v"}}}});
    const Json back = room.good("msg.peek", {{"queue", "stock"}})["list"][0];
    EXPECT_EQ(back.at("id"), edited.at("id"));
    EXPECT_EQ(back.at("body"), "A");
    EXPECT_EQ(back.at("origin"), first);
    EXPECT_EQ(back.at("attributes")[0].at("value"), "v");
    EXPECT_FALSE(back.at("edited_at").is_null());
    const auto drop = [&](const std::string& id) {
        return Json{{"queue", "dlq-stock"}, {"message", id}, {"confirm", "dlq-stock"}};
    };
    EXPECT_EQ(room.good("dlq.drop", drop(list[1]["id"])).at("removed"), 1);
    EXPECT_EQ(room.code("dlq.drop", drop(list[1]["id"])), "not_found");
    EXPECT_EQ(room.code("dlq.drop", drop("nonsense")), "not_found");
    const std::string third = list[2]["id"];
    EXPECT_EQ(room.code("dlq.edit", {{"queue", "dlq-stock"}, {"message", third}}), "bad_request");
    EXPECT_EQ(room.code("dlq.edit", {{"queue", "dlq-stock"}, {"message", third}, {"body", ""}}),
              "bad_request");
    EXPECT_EQ(
        room.code("dlq.edit", {{"queue", "dlq-stock"}, {"message", third}, {"body_base64", "?"}}),
        "bad_request");
}

TEST(OpsDeadLetters, OneTurnMovesNoMoreThanItsShare) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    for (int i = 0; i < 6; ++i) {
        room.send("stock", {std::string(1 << 20, 'x')});
        room.bury("stock", 1, "outage");
    }
    const Json started = room.good("dlq.redrive", {{"queue", "dlq-stock"}});
    EXPECT_EQ(task(room, started).at("moved"), 1);
    EXPECT_EQ(room.engine().next_wake(room.now()), room.now().broker);
    for (int turn = 0; turn < 8; ++turn) {
        room.good("node.ping");
    }
    EXPECT_EQ(task(room, started).at("moved"), 6);
    EXPECT_GT(room.engine().next_wake(room.now()), room.now().broker);
}

}  // namespace
}  // namespace esteira::broker
