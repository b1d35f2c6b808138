#include <set>

#include "tests/broker/ops/room.hpp"

namespace esteira::broker {
namespace {

TEST(Ops, EveryRowOfTheTableHasItsFunction) {
    std::set<std::string_view> names;
    for (const cli::Command& command : cli::kOpsCommands) {
        EXPECT_NE(Ops::function_of(command.name), nullptr) << command.name;
        EXPECT_TRUE(names.insert(command.name).second) << command.name << " stands there twice";
        EXPECT_FALSE(command.what.empty());
    }
    EXPECT_EQ(Ops::function_of("queue.nothing"), nullptr);
}

TEST(Ops, WhateverBytesComeInAnAnswerComesOut) {
    Room room;
    const std::vector<std::string> requests{
        "",
        "{",
        "[]",
        "null",
        "{}",
        "7",
        "\xff\xfe",
        R"({"command":7})",
        R"({"command":"queue.ls","arguments":[]})",
        R"({"command":"queue.ls","arguments":7})",
        R"({"command":"queue.show","arguments":{"queue":"\u0000"}})",
        "{\"command\":\"queue.show\",\"arguments\":{\"queue\":\"\xff\"}}",
        R"({"command":"queue.create","arguments":{"queue":"a","attribute":{"DelaySeconds":5}}})",
        R"({"command":"msg.peek","arguments":{"queue":"a","count":-1}})",
        R"({"command":"msg.peek","arguments":{"queue":"a","count":1e300}})",
        "{\"command\":\"queue.ls\",\"arguments\":" + std::string(100'000, '[') + "}",
        "{\"command\":\"queue.ls\",\"arguments\":" + std::string(100'000, '[') +
            std::string(100'000, ']') + "}"};
    for (const std::string& request : requests) {
        const Json answer = Json::parse(room.raw(request), nullptr, false);
        ASSERT_TRUE(answer.is_object()) << request.substr(0, 80);
        EXPECT_EQ(answer.at("ok"), false) << request.substr(0, 80);
        EXPECT_FALSE(answer.at("reason").get<std::string>().empty());
    }
    EXPECT_EQ(Json::parse(room.raw(std::string((1 << 20) + 1, ' '))).at("code"), "too_large");
}

TEST(Ops, ARequestOfTooManyLevelsIsRefusedWhereverTheyStand) {
    Room room;
    const auto report = [](std::size_t levels) {
        return R"({"command":"worker.report","arguments":{"supervisor":"s","host":"h","pid":1,)"
               R"("pools":)" +
               std::string(levels, '[') + std::string(levels, ']') + "}}";
    };
    for (const std::size_t levels : {Ops::kRequestDepthMax - 1, std::size_t{100'000}}) {
        const Json answer = Json::parse(room.raw(report(levels)));
        EXPECT_EQ(answer.at("code"), "bad_request");
        EXPECT_EQ(answer.at("reason"), "a request has at most 32 objects and arrays in each other");
    }
    const Json deepest = Json::parse(room.raw(report(Ops::kRequestDepthMax - 2)));
    EXPECT_NE(deepest.value("reason", ""),
              "a request has at most 32 objects and arrays in each other");
    // In a text they are characters, also behind a quote that is escaped.
    const std::string brackets = "\\\"" + std::string(100, '[') + "{";
    room.good("queue.create", {{"queue", "stock"}, {"tag", {{"note", brackets}}}});
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("tags").at("note"), brackets);
}

TEST(Ops, AnUnknownCommandOrArgumentIsRefused) {
    Room room;
    EXPECT_EQ(room.code("queue.explode"), "unknown_command");
    EXPECT_EQ(room.code("queue.ls", {{"prefx", "a"}}), "bad_request");
    EXPECT_EQ(room.code("queue.show"), "bad_request");
    EXPECT_EQ(room.code("node.drain", {{"on", "yes"}}), "bad_request");
}

TEST(Ops, PingSaysWhoAnswersAndForHowLong) {
    Room room;
    room.wait(Millis{4'500});
    const Json ping = room.good("node.ping");
    EXPECT_EQ(ping.at("version"), ESTEIRA_VERSION);
    EXPECT_EQ(ping.at("broker"), "000000000000abcd");
    EXPECT_EQ(ping.at("uptime_ms"), 4'500);
    EXPECT_EQ(ping.at("time"), "2023-11-14T22:13:25.500Z");
    EXPECT_EQ(ping.at("draining"), false);
}

TEST(Ops, AQueueIsMadeWithItsDeadLetterQueueUnlessToldNotTo) {
    Room room;
    const Json made = room.good("queue.create", {{"queue", "stock"}});
    EXPECT_EQ(made.at("created"), true);
    EXPECT_EQ(made.at("attributes").at("MaxReceives"), "5");
    EXPECT_EQ(made.at("attributes").at("DeadLetterQueue"), "dlq-stock");
    const Json dead = room.good("queue.show", {{"queue", "dlq-stock"}});
    EXPECT_EQ(dead.at("attributes").at("MaxReceives"), "0");
    EXPECT_EQ(dead.at("attributes").at("MessageRetentionPeriod"), "1209600");
    EXPECT_EQ(dead.at("dead_letters_of"), Json::array({"stock"}));

    const Json plain = room.good("queue.create", {{"queue", "plain"}, {"no_dlq", true}});
    EXPECT_EQ(plain.at("attributes").at("MaxReceives"), "0");
    EXPECT_EQ(plain.at("attributes").at("DeadLetterQueue"), "");
    EXPECT_EQ(room.code("queue.show", {{"queue", "dlq-plain"}}), "no_such_queue");

    room.good("queue.create", {{"queue", "dlq-mine"}});
    EXPECT_EQ(room.code("queue.show", {{"queue", "dlq-dlq-mine"}}), "no_such_queue");
}

TEST(Ops, MakingAQueueOnceMoreIsNoErrorButMakingAnotherIs) {
    Room room;
    const Json arguments{{"queue", "stock"},
                         {"attribute", {{"VisibilityTimeout", "40"}, {"MaxReceives", "3"}}},
                         {"tag", {{"team", "loja"}}}};
    EXPECT_EQ(room.good("queue.create", arguments).at("created"), true);
    const Json again = room.good("queue.create", arguments);
    EXPECT_EQ(again.at("created"), false);
    EXPECT_EQ(again.at("attributes").at("MaxReceives"), "3");
    EXPECT_EQ(again.at("tags").at("team"), "loja");
    EXPECT_EQ(
        room.code("queue.create", {{"queue", "stock"}, {"attribute", {{"MaxReceives", "9"}}}}),
        "queue_exists");
}

TEST(Ops, DeadLettersOfAFifoQueueStayInOrder) {
    Room room;
    const Json made = room.good("queue.create", {{"queue", "stock.fifo"}});
    EXPECT_EQ(made.at("attributes").at("FifoQueue"), "true");
    EXPECT_EQ(made.at("attributes").at("DeadLetterQueue"), "dlq-stock.fifo");
    const Json dead = room.good("queue.show", {{"queue", "dlq-stock.fifo"}});
    EXPECT_EQ(dead.at("attributes").at("FifoQueue"), "true");
}

TEST(Ops, TagsAreSetAndRemovedBesideAttributes) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}, {"tag", {{"team", "loja"}, {"cost", "7"}}}});
    const Json set = room.good("queue.set", {{"queue", "stock"},
                                             {"attribute", {{"DelaySeconds", "3"}}},
                                             {"tag", {{"team", "centro"}}},
                                             {"untag", {"cost", "nothing"}}});
    EXPECT_EQ(set.at("tags"), Json({{"team", "centro"}}));
    EXPECT_EQ(set.at("attributes").at("DelaySeconds"), "3");
    EXPECT_EQ(room.good("queue.set", {{"queue", "stock"}, {"untag", {"team"}}}).at("tags"),
              Json::object());
    EXPECT_EQ(room.code("queue.set", {{"queue", "stock"}}), "bad_request");
    EXPECT_EQ(room.code("queue.set", {{"queue", "stock"}, {"untag", {7}}}), "bad_request");
    EXPECT_EQ(room.code("queue.set", {{"queue", "stock"}, {"tag", {{"aws:x", "1"}}}}),
              "bad_request");
}

TEST(Ops, AQueueIsPausedOnOneSideOrBoth) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}, {"no_dlq", true}});
    EXPECT_EQ(room.good("queue.pause", {{"queue", "stock"}}).at("paused"),
              Json::array({"sends", "receives"}));
    EXPECT_EQ(room.good("queue.resume", {{"queue", "stock"}, {"sends", true}}).at("paused"),
              Json::array({"receives"}));
    room.send("stock", {"a"});
    EXPECT_EQ(room.good("queue.ls").at("queues")[0].at("paused"), Json::array({"receives"}));
    const std::string text = room.good("metrics").at("text");
    EXPECT_NE(text.find("esteira_queue_paused{queue=\"stock\",what=\"sends\"} 0"),
              std::string::npos);
    EXPECT_NE(text.find("esteira_queue_paused{queue=\"stock\",what=\"receives\"} 1"),
              std::string::npos);
    EXPECT_EQ(room.good("queue.resume", {{"queue", "stock"}}).at("paused"), Json::array());
    EXPECT_EQ(room.code("queue.pause", {{"queue", "no-such"}}), "no_such_queue");
}

TEST(Ops, ARefusedQueueLeavesNoDeadLetterQueueBehind) {
    Room room;
    EXPECT_EQ(room.code("queue.create",
                        {{"queue", "stock"}, {"attribute", {{"VisibilityTimeout", "99999"}}}}),
              "bad_request");
    EXPECT_EQ(room.code("queue.create", {{"queue", "a b"}}), "bad_request");
    EXPECT_TRUE(room.good("queue.ls").at("queues").empty());
}

TEST(Ops, QueuesAreListedByPrefixWithTheirDepth) {
    Room room;
    for (const char* name : {"stock", "stock-2", "orders"}) {
        room.good("queue.create", {{"queue", name}, {"no_dlq", true}});
    }
    room.send("stock", {"a", "b", "c"});
    room.receive("stock", 1);
    room.wait(Millis{2'000});
    const Json queues = room.good("queue.ls", {{"prefix", "stock"}}).at("queues");
    ASSERT_EQ(queues.size(), 2u);
    EXPECT_EQ(queues[0].at("queue"), "stock");
    EXPECT_EQ(queues[0].at("visible"), 2);
    EXPECT_EQ(queues[0].at("in_flight"), 1);
    EXPECT_EQ(queues[0].at("oldest_age_ms"), 2'000);
    EXPECT_EQ(queues[1].at("oldest_age_ms"), nullptr);
    EXPECT_EQ(room.good("queue.ls").at("queues").size(), 3u);
}

TEST(Ops, SettingsChangeAtOnceAndSurviveARestart) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    const Json set =
        room.good("queue.set", {{"queue", "stock"}, {"attribute", {{"VisibilityTimeout", "77"}}}});
    EXPECT_EQ(set.at("attributes").at("VisibilityTimeout"), "77");
    room.start();
    EXPECT_EQ(
        room.good("queue.show", {{"queue", "stock"}}).at("attributes").at("VisibilityTimeout"),
        "77");
    EXPECT_EQ(room.code("queue.set", {{"queue", "stock"}}), "bad_request");
    EXPECT_EQ(room.code("queue.set", {{"queue", "stock"}, {"attribute", {{"Colour", "red"}}}}),
              "bad_request");
    EXPECT_EQ(room.code("queue.set", {{"queue", "no"}, {"attribute", {{"DelaySeconds", "1"}}}}),
              "no_such_queue");
}

TEST(Ops, NothingIsPurgedOrRemovedWithoutItsNameSaidTwice) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}});
    room.send("stock", {"a", "b"});
    for (const char* command : {"queue.purge", "queue.rm"}) {
        EXPECT_EQ(room.code(command, {{"queue", "stock"}}), "not_confirmed");
        EXPECT_EQ(room.code(command, {{"queue", "stock"}, {"confirm", "stoc"}}), "not_confirmed");
        EXPECT_EQ(room.code(command, {{"queue", "no"}, {"confirm", "no"}}), "no_such_queue");
    }
    EXPECT_EQ(room.good("queue.show", {{"queue", "stock"}}).at("visible"), 2);
    EXPECT_EQ(room.good("queue.purge", {{"queue", "stock"}, {"confirm", "stock"}}).at("removed"),
              2);
    EXPECT_EQ(room.code("queue.rm", {{"queue", "dlq-stock"}, {"confirm", "dlq-stock"}}),
              "conflict");
    room.good("queue.rm", {{"queue", "stock"}, {"confirm", "stock"}});
    room.good("queue.rm", {{"queue", "dlq-stock"}, {"confirm", "dlq-stock"}});
    EXPECT_TRUE(room.good("queue.ls").at("queues").empty());
}

TEST(Ops, ARemovedQueueTellsItsWaitingReceiver) {
    Room room;
    room.good("queue.create", {{"queue", "q"}, {"no_dlq", true}});
    dialogue::Receive receive;
    receive.queue = "q";
    receive.wait = Millis{20'000};
    room.request(receive);
    ASSERT_EQ(room.good("queue.show", {{"queue", "q"}}).at("waiters"), 1);
    const Json request{{"command", "queue.rm"}, {"arguments", {{"queue", "q"}, {"confirm", "q"}}}};
    std::vector<std::uint64_t> tickets;
    const std::string answer = room.raw(request.dump(), &tickets);
    EXPECT_EQ(Json::parse(answer).at("ok"), true);
    EXPECT_EQ(tickets, std::vector<std::uint64_t>{1});
}

TEST(Ops, ADrainedBrokerRefusesSendsUntilItIsTurnedOff) {
    Room room;
    room.good("queue.create", {{"queue", "q"}});
    EXPECT_EQ(room.good("node.drain", {{"on", true}}).at("draining"), true);
    dialogue::Send send{"q", {}};
    send.entries.emplace_back().body = as_bytes("a");
    EXPECT_EQ(std::get<dialogue::Refused>(room.request(send)).code, dialogue::Code::draining);
    EXPECT_EQ(room.good("node.ping").at("sends_accepted"), false);
    room.good("node.drain", {{"on", false}});
    room.send("q", {"a"});
}

TEST(Ops, WorkersAreListedByPoolWithTheirSilence) {
    Room room;
    room.request(dialogue::Hello{"esteira-worker-upsert-stock", "upsert-stock", "shop-1", 4711});
    room.wait(Millis{3'000});
    const Json result = room.good("worker.ls");
    ASSERT_EQ(result.at("workers").size(), 1u);
    EXPECT_EQ(result["workers"][0].at("pool"), "upsert-stock");
    EXPECT_EQ(result["workers"][0].at("pid"), 4711);
    EXPECT_EQ(result["workers"][0].at("silent_ms"), 3'000);
    EXPECT_EQ(result["pools"][0].at("online"), 1);
}

TEST(Ops, MetricsHaveTheNamesThatDashboardsRelyOn) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}, {"no_dlq", true}});
    room.send("stock", {"a", "b"});
    room.receive("stock", 1);
    room.stats.requests = 12;
    room.stats.turn_seconds.observe(0.0002);
    const std::string text = room.good("metrics").at("text");
    for (const char* line :
         {"esteira_build_info{version=\"" ESTEIRA_VERSION "\"} 1\n",
          "esteira_queue_messages{queue=\"stock\",state=\"visible\"} 1\n",
          "esteira_queue_messages{queue=\"stock\",state=\"inflight\"} 1\n",
          "esteira_queue_oldest_message_age_seconds{queue=\"stock\"} 0\n",
          "esteira_queue_sent_total{queue=\"stock\"} 2\n",
          "esteira_queue_received_total{queue=\"stock\"} 1\n",
          "esteira_queue_redelivered_total{queue=\"stock\",reason=\"worker_dead\"} 0\n",
          "esteira_queue_waiters{queue=\"stock\"} 0\n", "esteira_requests_total 12\n",
          "esteira_turn_seconds_bucket{le=\"0.00025\"} 1\n", "esteira_journal_segments 1\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
}

TEST(Ops, StatsCountWhatTheSocketsHaveSeen) {
    Room room;
    room.stats.malformed = 3;
    const Json stats = room.good("node.stats");
    EXPECT_EQ(stats.at("server").at("malformed"), 3);
    EXPECT_EQ(stats.at("journal").at("may_grow"), true);
    EXPECT_EQ(stats.at("queues"), 0);
}

}  // namespace
}  // namespace esteira::broker
