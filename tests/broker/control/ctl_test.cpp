#include <thread>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "tests/support/program.hpp"

namespace esteira::support {
namespace {

class CtlTest : public testing::Test {
protected:
    Ended ctl(std::vector<std::string> words, const std::string& input = {}) {
        words.insert(words.begin(), "esteira-ctl");
        return run_program(broker_, words, input);
    }
    // The document of what must succeed.
    nlohmann::json good(std::vector<std::string> words) {
        words.emplace_back("--json");
        const Ended ended = ctl(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_EQ(ended.err, "");
        return ended.json();
    }
    void send(const std::string& queue, std::size_t count) {
        client::QueueClient client(broker_.client_options());
        const std::vector<std::span<const std::byte>> bodies(count, as_bytes("{\"n\":1}"));
        ASSERT_TRUE(client.send(queue, bodies));
    }
    void bury(const std::string& queue, std::uint32_t count) {
        client::QueueClient client(broker_.client_options());
        dialogue::Receive receive;
        receive.queue = queue;
        receive.count = count;
        const auto batch = client.receive(receive);
        dialogue::VerdictEntry verdict;
        verdict.receipt = batch.value().receipt;
        verdict.count = verdict.receipt.count;
        verdict.verdict = dialogue::Verdict::dead;
        verdict.reason = "no such shop";
        ASSERT_EQ(verdict.count, count);
        ASSERT_TRUE(client.settle({verdict}));
    }

    BrokerProcess broker_;
};

TEST_F(CtlTest, AQueuesLifeFromMakingToRemoval) {
    EXPECT_EQ(good({"queue", "create", "stock", "--attribute", "VisibilityTimeout=40",
                    "--attribute", "MaxReceives=3", "--tag", "team=loja"})["created"],
              true);
    EXPECT_EQ(good({"queue", "create", "stock", "--attribute", "MaxReceives=3"})["created"], false);
    const auto shown = good({"queue", "show", "stock"});
    EXPECT_EQ(shown["attributes"]["VisibilityTimeout"], "40");
    EXPECT_EQ(shown["attributes"]["DeadLetterQueue"], "dlq-stock");
    EXPECT_EQ(shown["tags"]["team"], "loja");
    EXPECT_EQ(good({"queue", "set", "stock", "--attribute",
                    "DelaySeconds=1"})["attributes"]["DelaySeconds"],
              "1");
    good({"queue", "set", "stock", "--attribute", "DelaySeconds=0"});
    send("stock", 3);
    EXPECT_EQ(good({"queue", "ls"})["queues"][1]["visible"], 3);
    EXPECT_EQ(good({"queue", "purge", "stock", "--yes"})["removed"], 3);
    good({"queue", "rm", "stock", "--confirm", "stock"});
    EXPECT_EQ(ctl({"queue", "show", "stock"}).code, 3);
}

TEST_F(CtlTest, ExitCodesSayWhatWentWrong) {
    good({"queue", "create", "stock"});
    EXPECT_EQ(ctl({"queue", "show", "no-such"}).code, 3);
    EXPECT_EQ(ctl({"queue", "create", "stock", "--attribute", "MaxReceives=9"}).code, 4);
    EXPECT_EQ(ctl({"queue", "rm", "dlq-stock", "--yes"}).code, 4);
    EXPECT_EQ(ctl({"queue", "rm", "stock", "--confirm", "stocks"}).code, 4);
    EXPECT_EQ(ctl({"queue", "create", "a b"}).code, 2);
    EXPECT_EQ(ctl({"queue", "explode"}).code, 2);
    EXPECT_EQ(ctl({"msg", "delete", "AAAA"}).code, 2);
    broker_.kill();
    for (const char* word : {"queue ls", "msg receive stock --timeout 0.3"}) {
        std::vector<std::string> words;
        std::istringstream in{word};
        for (std::string w; in >> w;) {
            words.push_back(w);
        }
        const Ended ended = ctl(words);
        EXPECT_EQ(ended.code, 5) << word;
        EXPECT_EQ(ended.out, "");
        EXPECT_FALSE(ended.err.empty());
    }
}

TEST_F(CtlTest, ANumberThatIsNoneTouchesNothing) {
    good({"queue", "create", "stock"});
    send("stock", 2);
    bury("stock", 2);
    for (const char* number : {"-1", "+1", "1x", "0x1", "010", "99999999999999999999"}) {
        for (const std::vector<std::string>& words :
             {std::vector<std::string>{"dlq", "drop", "dlq-stock", "--yes", "--count"},
              {"dlq", "redrive", "dlq-stock", "--count"},
              {"msg", "peek", "stock", "--count"},
              {"dlq", "cancel"},
              {"node", "ping", "--wait"}}) {
            if (words.back() == "--wait" && std::string(number) == "010") {
                continue;  // Seconds may be written so.
            }
            std::vector<std::string> all = words;
            all.emplace_back(number);
            const Ended ended = ctl(all);
            EXPECT_EQ(ended.code, 2) << words[1] << " " << number;
            EXPECT_NE(ended.err.find(number), std::string::npos) << ended.err;
        }
    }
    EXPECT_EQ(broker_.messages("dlq-stock"), 2u);
}

TEST_F(CtlTest, WhatIsSaidTwiceOrIsAFolderIsRefused) {
    const Ended twice = ctl({"dlq", "edit", "dlq-stock", "ID", "--body", "a", "--body-file", "-"});
    EXPECT_EQ(twice.code, 2);
    EXPECT_NE(twice.err.find("--body excludes --body-file"), std::string::npos) << twice.err;
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"definitions", "import", "/tmp"},
          {"dlq", "edit", "dlq-stock", "ID", "--body-file", "/tmp"}}) {
        const Ended folder = ctl(words);
        EXPECT_EQ(folder.code, 2);
        EXPECT_NE(folder.err.find("/tmp is a folder, not a file"), std::string::npos) << folder.err;
    }
}

