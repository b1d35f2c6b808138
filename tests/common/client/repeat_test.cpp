#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "tests/common/client/fake_broker.hpp"

// What a client does when answers do not come: F42 of the fault matrix, seen from its side.
namespace esteira::client::test {

using namespace dialogue;

namespace {

Send send_of(std::string_view body) {
    Send send{"stock", {}};
    send.entries.emplace_back().body = as_bytes(body);
    return send;
}

SendReply accepted(std::uint64_t first) { return {{{Code::ok, 1, MessageNumber{first}, ""}}}; }

ClientOptions impatient() {
    ClientOptions options;
    options.request_timeout = Millis{100};
    return options;
}

}  // namespace

TEST(QueueClientRepeat, ABrokerThatComesBackIsAskedAgainTheSameInTheSameOrder) {
    Dialogue dialogue;
    dialogue.broker.bind();
    for (int i = 0; i < 4; ++i) {
        dialogue.client.submit(send_of("body " + std::to_string(i)));
    }
    const auto before = dialogue.next_requests(4);
    dialogue.broker.answer(*before[1], accepted(2));
    EXPECT_EQ(dialogue.next_reply().response.number, 2U);

    dialogue.broker.kill();
    dialogue.broker.bind();
    const auto after = dialogue.next_requests(3);
    const std::vector<std::size_t> unanswered = {0, 2, 3};
    for (std::size_t i = 0; i < after.size(); ++i) {
        EXPECT_EQ(after[i]->bytes, before[unanswered[i]]->bytes);
        EXPECT_EQ(after[i]->request.session, dialogue.client.session());
        dialogue.broker.answer(*after[i], accepted(10 + i));
    }
    for (const std::uint64_t number : {1U, 3U, 4U}) {
        EXPECT_EQ(dialogue.next_reply().response.number, number);
    }
    EXPECT_EQ(dialogue.client.counts().repeats, 3U);
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
}

TEST(QueueClientRepeat, ABrokerThatIsNotThereYetIsWaitedFor) {
    Dialogue dialogue;
    dialogue.client.submit(send_of("x"));
    while (dialogue.client.counts().links < 3) {
        EXPECT_FALSE(dialogue.client.poll(Millis{1}).has_value());
    }
    dialogue.broker.bind();
    dialogue.broker.answer(*dialogue.next_request(), accepted(1));
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);
    EXPECT_EQ(dialogue.client.counts().repeats, 0U);
}

TEST(QueueClientRepeat, ARequestWithoutAnAnswerIsAskedAgainOnANewConnection) {
    Dialogue dialogue(impatient());
    dialogue.broker.bind();
    dialogue.client.submit(send_of("x"));
    const auto first = dialogue.next_request();
    const auto second = dialogue.next_request();
    EXPECT_EQ(second->bytes, first->bytes);
    EXPECT_NE(second->route, first->route);
    dialogue.broker.answer(*second, accepted(1));
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);
    EXPECT_GE(dialogue.client.counts().overdue, 1U);
}

