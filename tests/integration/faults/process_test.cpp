#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/cli/exit_code.hpp"
#include "tests/integration/faults/talk.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/ops_client.hpp"

namespace esteira::faults {
namespace {

using dialogue::Code;

TEST(FrozenBroker, AnswersOnceWhatWasAskedOverAndOver) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    client::ClientOptions options = broker.client_options();
    options.request_timeout = Millis{200};
    client::QueueClient client(options);
    ASSERT_EQ(send(client, "work", "before"), Code::ok);

    broker.freeze(true);
    const std::string body = "meanwhile";
    const auto number = client.submit(dialogue::Send{"work", {{as_bytes(body)}}});
    while (client.counts().overdue == 0) {
        ASSERT_FALSE(client.poll(Millis{100})) << "a frozen broker has answered";
    }
    broker.freeze(false);
    const auto reply = client.poll(Millis{60'000});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->response.number, *number);
    EXPECT_GT(client.counts().repeats, 0U);
    EXPECT_EQ(bodies_in(client, "work"), (std::multiset<std::string>{"before", "meanwhile"}));
    EXPECT_EQ(broker.stop(), 0);
}

// Leases are a matter of time, and time goes on. What has run out comes back, nothing else does.
TEST(FrozenBroker, ReturnsOnlyTheLeasesThatRanOut) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    client::QueueClient client(broker.client_options());
    for (const char* body : {"long", "short"}) {
        ASSERT_EQ(send(client, "work", body), Code::ok);
    }
    const auto long_one = client.receive({"work", 1, Millis{0}, Millis{3'600'000}});
    const auto short_one = client.receive({"work", 1, Millis{0}, Millis{1'000}});
    ASSERT_EQ(as_text(long_one.value().messages.at(0).body), "long");
    ASSERT_EQ(as_text(short_one.value().messages.at(0).body), "short");

    broker.freeze(true);
    EXPECT_FALSE(client.poll(Millis{1'500}));  // Nothing is outstanding: time passes.
    broker.freeze(false);
    EXPECT_EQ(bodies_in(client, "work"), (std::multiset<std::string>{"short"}));
    const auto late = client.done(short_one.value().receipt);
    EXPECT_EQ(late.value().at(0).code, Code::receipt_stale);
    EXPECT_EQ(client.done(long_one.value().receipt).value().at(0).code, Code::ok);
}

TEST(TwoBrokers, OnOneFolderTheSecondGivesWayAndTheFirstNoticesNothing) {
    support::BrokerProcess first;
    first.make_queue("work");
    client::QueueClient client(first.client_options());
    ASSERT_EQ(send(client, "work", "a"), Code::ok);

    support::ChildProcess second({first.words(), {}, first.folder() + "/second.log"});
    EXPECT_EQ(second.wait(), cli::number(cli::ExitCode::conflict));
    EXPECT_NE(second.said().find("belongs to another broker, pid " + std::to_string(first.pid())),
              std::string::npos)
        << second.said();

    ASSERT_EQ(send(client, "work", "b"), Code::ok);
    EXPECT_EQ(client.counts().links, 1U);
    EXPECT_EQ(support::OpsClient(first.ops_socket()).ask("node.ping").at("pid"), first.pid());
    EXPECT_EQ(first.messages("work"), 2U);
    EXPECT_EQ(first.stop(), 0);
}

TEST(TwoBrokers, AfterAKillTheFolderIsFree) {
    support::BrokerProcess broker;
    broker.kill();
    broker.start();
    EXPECT_EQ(broker.stop(), 0);
}

}  // namespace
}  // namespace esteira::faults