TEST_F(CtlTest, ASilentBrokerIsATimeoutAndNotAnAbsentOne) {
    broker_.freeze(true);
    EXPECT_NE(ctl({"node", "ping", "--timeout", "0.3"}).code, 0);
    broker_.freeze(false);
    EXPECT_EQ(good({"node", "ping"})["pid"], broker_.pid());
}

TEST_F(CtlTest, APingWaitsForABrokerThatStarts) {
    broker_.kill();
    broker_.launch();
    EXPECT_EQ(ctl({"node", "ping", "--wait", "60"}).code, 0);
}

TEST_F(CtlTest, NothingIsRemovedByAScriptThatDoesNotSayYes) {
    good({"queue", "create", "stock"});
    send("stock", 2);
    EXPECT_EQ(ctl({"queue", "purge", "stock"}, "stock\n").code, 2);
    EXPECT_EQ(broker_.messages("stock"), 2u);
}

TEST_F(CtlTest, AReceivedMessageIsDeletedByItsReceiptOnce) {
    good({"queue", "create", "stock"});
    send("stock", 2);
    const auto received = good({"msg", "receive", "stock", "--count", "2"})["messages"];
    ASSERT_EQ(received.size(), 2u);
    EXPECT_EQ(received[0]["body"], "{\"n\":1}");
    EXPECT_EQ(received[0]["receives"], 1);
    const std::string first = received[0]["receipt"];
    const std::string second = received[1]["receipt"];
    EXPECT_EQ(good({"msg", "delete", second})["deleted"], 1);
    EXPECT_EQ(broker_.messages("stock"), 1u);
    EXPECT_EQ(ctl({"msg", "delete", first, second}).code, 7);
    EXPECT_EQ(broker_.messages("stock"), 0u);
    EXPECT_EQ(ctl({"msg", "delete", first}).code, 4);
}

