// Whole ZeroMQ messages that are no requests, or requests that nobody may make.
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "tests/broker/server/peers.hpp"

namespace esteira::test {
namespace {

using dialogue::Code;

// More than these at once, and answers to a peer may be dropped.
constexpr std::size_t kOutstandingMax = 30;

std::vector<std::string> golden_requests() {
    std::vector<std::string> frames;
    for (const auto& file :
         std::filesystem::directory_iterator(ESTEIRA_SOURCE_DIR "/tests/golden/wire_v1")) {
        const std::string name = file.path().filename();
        if (name.starts_with("request_") && name.ends_with(".bin")) {
            std::ifstream in(file.path(), std::ios::binary);
            frames.emplace_back(std::istreambuf_iterator<char>(in),
                                std::istreambuf_iterator<char>());
        }
    }
    return frames;
}

void expect_refused(const std::optional<Answer>& answer, Code code) {
    ASSERT_TRUE(answer);
    const auto* refused = std::get_if<dialogue::Refused>(&answer->response.answer);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->code, code) << refused->reason;
    EXPECT_FALSE(refused->reason.empty());
}

TEST(Frames, EveryPrefixOfARequestIsRefused) {
    support::BrokerProcess broker;
    Peer peer(broker.endpoint());
    const auto frames = golden_requests();
    ASSERT_GT(frames.size(), 10U);
    for (const std::string& frame : frames) {
        std::size_t outstanding = 0;
        for (std::size_t size = 0; size < frame.size(); ++size) {
            peer.send(as_bytes(frame.substr(0, size)));
            ++outstanding;
            while (outstanding == kOutstandingMax ||
                   (outstanding > 0 && size + 1 == frame.size())) {
                expect_refused(peer.receive(), Code::bad_request);
                --outstanding;
            }
        }
        expect_served(broker);
    }
    EXPECT_EQ(broker.stop(), 0);
}

// What a changed byte makes of a request may be another one; it must not be a crash.
TEST(Frames, EveryChangedByteOfARequestLeavesTheBrokerServing) {
    support::BrokerProcess broker;
    Peer peer(broker.endpoint());
    std::size_t sent = 0;
    for (std::string frame : golden_requests()) {
        for (char& byte : frame) {
            for (const char change : {'\x01', '\x10', '\x80', '\xFF'}) {
                byte = static_cast<char>(byte ^ change);
                peer.send(as_bytes(frame));
                byte = static_cast<char>(byte ^ change);
                if (++sent % kOutstandingMax == 0) {
                    peer.ask(dialogue::ListQueues{});
                }
            }
        }
        expect_served(broker);
    }
    EXPECT_EQ(broker.stop(), 0);
}

TEST(Frames, OfManyPartsOrOfNoneAreRefused) {
    support::BrokerProcess broker;
    Peer peer(broker.endpoint());
    const std::string request = golden_requests().front();
    const std::vector<std::vector<std::string>> kinds{
        {""}, {request, request}, {"", request}, {"", ""}, std::vector<std::string>(1'000, "x")};
    for (const auto& parts : kinds) {
        peer.send_parts(parts);
        expect_refused(peer.receive(), Code::bad_request);
    }
    // Peers that put an empty part in front, or an empty message.
    Peer req(broker.endpoint(), zmq::socket_type::req);
    req.send(as_bytes(request));
    Peer probing(broker.endpoint());
    probing.socket().set(zmq::sockopt::probe_router, true);
    probing.socket().connect(broker.endpoint());
    probing.socket().connect(broker.endpoint());
    expect_served(broker);
    EXPECT_EQ(code_of(peer.ask(dialogue::ListQueues{})), Code::ok);
    EXPECT_EQ(broker.stop(), 0);
}

// A name that another peer has is not given twice: the first one keeps it.
TEST(Frames, OfAPeerWithAnothersNameDoNotReachTheOthersAnswers) {
    support::BrokerProcess broker;
    zmq::context_t context(1);
    const auto named = [&] {
        zmq::socket_t socket(context, zmq::socket_type::dealer);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::routing_id, "the-same-name");
        socket.set(zmq::sockopt::rcvtimeo, 60'000);
        socket.connect(broker.endpoint());
        return socket;
    };
    const auto ask = [](zmq::socket_t& socket, std::uint64_t number) {
        wire::Buffer buffer;
        wire::encode(dialogue::Request{session_of(1), number, dialogue::ListQueues{}}, buffer);
        socket.send(zmq::buffer(buffer.bytes().data(), buffer.bytes().size()),
                    zmq::send_flags::none);
    };
    zmq::socket_t first = named();
    zmq::message_t frame;
    ask(first, 1);
    ASSERT_TRUE(first.recv(frame, zmq::recv_flags::none));
    zmq::socket_t second = named();
    ask(second, 2);
    expect_served(broker);
    ask(first, 3);
    ASSERT_TRUE(first.recv(frame, zmq::recv_flags::none));
    const auto response =
        wire::decode_response({static_cast<const std::byte*>(frame.data()), frame.size()});
    EXPECT_EQ(response.value().number, 3U);
    EXPECT_EQ(broker.stop(), 0);
}

TEST(Requests, UnderOneNumberWithAnotherContentAreRefused) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    Peer peer(broker.endpoint());
    const auto send = [&](std::string_view body) {
        peer.send(dialogue::Request{session_of(7), 1, dialogue::Send{"work", {{as_bytes(body)}}}});
        return peer.receive();
    };
    const auto first = send("a");
    ASSERT_EQ(code_of(*first), Code::ok);
    expect_refused(send("b"), Code::request_mismatch);
    const auto again = send("a");
    EXPECT_EQ(std::get<dialogue::SendReply>(first->response.answer).results,
              std::get<dialogue::SendReply>(again->response.answer).results);
    EXPECT_EQ(broker.messages("work"), 1U);

    // So after a kill.
    broker.kill();
    broker.start();
    expect_refused(send("b"), Code::request_mismatch);
    EXPECT_EQ(broker.messages("work"), 1U);
}

TEST(Receipts, ThatWereMadeUpAreRefused) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    client::QueueClient client(broker.client_options());
    ASSERT_TRUE(client.send("work", std::array{as_bytes("a"), as_bytes("b")}));
    const auto batch = client.receive({"work", 2, Millis{0}, {}});
    const dialogue::Receipt good = batch.value().receipt;
    std::vector<dialogue::Receipt> forged{dialogue::Receipt{}};
    for (std::size_t i = 0; i < good.mac.size(); ++i) {
        forged.emplace_back(good).mac[i] ^= std::byte{1};
    }
    ++forged.emplace_back(good).count;
    ++forged.emplace_back(good).first.value;
    ++forged.emplace_back(good).queue.value;
    for (const dialogue::Receipt& receipt : forged) {
        for (const auto verdict : {dialogue::Verdict::done, dialogue::Verdict::hand_back}) {
            const auto results = client.settle({{receipt, 0, 1, verdict}});
            EXPECT_EQ(results.value().at(0).code, Code::receipt_invalid);
        }
    }
    // A good one says nothing about what was not delivered with it.
    EXPECT_EQ(client.settle({{good, 2, 1}}).value().at(0).code, Code::receipt_invalid);
    EXPECT_EQ(broker.messages("work"), 2U);
    EXPECT_EQ(client.done(good).value().at(0).code, Code::ok);
    EXPECT_EQ(broker.messages("work"), 0U);
}

TEST(Requests, BeyondTheirLimitsAreRefused) {
    support::BrokerProcess broker;
    broker.make_queue("work");
    Peer peer(broker.endpoint());
    const std::string large(limits::kMessageBytesMax + 1, 'x');
    const std::vector<dialogue::SendEntry> many(limits::kRequestEntriesMax + 1,
                                                dialogue::SendEntry{as_bytes("x")});
    const std::vector<dialogue::SendEntry> heavy(
        9, dialogue::SendEntry{as_bytes(large).first(limits::kMessageBytesMax - 64)});
    const auto refusal = [&](dialogue::Operation operation) {
        return code_of(peer.ask(std::move(operation)));
    };
    using dialogue::Receive;
    using dialogue::Send;
    const auto one = as_bytes("x");
    EXPECT_EQ(refusal(Send{"work", many}), Code::bad_request);
    EXPECT_EQ(refusal(Send{"work", {}}), Code::bad_request);
    EXPECT_EQ(refusal(Send{"work", heavy}), Code::too_large);
    const auto entry = peer.ask(Send{"work", {{as_bytes(large)}}});
    EXPECT_EQ(std::get<dialogue::SendReply>(entry.response.answer).results.at(0).code,
              Code::too_large);
    EXPECT_EQ(refusal(Send{"work", {{one, limits::kDelayMax + Millis{1}}}}), Code::bad_request);
    const Millis no_wait{0};
    for (const Receive& receive :
         {Receive{"work", limits::kReceiveCountMax + 1, no_wait, {}},
          Receive{"work", 0, no_wait, {}}, Receive{"work", 1, limits::kWindowMax + Millis{1}, {}},
          Receive{"work", 1, no_wait, limits::kVisibilityMax + Millis{1}}}) {
        EXPECT_EQ(refusal(receive), Code::bad_request);
    }
    const std::string long_name(81, 'q');
    EXPECT_EQ(refusal(dialogue::CreateQueue{long_name, {}, {}}), Code::bad_request);
    EXPECT_EQ(broker.messages("work"), 0U);
    EXPECT_EQ(broker.stop(), 0);
}

}  // namespace
}  // namespace esteira::test
