// Peers that ask for more than one peer may have.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "tests/broker/server/peers.hpp"
#include "tests/support/ops_client.hpp"

namespace esteira::test {
namespace {

using dialogue::Code;

constexpr std::uint64_t kMiB = 1 << 20;

std::uint64_t dropped_by(support::BrokerProcess& broker) {
    return support::OpsClient(broker.ops_socket())
        .ask("node.stats")
        .at("server")
        .at("answers_dropped");
}

TEST(Bounds, ReceivesThatWaitAreSoManyAndNoMore) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    Peer peer(broker.endpoint());
    for (std::uint64_t i = 0; i <= limits::kLongPollsMax; ++i) {
        peer.send(dialogue::Request{session_of(i), 1,
                                    dialogue::Receive{"work", 1, limits::kWaitMax, {}}});
    }
    const auto refused = peer.receive();
    ASSERT_TRUE(refused);
    EXPECT_EQ(code_of(*refused), Code::limit_exceeded);
    expect_served(broker);

    // Those that wait are served, and those that leave make room.
    client::QueueClient client(broker.client_options());
    ASSERT_TRUE(client.send("work", std::array{as_bytes("a")}));
    const auto first = peer.receive();
    ASSERT_TRUE(first);
    EXPECT_EQ(std::get<dialogue::ReceiveReply>(first->response.answer).messages.size(), 1U);
    EXPECT_EQ(broker.stop(), 0);
}

// One that never reads, and asks on and on: its answers are dropped, the others get theirs.
TEST(Bounds, APeerThatNeverReadsCostsLittleAndNobodyElseAnything) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    expect_served(broker);
    const std::uint64_t before = resident_bytes(broker.pid());
    Peer deaf(broker.endpoint(), zmq::socket_type::dealer, 1);
    for (std::uint64_t i = 1; i <= 20'000; ++i) {
        deaf.send(dialogue::Request{session_of(1), i, dialogue::GetQueue{"work"}});
    }
    while (dropped_by(broker) < 10'000) {
        expect_served(broker);
    }
    EXPECT_LT(resident_bytes(broker.pid()), before + 64 * kMiB);
    EXPECT_EQ(broker.stop(), 0);
}

// The same with answers of 8 MiB. What was dropped becomes visible again.
TEST(Bounds, APeerThatNeverReadsLargeAnswersCostsNoMoreThanItsShare) {
    support::BrokerProcess broker;
    broker.make_queue("work", {{"VisibilityTimeout", "0"}});
    client::QueueClient client(broker.client_options());
    ASSERT_TRUE(client.set_queue({"work", {{"MaxReceives", "1000"}}}));
    const std::string body(kMiB - 1'000, 'x');
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(client.send("work", std::array{as_bytes(body)}));
    }
    const std::uint64_t before = resident_bytes(broker.pid());
    Peer deaf(broker.endpoint(), zmq::socket_type::dealer, 1);
    for (std::uint64_t i = 1; i <= 60; ++i) {
        deaf.send(
            dialogue::Request{session_of(1), i, dialogue::Receive{"work", 10, Millis{0}, {}}});
    }
    while (dropped_by(broker) == 0) {
        expect_served(broker);
    }
    EXPECT_LT(resident_bytes(broker.pid()), before + 160 * kMiB);
    const auto batch = client.receive({"work", 10, Millis{10'000}, {}});
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch.value().messages.size(), 8U);
    EXPECT_EQ(broker.stop(), 0);
}

TEST(Bounds, FiveThousandConnectionsLeaveTheBrokerServing) {
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
    support::BrokerProcess broker;
    broker.make_queue("work");
    client::QueueClient early(broker.client_options());
    ASSERT_TRUE(early.list_queues({}));
    std::vector<RawPeer> peers;
    const std::size_t wanted = std::min<std::size_t>(5'000, files.rlim_max - 200);
    try {
        while (peers.size() < wanted) {
            peers.emplace_back(broker.endpoint());
        }
    } catch (const std::runtime_error&) {
        // It takes no more of them for now.
    }
    EXPECT_GE(peers.size(), limits::kConnectionsMax / 2);
    // Who was there before is served at once, and others when the strangers are gone.
    ASSERT_TRUE(early.send("work", std::array{as_bytes("x")}));
    peers.clear();
    expect_served(broker);
    EXPECT_EQ(early.counts().links, 1U);
    EXPECT_EQ(broker.stop(), 0) << broker.process().said();
}

// libzmq gives up when it has no file descriptor for a connection, which is why the broker takes
// all that it may have. Where that is not enough it is a crash like others: nothing is lost.
TEST(Bounds, ConnectionsBeyondTheFileLimitCostNoMessage) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    std::uint64_t acknowledged = 0;
    {
        client::ClientOptions options = broker.client_options();
        options.patience = Millis{1'000};
        client::QueueClient early(options);
        const rlimit few{60, 60};
        ASSERT_EQ(::prlimit(broker.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
        std::vector<RawPeer> peers;
        try {
            for (int i = 0; i < 150; ++i) {
                ASSERT_TRUE(early.send("work", std::array{as_bytes("x")}));
                ++acknowledged;
                peers.emplace_back(broker.endpoint());
            }
        } catch (const std::runtime_error&) {
            // It is gone, for the client or for the next peer.
        }
    }
    broker.kill();
    broker.start();
    EXPECT_GT(acknowledged, 0U);
    EXPECT_GE(broker.messages("work"), acknowledged);
    EXPECT_LE(broker.messages("work"), acknowledged + 1);
    EXPECT_EQ(broker.stop(), 0);
}

}  // namespace
}  // namespace esteira::test
