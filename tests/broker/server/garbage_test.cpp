// Bytes on the broker's socket that are no ZeroMQ, or not quite.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "tests/broker/server/peers.hpp"

namespace esteira::test {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\xFF\0\0\0\0\0\0\0\x01\x7F"s;
const std::string kGreeting =
    kSignature + "\x03\x01"s + "NULL"s + std::string(16, '\0') + std::string(32, '\0');
const std::string kReady = "\x04\x19\x05READY\x0BSocket-Type\0\0\0\x06"s + "DEALER"s;

TEST(Garbage, OnASocketHarmsNobody) {
    support::BrokerProcess broker;
    const std::vector<std::string> kinds{
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        std::string(100'000, '\0'),
        std::string(100'000, '\xFF'),
        "\x01\0"s,             // ZMTP 1.0, without an identity,
        kSignature + "\x01"s,  // 2.0, and a version that is none.
        kSignature + "\x7F\x7F"s,
        kGreeting.substr(0, 20),
        kGreeting + "\x04\xFF"s,  // A command that is cut off.
        kGreeting + "\x04\x05\x05RE"s,
        kGreeting + kReady + "\x02\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s,  // A frame of 8 EiB.
        kGreeting + kReady + "\x02\0\0\0\0\x01\0\0\0"s,                // And one of 16 MiB.
        kGreeting + kReady + "\xFF\xFF\xFF\xFF"s,                      // Flags that are none.
    };
    std::vector<RawPeer> peers;
    for (const std::string& kind : kinds) {
        peers.emplace_back(broker.endpoint()).send(kind);
        expect_served(broker);
    }
    EXPECT_EQ(broker.stop(), 0) << broker.process().said();
}

TEST(Garbage, AtRandomHarmsNobody) {
    support::BrokerProcess broker;
    std::mt19937_64 random(20);
    for (int i = 0; i < 300; ++i) {
        RawPeer peer(broker.endpoint());
        // Half of them get past the greeting, and half of those past the handshake.
        std::string bytes = i % 2 == 0 ? kGreeting : "";
        bytes += i % 4 == 0 ? kReady : "";
        for (std::size_t left = random() % 2'000; left > 0; --left) {
            bytes.push_back(static_cast<char>(random()));
        }
        peer.send(bytes);
    }
    expect_served(broker);
    EXPECT_EQ(broker.stop(), 0) << broker.process().said();
}

// Whoever does not finish the handshake is let go, without a word from anybody else.
TEST(Garbage, AHandshakeThatIsNotFinishedIsEnded) {
    support::BrokerProcess broker;
    std::vector<RawPeer> peers;
    for (const std::string& begun : {""s, kSignature, kGreeting}) {
        peers.emplace_back(broker.endpoint()).send(begun);
    }
    expect_served(broker);
    for (RawPeer& peer : peers) {
        EXPECT_TRUE(peer.closed());
    }
    EXPECT_EQ(broker.stop(), 0);
}

TEST(Garbage, AFrameThatIsTooLargeEndsItsConnectionAlone) {
    support::BrokerProcess broker;
    Peer peer(broker.endpoint());
    peer.ask(dialogue::ListQueues{});
    const std::uint64_t before = resident_bytes(broker.pid());
    const std::vector<std::byte> large(limits::kWireFrameBytesMax + 1);
    peer.send(large);
    expect_served(broker);
    EXPECT_LT(resident_bytes(broker.pid()), before + large.size());
    // Its next connection is as good as any.
    EXPECT_EQ(code_of(peer.ask(dialogue::ListQueues{})), dialogue::Code::ok);
    EXPECT_EQ(broker.stop(), 0);
}

}  // namespace
}  // namespace esteira::test
