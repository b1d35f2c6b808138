#include "common/config/definitions.hpp"

#include <gtest/gtest.h>

#include "common/config/config.hpp"

namespace esteira::config {
namespace {

std::string reason(const std::string& text) {
    try {
        static_cast<void>(parse_definitions(text, "f.toml"));
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

constexpr const char* kAll = R"([queues.dlq-stock]
MessageRetentionPeriod = 86400

[queues."orders.fifo"]
ContentBasedDeduplication = true
FifoQueue = true
KmsMasterKeyId = "007"
dlq = false
tags = { "a key" = "x \"y\" \\ \u0001", team = "loja" }

[topics.sales]
subscriptions = [
    { queue = "archive" },
    { queue = "stock", filter = "attr.tipo:venda -body.a:\"b c\"" },
]
tags = { team = "loja" }
)";

TEST(Definitions, AreReadFromTheirSections) {
    const Definitions all = parse_definitions(kAll, "f.toml");
    const QueueDefinition& orders = all.queues.at("orders.fifo");
    EXPECT_EQ(orders.attributes, (Texts{{"ContentBasedDeduplication", "true"},
                                        {"FifoQueue", "true"},
                                        {"KmsMasterKeyId", "007"}}));
    EXPECT_FALSE(orders.dlq);
    EXPECT_TRUE(all.queues.at("dlq-stock").dlq);
    EXPECT_EQ(orders.tags, (Texts{{"a key", "x \"y\" \\ \x01"}, {"team", "loja"}}));
    EXPECT_EQ(all.topics.at("sales").subscriptions,
              (Texts{{"archive", ""}, {"stock", "attr.tipo:venda -body.a:\"b c\""}}));
    EXPECT_EQ(all.origins.at("queues.dlq-stock.MessageRetentionPeriod"), "f.toml:2");
    EXPECT_EQ(all.origins.at("topics.sales"), "f.toml:11");
}

TEST(Definitions, AreWrittenAsTheyAreRead) {
    EXPECT_EQ(to_toml(parse_definitions(kAll, "f")), kAll);
    EXPECT_EQ(to_toml({}), "");
}

TEST(Definitions, WhatNobodyKnowsIsAnErrorWithItsLine) {
    EXPECT_EQ(reason("[queues.a]\n\nvisibility = 3\n"),
              "f.toml:3: unknown key queues.a.visibility");
    EXPECT_EQ(reason("[queues]\nstock = 1\n"), "f.toml:2: unknown key queues.stock");
    EXPECT_EQ(reason("[topics.a]\nFifoQueue = true\n"), "f.toml:2: unknown key topics.a.FifoQueue");
    EXPECT_EQ(reason("[topics.a]\nsubscriptions = [\n{ queue = \"b\", filtre = \"\" } ]\n"),
              "f.toml:3: unknown key topics.a.subscriptions.filtre");
    EXPECT_EQ(reason("\n[broker]\nendpoint = \"x\"\n"),
              "f.toml:2: unknown section [broker]: here are queues and topics alone");
    EXPECT_EQ(reason("[queues.a\n").rfind("f.toml:1: ", 0), 0u);
}

TEST(Definitions, WhatCannotBeMeantIsAnErrorWithItsLine) {
    EXPECT_EQ(reason("[queues.a]\nDelaySeconds = 1.5\n"),
              "f.toml:2: queues.a.DelaySeconds must be a whole number, true, false, or text in "
              "quotes");
    EXPECT_EQ(reason("[queues.a]\ndlq = 0\n"), "f.toml:2: queues.a.dlq must be true or false");
    EXPECT_EQ(reason("[queues.a]\ntags = { n = 1 }\n"),
              "f.toml:2: queues.a.tags.n must be text in quotes");
    EXPECT_EQ(reason("[queues.a]\ntags = \"n\"\n"), "f.toml:2: queues.a.tags must be a table");
    EXPECT_EQ(reason("[queues.\"a b\"]\n").rfind("f.toml:1: [queues.a b]: a name has", 0), 0u);
    EXPECT_EQ(reason("[queues.a]\n[topics.a]\n"),
              "f.toml:2: a is declared as a queue and as a topic");
    EXPECT_EQ(reason("[topics.a]\nsubscriptions = [ { filter = \"x\" } ]\n"),
              "f.toml:2: topics.a.subscriptions.queue must be the name of a queue");
    EXPECT_EQ(reason("[topics.a]\nsubscriptions = [ { queue = \"b\" }, { queue = \"b\" } ]\n"),
              "f.toml:2: topics.a.subscriptions: b is subscribed twice");
}

TEST(Definitions, StandInTheConfigurationBesideTheRest) {
    const Config config = parse(
        std::string{"[log]\nlevel = \"debug\"\n"} + kAll + "[broker]\nendpoint = \"tcp://x:1\"\n",
        "f.toml");
    EXPECT_EQ(config.definitions, parse_definitions(kAll, "f"));
    EXPECT_EQ(config.broker.endpoint, "tcp://x:1");
    EXPECT_THROW(static_cast<void>(load(
                     {.file = "/dev/null", .environment = {"ESTEIRA__QUEUES__STOCK__TAGS=x"}})),
                 ConfigError);
    Loaded loaded;
    loaded.config = config;
    bool shown = false;
    for (const Shown& line : show(loaded)) {
        shown = shown || (line.key == "queues.orders.fifo.FifoQueue" && line.value == "true" &&
                          line.origin == "f.toml:8");
    }
    EXPECT_TRUE(shown);
}

}  // namespace
}  // namespace esteira::config
