#include "tests/broker/ops/room.hpp"

namespace esteira::broker {
namespace {

Json declared(const std::string& queue, Json attributes = Json::object(), bool dlq = true) {
    return {{"queue", queue},
            {"attributes", std::move(attributes)},
            {"tags", Json::object()},
            {"dlq", dlq}};
}

TEST(OpsDefinitions, EveryQueueIsReadOncePageByPage) {
    Room room;
    for (int i = 0; i < 300; ++i) {
        room.good("queue.create", {{"queue", "q" + std::to_string(1000 + i)},
                                   {"no_dlq", true},
                                   {"tag", {{"n", std::to_string(i)}}}});
    }
    room.send("q1299", {"a", "b"});
    std::size_t seen = 0;
    std::string after;
    Json page{{"more", true}};
    while (page.at("more").get<bool>()) {
        page = room.good("definitions.read", {{"after", after}});
        for (const Json& queue : page.at("queues")) {
            EXPECT_EQ(queue.at("tags").at("n"), std::to_string(seen));
            EXPECT_EQ(queue.at("messages"), seen == 299 ? 2 : 0);
            EXPECT_EQ(queue.at("attributes").at("VisibilityTimeout"), "30");
            after = queue.at("queue");
            ++seen;
        }
    }
    EXPECT_EQ(seen, 300u);
}

TEST(OpsDefinitions, ACheckSaysWhatACreationWouldMakeAndMakesNothing) {
    Room room;
    const Json queues{declared("stock", {{"VisibilityTimeout", "060"}}),
                      declared("plain", Json::object(), false),
                      declared("bad", {{"VisibilityTimeout", "99999"}}), declared("a b")};
    const Json checked = room.good("definitions.check", {{"queues", queues}}).at("queues");
    EXPECT_EQ(checked[0].at("attributes").at("VisibilityTimeout"), "60");
    EXPECT_EQ(checked[0].at("dead_letter_queue"), "dlq-stock");
    EXPECT_EQ(checked[1].at("dead_letter_queue"), "");
    EXPECT_NE(checked[2].at("reason").get<std::string>().find("VisibilityTimeout"),
              std::string::npos);
    EXPECT_TRUE(checked[3].contains("reason"));
    EXPECT_TRUE(room.good("queue.ls").at("queues").empty());

    const Json made = room.good("queue.create", {{"queue", "stock"}}).at("attributes");
    const Json same = room.good("definitions.check", {{"queues", Json::array({declared("stock")})}})
                          .at("queues")[0]
                          .at("attributes");
    for (const auto& [name, value] : made.items()) {
        EXPECT_EQ(same.at(name), value) << name;
    }
}

TEST(OpsDefinitions, AFifoQueueIsMeantByItsNameAndItsDeadLettersKeepTheirOrder) {
    Room room;
    const Json made = room.good("queue.create", {{"queue", "orders.fifo"}}).at("attributes");
    EXPECT_EQ(made.at("FifoQueue"), "true");
    EXPECT_EQ(made.at("DeadLetterQueue"), "dlq-orders.fifo");
    const Json dead = room.good("queue.show", {{"queue", "dlq-orders.fifo"}}).at("attributes");
    EXPECT_EQ(dead.at("FifoQueue"), "true");
    const Json queues{declared("orders.fifo", {{"FifoQueue", "false"}}), declared("orders.fifo"),
                      declared("orders", {{"ContentBasedDeduplication", "true"}})};
    const Json checked = room.good("definitions.check", {{"queues", queues}}).at("queues");
    EXPECT_TRUE(checked[0].contains("reason"));
    EXPECT_EQ(checked[1].at("dead_attributes").at("FifoQueue"), "true");
    EXPECT_FALSE(checked[1].at("attributes").contains("DeduplicationScopeInForce"));
    EXPECT_TRUE(checked[2].contains("reason"));
}

TEST(OpsDefinitions, ACheckSaysWhatIsWrongWithATopic) {
    Room room;
    const auto topic = [](const char* name, Json tags, Json filters) {
        return Json{{"topic", name}, {"tags", std::move(tags)}, {"filters", std::move(filters)}};
    };
    const Json checked =
        room.good("definitions.check",
                  {{"queues", Json::array()},
                   {"topics",
                    Json::array({topic("good", {{"team", "loja"}}, Json::array({"", "attr.a:1"})),
                                 topic("filter", Json::object(), Json::array({"", "a"})),
                                 topic("tag", {{"aws:x", "1"}}, Json::array())})}})
            .at("topics");
    EXPECT_FALSE(checked[0].contains("reason"));
    EXPECT_TRUE(checked[1].at("reason").get<std::string>().starts_with("filter: "));
    EXPECT_TRUE(checked[2].contains("reason"));
    for (const Json& entry : {Json(1), Json{{"topic", "t"}}, topic("t", 1, Json::array()),
                              topic("t", Json::object(), Json::array({1}))}) {
        EXPECT_EQ(room.code("definitions.check",
                            {{"queues", Json::array()}, {"topics", Json::array({entry})}}),
                  "bad_request")
            << entry;
    }
}

TEST(OpsDefinitions, ACheckThatIsNoListOfDeclarationsIsRefused) {
    Room room;
    for (const Json& entry : {Json(1), Json::object(), Json{{"queue", "a"}},
                              declared("a", {{"VisibilityTimeout", 60}})}) {
        EXPECT_EQ(room.code("definitions.check", {{"queues", Json::array({entry})}}), "bad_request")
            << entry;
    }
    Json many = Json::array();
    for (int i = 0; i < 1'000; ++i) {
        many.push_back(declared("a"));
    }
    EXPECT_EQ(room.code("definitions.check", {{"queues", many}}), "bad_request");
}

TEST(OpsDefinitions, AQueueThatMustBeEmptyIsRemovedOnlyWhenItIs) {
    Room room;
    room.good("queue.create", {{"queue", "stock"}, {"no_dlq", true}});
    room.send("stock", {"a"});
    room.receive("stock", 1);
    const Json arguments{{"queue", "stock"}, {"confirm", "stock"}, {"if_empty", true}};
    EXPECT_EQ(room.code("queue.rm", arguments), "conflict");
    room.good("queue.purge", {{"queue", "stock"}, {"confirm", "stock"}});
    room.good("queue.rm", arguments);
    EXPECT_EQ(room.code("queue.show", {{"queue", "stock"}}), "no_such_queue");
}

}  // namespace
}  // namespace esteira::broker