TEST(QueueClientRepeat, AReceiveMayTakeItsWaitBeforeItIsOverdue) {
    Dialogue dialogue(impatient());
    dialogue.broker.bind();
    dialogue.client.submit(Receive{"stock", 1, Millis{20'000}, std::nullopt});
    const auto request = dialogue.next_request();
    EXPECT_FALSE(dialogue.client.poll(Millis{300}).has_value());
    EXPECT_EQ(dialogue.client.counts().overdue, 0U);
    dialogue.broker.answer(*request, ReceiveReply{});
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);
}

TEST(QueueClientRepeat, AnAskThatIsStillOpenIsRepeatedWithItsSettle) {
    Dialogue dialogue;
    dialogue.broker.bind();
    Settle settle;
    settle.verdicts.emplace_back().receipt.count = 1;
    settle.next.emplace(0, Receive{"stock", 1, Millis{20'000}, std::nullopt});
    dialogue.client.submit(settle);
    const auto before = dialogue.next_request();
    const SettleReply settled{{{Code::ok, 1, {}, ""}}};
    dialogue.broker.answer(*before, settled);
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);

    dialogue.broker.kill();
    dialogue.broker.bind();
    const auto after = dialogue.next_request();
    EXPECT_EQ(after->bytes, before->bytes);
    dialogue.broker.answer(*after, settled);
    dialogue.broker.answer(*after, 2, ReceiveReply{});
    EXPECT_EQ(dialogue.next_reply().response.number, 2U);
    EXPECT_EQ(dialogue.client.counts().late_answers, 1U);
}

TEST(QueueClientRepeat, AnAskIsNothingWhenItsSettleIsTooOldToRepeat) {
    Dialogue dialogue;
    dialogue.broker.bind();
    Settle settle;
    settle.next.emplace(0, Receive{"stock", 1, Millis{20'000}, std::nullopt});
    dialogue.client.submit(settle);
    dialogue.broker.answer(*dialogue.next_request(), SettleReply{});
    dialogue.next_reply();
    dialogue.broker.kill();
    dialogue.broker.bind();
    dialogue.broker.answer(*dialogue.next_request(), Refused{Code::request_expired, "too old"});
    const Reply reply = dialogue.next_reply();
    EXPECT_EQ(reply.response.number, 2U);
    EXPECT_TRUE(std::get<ReceiveReply>(reply.response.answer).messages.empty());
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
}

TEST(QueueClientRepeat, AWorkerSaysHelloFirstToABrokerThatComesBack) {
    Dialogue dialogue;
    dialogue.broker.bind();
    dialogue.client.submit(Hello{"worker", "upsert-stock", "host", 42, false});
    dialogue.broker.answer(*dialogue.next_request(), HelloReply{"0.1.0"});
    EXPECT_EQ(dialogue.next_reply().response.number, 1U);
    dialogue.client.submit(send_of("x"));
    dialogue.next_request();

    dialogue.broker.kill();
    dialogue.broker.bind();
    const auto hello = dialogue.next_request();
    const auto* said = std::get_if<Hello>(&hello->request.operation);
    ASSERT_NE(said, nullptr);
    EXPECT_EQ(said->pool, "upsert-stock");
    EXPECT_EQ(said->pid, 42U);
    EXPECT_EQ(hello->number(), 3U);
    const auto send = dialogue.next_request();
    EXPECT_EQ(send->number(), 2U);

    dialogue.broker.answer(*hello, HelloReply{"0.2.0"});
    dialogue.broker.answer(*send, accepted(1));
    EXPECT_EQ(dialogue.next_reply().response.number, 2U);
    EXPECT_EQ(dialogue.client.outstanding(), 0U);
}

TEST(QueueClientRepeat, WhoSaidGoodbyeIsNotAnnouncedAgain) {
    Dialogue dialogue;
    dialogue.broker.bind();
    for (const bool leaving : {false, true}) {
        dialogue.client.submit(Hello{"worker", "pool", "host", 42, leaving});
        dialogue.broker.answer(*dialogue.next_request(), HelloReply{"0.1.0"});
        dialogue.next_reply();
    }
    dialogue.client.submit(send_of("x"));
    dialogue.next_request();
    dialogue.broker.kill();
    dialogue.broker.bind();
    EXPECT_TRUE(std::holds_alternative<Send>(dialogue.next_request()->request.operation));
}

TEST(QueueClientRepeat, AnEarlierSessionIsContinued) {
    ClientOptions options;
    options.session = Bytes16{std::byte{1}, std::byte{2}};
    options.next_number = 41;
    Dialogue dialogue(options);
    dialogue.broker.bind();
    EXPECT_EQ(dialogue.client.submit(send_of("x")), 41U);
    EXPECT_EQ(dialogue.next_request()->request.session, *options.session);

    Dialogue other;
    EXPECT_NE(other.client.session(), Dialogue{}.client.session());
}

TEST(QueueClientRepeat, ImpatienceEndsInUnreachableAndTheRequestStaysOpen) {
    ClientOptions options;
    options.patience = Millis{50};
    Dialogue dialogue(options);
    dialogue.client.submit(send_of("x"));
    EXPECT_THROW(dialogue.next_reply(), Unreachable);
    EXPECT_THROW(dialogue.client.get_queue("stock"), Unreachable);
    EXPECT_EQ(dialogue.client.outstanding(), 2U);

    dialogue.broker.bind();
    std::unique_ptr<Seen> request;
    while (request == nullptr) {
        try {
            request = dialogue.next_request();
        } catch (const Unreachable&) {
            continue;
        }
    }
    EXPECT_EQ(request->number(), 1U);
}

}  // namespace esteira::client::test