TEST_F(CtlTest, ABatchIsReceivedWholeOrNotBeforeItsWindowEnds) {
    good({"queue", "create", "stock"});
    for (std::uint32_t sent = 0; sent < limits::kReceiveCountMax - 1'000; sent += 1'000) {
        send("stock", 1'000);
    }
    std::jthread last([this] {
        while (good({"queue", "show", "stock"})["waiters"] == 0) {
        }
        send("stock", 1'000);
    });
    const auto batch =
        good({"msg", "receive", "stock", "--count", "10000", "--min", "10000", "--wait", "300"});
    EXPECT_EQ(batch["messages"].size(), limits::kReceiveCountMax);
    last.join();
    send("stock", 3);
    const auto rest =
        good({"msg", "receive", "stock", "--count", "10", "--min", "10", "--wait", "0.2"});
    EXPECT_EQ(rest["messages"].size(), 3u);
    EXPECT_EQ(ctl({"msg", "receive", "stock", "--count", "2", "--min", "3"}).code, 2);
}

TEST_F(CtlTest, ARedriveIsFollowedToItsEnd) {
    good({"queue", "create", "stock"});
    send("stock", 250);
    bury("stock", 250);
    const auto letters = good({"dlq", "show", "dlq-stock", "--count", "1"});
    EXPECT_EQ(letters["list"][0]["reason"], "no such shop");
    EXPECT_EQ(letters["list"][0]["source"], "stock");
    EXPECT_EQ(good({"dlq", "redrive", "dlq-stock", "--dry-run"})["moved"], 250);
    EXPECT_EQ(broker_.messages("dlq-stock"), 250u);
    const auto some = good({"dlq", "redrive", "dlq-stock", "--count", "130"});
    EXPECT_EQ(some["moved"], 130);
    EXPECT_EQ(some["messages"], 120);
    EXPECT_EQ(good({"dlq", "redrive", "dlq-stock", "--rate", "100000/s"})["moved"], 120);
    EXPECT_EQ(broker_.messages("stock"), 250u);
    EXPECT_EQ(good({"dlq", "ls"})["queues"][0]["messages"], 0);
    EXPECT_NE(ctl({"dlq", "tasks", "dlq-stock"}).out.find("redrive, dry run"), std::string::npos);
}

TEST_F(CtlTest, ARedriveGoesOnWithoutWhoStartedIt) {
    good({"queue", "create", "stock"});
    send("stock", 10);
    bury("stock", 10);
    const Ended asked =
        ctl({"dlq", "redrive", "dlq-stock", "--rate", "1/m", "--no-wait", "--json"});
    EXPECT_NE(asked.err.find("task 1 goes on"), std::string::npos) << asked.err;
    const auto started = asked.json();
    EXPECT_EQ(started["status"], "RUNNING");
    broker_.kill();
    broker_.start();
    EXPECT_EQ(good({"dlq", "tasks", "dlq-stock"})["tasks"][0]["status"], "RUNNING");
    EXPECT_EQ(ctl({"dlq", "redrive", "dlq-stock"}).code, 4);
    const std::string task = started["task"].dump();
    EXPECT_EQ(good({"dlq", "cancel", task})["status"], "CANCELLED");
    EXPECT_EQ(ctl({"dlq", "cancel", task}).code, 4);
    EXPECT_EQ(ctl({"dlq", "cancel", "77"}).code, 3);
}

TEST_F(CtlTest, DeadLettersAreMendedAndDropped) {
    good({"queue", "create", "stock"});
    send("stock", 3);
    bury("stock", 3);
    const auto list = good({"dlq", "show", "dlq-stock"})["list"];
    good({"dlq", "edit", "dlq-stock", list[0]["id"], "--body", "mended"});
    EXPECT_EQ(good({"msg", "peek", "stock"})["list"][0]["body"], "mended");
    const std::string id = list[1]["id"];
    EXPECT_EQ(ctl({"dlq", "drop", "dlq-stock", "--message", id}).code, 2);
    EXPECT_EQ(good({"dlq", "drop", "dlq-stock", "--message", id, "--yes"})["removed"], 1);
    EXPECT_EQ(good({"dlq", "drop", "dlq-stock", "--filter", "reason:shop", "--yes"})["moved"], 1);
    EXPECT_EQ(broker_.messages("dlq-stock"), 0u);
}

TEST_F(CtlTest, WhatCannotGoBackMakesTheRedrivePartial) {
    good({"queue", "create", "stock"});
    good({"queue", "create", "stock-2", "--attribute", "DeadLetterQueue=dlq-stock"});
    send("stock", 150);
    bury("stock", 150);
    good({"queue", "rm", "stock", "--yes"});
    const Ended ended = ctl({"dlq", "redrive", "dlq-stock"});
    EXPECT_EQ(ended.code, 7);
    EXPECT_NE((ended.out + ended.err).find("name one"), std::string::npos) << ended.err;
    EXPECT_EQ(good({"dlq", "redrive", "dlq-stock", "--to", "stock-2"})["moved"], 150);
}

TEST_F(CtlTest, EveryVerbHasHelpWithoutABroker) {
    broker_.kill();
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--help"},
                                                  {"queue", "--help"},
                                                  {"queue", "create", "--help"},
                                                  {"msg", "receive", "--help"},
                                                  {"dlq", "redrive", "--help"},
                                                  {"metrics", "--help"}}) {
        const Ended ended = ctl(words);
        EXPECT_EQ(ended.code, 0);
        EXPECT_NE(ended.out.find("Usage:"), std::string::npos) << ended.out;
    }
}

TEST_F(CtlTest, ADrainIsSeenByProducers) {
    good({"queue", "create", "stock"});
    EXPECT_EQ(good({"node", "drain", "on"})["draining"], true);
    client::QueueClient client(broker_.client_options());
    const std::span<const std::byte> body = as_bytes("x");
    const auto refused = client.send("stock", std::array{body});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, dialogue::Code::draining);
    good({"node", "drain", "off"});
    EXPECT_TRUE(client.send("stock", std::array{body}));
}

TEST_F(CtlTest, TheTextForPeopleSaysTheSame) {
    good({"queue", "create", "stock"});
    send("stock", 1);
    EXPECT_NE(ctl({"queue", "ls"}).out.find("dlq-stock after 5 receives"), std::string::npos);
    EXPECT_NE(ctl({"msg", "peek", "stock"}).out.find("{\"n\":1}"), std::string::npos);
    EXPECT_NE(ctl({"metrics"}).out.find("esteira_queue_messages{queue=\"stock\""),
              std::string::npos);
    EXPECT_NE(ctl({"node", "ping"}).out.find("esteira-broker " ESTEIRA_VERSION), std::string::npos);
    for (const char* verb : {"stats", "ping"}) {
        EXPECT_EQ(ctl({"node", verb}).code, 0);
    }
    EXPECT_EQ(ctl({"worker", "ls"}).code, 0);
    EXPECT_EQ(ctl({"dlq", "ls"}).code, 0);
}

}  // namespace
}  // namespace esteira::support
