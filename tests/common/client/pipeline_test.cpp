#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "tests/common/client/fake_broker.hpp"

// Several requests at once, over one connection that stays.
namespace esteira::client::test {

using namespace dialogue;

namespace {

Send send_of(std::string_view body) {
    Send send{"stock", {}};
    send.entries.emplace_back().body = as_bytes(body);
    return send;
}

SendReply accepted(std::uint64_t first) { return {{{Code::ok, 1, MessageNumber{first}, ""}}}; }

std::uint64_t first_of(const Reply& reply) {
    return std::get<SendReply>(reply.response.answer).results.at(0).first.value;
}

ReceiveReply received(std::string_view body) {
    ReceiveReply reply;
    reply.receipt.count = 1;
    reply.messages.emplace_back().body = as_bytes(body);
    return reply;
}

}  // namespace

TEST(QueueClientPipeline, AnswersInAnyOrderGoToTheirRequests) {
    Dialogue dialogue;
    dialogue.broker.bind();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        EXPECT_EQ(dialogue.client.submit(send_of("x")), i);
    }
    const auto requests = dialogue.next_requests(3);
    for (const std::size_t i : {2U, 0U, 1U}) {
        dialogue.broker.answer(*requests[i], accepted(100 + requests[i]->number()));
    }
    for (const std::uint64_t number : {3U, 1U, 2U}) {
        const Reply reply = dialogue.next_reply();
        EXPECT_EQ(reply.response.number, number);
        EXPECT_EQ(reply.response.broker, 7U);
        EXPECT_EQ(first_of(reply), 100 + number);
    }
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
    EXPECT_EQ(dialogue.client.counts().repeats, 0U);
}

TEST(QueueClientPipeline, AnAnswerThatComesTwiceIsGivenOnce) {
    Dialogue dialogue;
    dialogue.broker.bind();
    dialogue.client.submit(send_of("x"));
    dialogue.client.submit(send_of("y"));
    const auto requests = dialogue.next_requests(2);
    dialogue.broker.answer(*requests[0], accepted(1));
    dialogue.broker.answer(*requests[0], accepted(1));
    dialogue.broker.answer(*requests[0], 999, accepted(1));
    dialogue.broker.answer(*requests[1], accepted(2));
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);
    EXPECT_EQ(dialogue.next_reply().response.number, 2U);
    EXPECT_EQ(dialogue.client.counts().late_answers, 2U);
}

TEST(QueueClientPipeline, GarbageIsCountedAndTheAnswerStillComes) {
    Dialogue dialogue;
    dialogue.broker.bind();
    dialogue.client.submit(send_of("x"));
    const auto request = dialogue.next_request();
    dialogue.broker.send(*request, {""});
    dialogue.broker.send(*request, {std::string(1000, '\xFF')});
    dialogue.broker.send(*request, {"two", "frames", "or three"});
    dialogue.broker.answer(*request, accepted(5));
    EXPECT_EQ(first_of(dialogue.next_reply()), 5U);
    EXPECT_EQ(dialogue.client.counts().unreadable, 3U);
}

TEST(QueueClientPipeline, TheWindowEndsAndOpensAgain) {
    Dialogue dialogue;
    dialogue.broker.bind();
    std::size_t taken = 0;
    while (dialogue.client.submit(send_of("x")).has_value()) {
        ASSERT_LT(++taken, limits::kRequestsPerConnectionMax);
    }
    EXPECT_GE(taken, limits::kRequestsPerConnectionMax - 2);
    const auto requests = dialogue.next_requests(taken);
    EXPECT_EQ(dialogue.client.submit(send_of("x")), std::nullopt);
    dialogue.broker.answer(*requests[0], accepted(1));
    dialogue.next_reply();
    EXPECT_TRUE(dialogue.client.submit(send_of("x")).has_value());
    EXPECT_EQ(dialogue.client.submit(send_of("x")), std::nullopt);
}

TEST(QueueClientPipeline, TheWindowIsLimitedInBytesAsWell) {
    Dialogue dialogue;
    dialogue.broker.bind();
    const std::string body(4 << 20, 'x');
    std::size_t bytes = 0;
    while (dialogue.client.submit(send_of(body)).has_value()) {
        bytes += body.size();
        ASSERT_LE(bytes, limits::kBytesPerConnectionMax);
    }
    EXPECT_GE(bytes, body.size());
}

