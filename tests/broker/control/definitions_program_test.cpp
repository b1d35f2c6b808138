#include <sstream>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "tests/support/program.hpp"

namespace esteira::support {
namespace {

// `esteira-ctl definitions` against a real broker, with what its configuration declares.
class DefinitionsTest : public testing::Test {
protected:
    void declare(const std::string& text) { std::ofstream(config()) << text; }
    std::string config() const { return broker_.folder() + "/esteira.toml"; }

    Ended definitions(const std::string& words) { return ctl("definitions " + words); }
    Ended ctl(const std::string& words) {
        std::vector<std::string> list{"esteira-ctl"};
        std::istringstream in{words};
        for (std::string word; in >> word;) {
            list.push_back(word);
        }
        return run_program(broker_, list);
    }
    nlohmann::json queue(const std::string& name) {
        return ctl("queue show --json " + name).json();
    }
    void send(const std::string& name) {
        client::QueueClient client(broker_.client_options());
        const std::span<const std::byte> body = as_bytes("{}");
        ASSERT_TRUE(client.send(name, std::array{body}));
    }

    BrokerProcess broker_;
};

constexpr const char* kStock = R"([queues.stock]
VisibilityTimeout = 60
MaxReceives = 3
tags = { team = "loja" }
)";

TEST_F(DefinitionsTest, APlanIsAppliedOnceAndThenThereIsNothingToDo) {
    declare(kStock);
    const Ended planned = definitions("plan");
    EXPECT_EQ(planned.code, 0) << planned.err;
    EXPECT_EQ(planned.out,
              "+ queue dlq-stock\n    MessageRetentionPeriod = 1209600\n+ queue stock\n"
              "    DeadLetterQueue = dlq-stock\n    MaxReceives = 3\n    VisibilityTimeout = 60\n"
              "    tag team = loja\n");
    EXPECT_EQ(definitions("plan --check").code, 4);
    EXPECT_EQ(ctl("queue show stock").code, 3);

    const Ended applied = definitions("apply");
    EXPECT_EQ(applied.code, 0) << applied.err;
    EXPECT_EQ(applied.out, planned.out);
    EXPECT_EQ(queue("stock")["attributes"]["VisibilityTimeout"], "60");
    EXPECT_EQ(queue("stock")["tags"]["team"], "loja");

    const Ended again = definitions("apply");
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(again.out, "");
    EXPECT_EQ(again.err, "Nothing to do\n");
    EXPECT_EQ(definitions("plan --check").code, 0);
}

TEST_F(DefinitionsTest, WhatWasChangedByHandGoesBackAndWhatIsNotDeclaredStays) {
    declare(kStock);
    ASSERT_EQ(definitions("apply").code, 0);
    ctl("queue set stock --attribute VisibilityTimeout=10 --attribute DelaySeconds=5 "
        "--tag team=other --tag by=hand");
    ctl("queue pause stock");
    ctl("queue create other --no-dlq");
    const auto plan = definitions("plan --json").json();
    EXPECT_EQ(plan["steps"].size(), 1u);
    EXPECT_EQ(plan["steps"][0]["attributes"]["DelaySeconds"]["to"], "0");
    EXPECT_EQ(plan["left_alone"][0]["queue"], "other");
    EXPECT_EQ(definitions("apply --json").json()["steps"][0]["outcome"], "done");
    const auto mended = queue("stock");
    EXPECT_EQ(mended["attributes"]["VisibilityTimeout"], "60");
    EXPECT_EQ(mended["tags"], nlohmann::json({{"team", "loja"}}));
    EXPECT_EQ(mended["attributes"]["SendsPaused"], "true") << "a pause is of the moment";
    EXPECT_EQ(ctl("queue show other").code, 0);
}

TEST_F(DefinitionsTest, APruneHasToBeMeant) {
    declare("");
    ctl("queue create old");
    ctl("queue create stock");
    send("old");
    EXPECT_EQ(definitions("apply --prune").code, 2);
    const Ended refused = definitions("apply --prune --yes");
    EXPECT_EQ(refused.code, 4);
    EXPECT_NE(refused.out.find("! queue old: is to be removed and holds 1 messages"),
              std::string::npos)
        << refused.out;
    EXPECT_EQ(ctl("queue show dlq-old").code, 0);
    EXPECT_EQ(definitions("apply --prune --yes --with-messages").code, 0);
    EXPECT_EQ(ctl("queue show old").code, 3);
    EXPECT_EQ(ctl("queue show dlq-old").code, 3);
    EXPECT_EQ(ctl("queue show dlq-stock").code, 0) << "a pool of the configuration takes from it";
}

TEST_F(DefinitionsTest, AWrongValueIsToldWithItsLineAndNothingIsDone) {
    declare("[queues.a]\n[queues.b]\n\nVisibilityTimeout = 99999\n[queues.c]\nNoSuch = 1\n");
    for (const char* word : {"plan", "apply"}) {
        const Ended ended = definitions(word);
        EXPECT_EQ(ended.code, 78);
        EXPECT_NE(ended.err.find("esteira.toml:4: queue b: VisibilityTimeout"), std::string::npos)
            << ended.err;
        EXPECT_NE(ended.err.find("esteira.toml:6: queue c: unknown attribute NoSuch"),
                  std::string::npos)
            << ended.err;
    }
    EXPECT_EQ(ctl("queue show a").code, 3);
    declare("[queues.a]\nvisibility = 1\n");
    EXPECT_NE(definitions("plan").err.find(":2: unknown key queues.a.visibility"),
              std::string::npos);
}

TEST_F(DefinitionsTest, ARefusalHalfwayTellsWhatWasDone) {
    // One that is there, and does not take dead letters of others.
    ASSERT_EQ(ctl("queue create shut --no-dlq --attribute RedriveAllow=denyAll").code, 0);
    declare(
        "[queues.a]\ndlq = false\n[queues.b]\nDeadLetterQueue = \"shut\"\n"
        "[queues.c]\ndlq = false\n[queues.d]\ndlq = false\n");
    const Ended ended = definitions("apply --json");
    EXPECT_EQ(ended.code, 7) << ended.err;
    EXPECT_NE(ended.err.find("queue b: "), std::string::npos) << ended.err;
    EXPECT_NE(ended.err.find("shut"), std::string::npos) << ended.err;
    const auto steps = ended.json()["steps"];
    ASSERT_EQ(steps.size(), 4u);
    EXPECT_EQ(steps[0]["outcome"], "done");
    EXPECT_EQ(steps[1]["outcome"], "failed");
    EXPECT_EQ(steps[2]["outcome"], "not_done");
    EXPECT_EQ(ctl("queue show a").code, 0);
    EXPECT_EQ(ctl("queue show d").code, 3);
}

TEST_F(DefinitionsTest, TopicsAndSubscriptionsAreKeptAsDeclared) {
    const std::string queues = "[queues.shelf]\ndlq = false\n[queues.archive]\ndlq = false\n";
    const auto topic = [](const std::string& filter) {
        return "[topics.sales]\ntags = { team = \"loja\" }\nsubscriptions = [\n"
               "    { queue = \"archive\" },\n    { queue = \"shelf\", filter = \"" +
               filter + "\" },\n]\n";
    };
    declare(queues + topic("attr.tipo:venda"));
    EXPECT_EQ(definitions("apply").out,
              "+ queue archive\n+ queue shelf\n+ topic sales\n    tag team = loja\n"
              "+ subscription sales -> archive\n+ subscription sales -> shelf\n"
              "    filter = attr.tipo:venda\n");
    EXPECT_EQ(definitions("apply").err, "Nothing to do\n");
    declare(queues + topic("attr.tipo:devolucao"));
    EXPECT_EQ(
        definitions("apply").out,
        "~ subscription sales -> shelf\n    filter: attr.tipo:venda -> attr.tipo:devolucao\n");
    const auto shown = ctl("topic show --json sales").json();
    EXPECT_EQ(shown["subscriptions"][1]["filter"], "attr.tipo:devolucao");

    const std::string file = broker_.folder() + "/export.toml";
    ASSERT_EQ(definitions("export " + file).code, 0);
    const std::string text = definitions("export").out;
    declare("");
    EXPECT_EQ(definitions("apply --prune --yes").code, 0);
    EXPECT_EQ(definitions("export").out, "");
    EXPECT_EQ(definitions("import " + file).code, 0);
    EXPECT_EQ(definitions("export").out, text);
    // A filter that is none is found before anything is done.
    declare("[queues.new]\n" + queues + topic("tipo"));
    const auto refused = definitions("apply");
    EXPECT_EQ(refused.code, 78);
    EXPECT_NE(refused.err.find("esteira.toml:"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("topic sales: filter: "), std::string::npos) << refused.err;
    EXPECT_EQ(definitions("export").out, text);
}

TEST_F(DefinitionsTest, WhatOnlyWorksInOneOrderIsExportedAndMadeAgain) {
    for (const char* words :
         {"queue create a --no-dlq", "queue create b --no-dlq",
          "queue set a --attribute DeadLetterQueue=b --attribute MaxReceives=2",
          "queue set b --attribute DeadLetterQueue=a --attribute MaxReceives=2", "queue create c",
          "queue set dlq-c --attribute RedriveAllow=denyAll"}) {
        ASSERT_EQ(ctl(words).code, 0) << words;
    }
    const std::string file = broker_.folder() + "/export.toml";
    ASSERT_EQ(definitions("export " + file).code, 0);
    const std::string text = definitions("export").out;
    declare("");
    EXPECT_EQ(definitions("apply --prune --yes").code, 0);
    EXPECT_EQ(definitions("export").out, "");
    EXPECT_EQ(definitions("import " + file).code, 0);
    EXPECT_EQ(definitions("export").out, text);
    EXPECT_EQ(definitions("import " + file).err, "Nothing to do\n");
}

TEST_F(DefinitionsTest, AnExportMakesTheSameBrokerOutOfAnEmptyOne) {
    for (const char* words :
         {"queue create stock --attribute MaxReceives=3 --tag team=loja", "queue create plain",
          "queue create free --no-dlq --attribute DelaySeconds=7",
          "queue create shared --attribute DeadLetterQueue=dlq-stock --attribute MaxReceives=9",
          "queue create never --attribute MaxReceives=0", "queue create dlq-mine",
          "queue create orders.fifo --attribute ContentBasedDeduplication=true",
          "queue create free.fifo --no-dlq",
          "queue set dlq-plain --attribute MessageRetentionPeriod=345600"}) {
        ASSERT_EQ(ctl(words).code, 0) << words;
    }
    const std::string file = broker_.folder() + "/export.toml";
    ASSERT_EQ(definitions("export " + file).code, 0);
    const std::string text = definitions("export").out;
    EXPECT_EQ(text,
              "[queues.dlq-mine]\n\n[queues.dlq-plain]\nMessageRetentionPeriod = 345600\n\n"
              "[queues.free]\nDelaySeconds = 7\ndlq = false\n\n"
              "[queues.\"free.fifo\"]\ndlq = false\n\n[queues.never]\nMaxReceives = 0\n\n"
              "[queues.\"orders.fifo\"]\nContentBasedDeduplication = "
              "true\n\n[queues.plain]\n\n[queues.shared]\nDeadLetterQueue = \"dlq-stock\"\n"
              "MaxReceives = 9\n\n[queues.stock]\nMaxReceives = 3\ntags = { team = \"loja\" }\n");
    EXPECT_EQ(definitions("import " + file).err, "Nothing to do\n");

    BrokerProcess other;
    const auto at_other = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"esteira-ctl", "definitions"});
        return run_program(other, words);
    };
    EXPECT_EQ(at_other({"import", file, "--dry-run", "--json"}).json()["steps"].size(), 12u);
    const Ended imported = at_other({"import", file});
    EXPECT_EQ(imported.code, 0) << imported.err;
    EXPECT_EQ(at_other({"export"}).out, text);
    EXPECT_EQ(at_other({"import", file}).err, "Nothing to do\n");
    EXPECT_EQ(at_other({"import", "/nowhere.toml"}).code, 3);
}

}  // namespace
}  // namespace esteira::support