TEST(QueueClientPipeline, WhatNoBrokerTakesIsRefusedWithoutOne) {
    Dialogue dialogue;
    const std::string body(limits::kWireFrameBytesMax, 'x');
    const auto number = dialogue.client.submit(send_of(body));
    const Reply reply = dialogue.next_reply();
    EXPECT_EQ(reply.response.number, number);
    EXPECT_EQ(std::get<Refused>(reply.response.answer).code, Code::too_large);
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
}

TEST(QueueClientPipeline, ViewsLiveAsLongAsTheReplyWhereverItIsMoved) {
    Dialogue dialogue;
    dialogue.broker.bind();
    const std::string body(100, 'b');
    std::vector<Reply> replies;
    for (int i = 0; i < 10; ++i) {
        dialogue.client.submit(Receive{"stock", 1, Millis{0}, std::nullopt});
        dialogue.broker.answer(*dialogue.next_request(), received(body));
        replies.push_back(dialogue.next_reply());
    }
    for (const Reply& reply : replies) {
        const auto& messages = std::get<ReceiveReply>(reply.response.answer).messages;
        EXPECT_EQ(as_text(messages.at(0).body), body);
    }
}

TEST(QueueClientPipeline, ASettleAndItsAskAreAnsweredApart) {
    Dialogue dialogue;
    dialogue.broker.bind();
    Settle settle;
    settle.verdicts.emplace_back().receipt.count = 1;
    settle.next.emplace(0, Receive{"stock", 1, Millis{0}, std::nullopt});
    EXPECT_EQ(dialogue.client.submit(settle), 1U);
    EXPECT_EQ(dialogue.client.next_number(), 3U);
    const auto request = dialogue.next_request();
    EXPECT_EQ(std::get<Settle>(request->request.operation).next->first, 2U);

    dialogue.broker.answer(*request, 2, received("next"));
    EXPECT_EQ(dialogue.next_reply().response.number, 2U);
    EXPECT_EQ(dialogue.client.outstanding(), 1U);
    dialogue.broker.answer(*request, SettleReply{{{Code::ok, 1, {}, ""}}});
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
}

TEST(QueueClientPipeline, ASettleRefusedAsAWholeRefusesItsAsk) {
    Dialogue dialogue;
    dialogue.broker.bind();
    Settle settle;
    settle.next.emplace(0, Receive{"stock", 1, Millis{0}, std::nullopt});
    dialogue.client.submit(settle);
    dialogue.broker.answer(*dialogue.next_request(), Refused{Code::bad_request, "no"});
    for (int i = 0; i < 2; ++i) {
        const Reply reply = dialogue.next_reply();
        EXPECT_EQ(std::get<Refused>(reply.response.answer).code, Code::bad_request);
    }
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
}

TEST(QueueClientPipeline, AnExpiredReceiveIsNothingAndAnExpiredSendIsAnError) {
    Dialogue dialogue;
    dialogue.broker.bind();
    const Refused expired{Code::request_expired, "too old"};
    dialogue.client.submit(Receive{"stock", 1, Millis{0}, std::nullopt});
    dialogue.client.submit(send_of("x"));
    for (const auto& request : dialogue.next_requests(2)) {
        dialogue.broker.answer(*request, expired);
    }
    const Reply receive = dialogue.next_reply();
    EXPECT_TRUE(std::get<ReceiveReply>(receive.response.answer).messages.empty());
    const Reply send = dialogue.next_reply();
    EXPECT_EQ(std::get<Refused>(send.response.answer), expired);
}

TEST(QueueClientPipeline, OnlyEndpointsOfThisMachineAreTaken) {
    const auto client = [](const std::string& endpoint) {
        ClientOptions options;
        options.endpoint = endpoint;
        QueueClient{options};
    };
    for (const char* endpoint :
         {"", "tcp://", "tcp://10.0.0.1:5555", "tcp://127.evil.example:1", "tcp://*:5555",
          "udp://127.0.0.1:1", "tcp://127.0.0.1", "ipc://"}) {
        EXPECT_THROW(client(endpoint), std::invalid_argument) << endpoint;
    }
    EXPECT_NO_THROW(client("tcp://127.0.0.1:1"));
    EXPECT_NO_THROW(client("tcp://[::1]:1"));
}

}  // namespace esteira::client::test
