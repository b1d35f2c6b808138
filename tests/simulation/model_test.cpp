#include <gtest/gtest.h>

#include "tests/simulation/history.hpp"

// The checker's own test: doctored histories that it has to reject, and legal but odd ones that it
// has to accept.
namespace esteira::simulation {
namespace {

using dialogue::Code;
using dialogue::Verdict;

TEST(Model, RejectsALostMessage) {
    History history;
    history.send(1);
    EXPECT_THROW(history.model.check_drained(), Violation);
}

TEST(Model, RejectsADeletedMessageThatComesBack) {
    History history;
    const MessageId id = history.send(1);
    history.settle(history.receive(id, 1), Verdict::done);
    history.pass(60);
    EXPECT_THROW(history.receive(id, 2, 2), Violation);
}

TEST(Model, RejectsAChangedBody) {
    History history;
    const MessageId id = history.send(1);
    auto delivery = history.delivery(id);
    std::vector<std::byte> body(delivery.body.begin(), delivery.body.end());
    body.back() ^= std::byte{1};
    delivery.body = body;
    EXPECT_THROW(history.tell(delivery, 1), Violation);
}

TEST(Model, RejectsABodyThatNobodySent) {
    History history;
    const MessageId id = history.send(1);
    auto delivery = history.delivery(id);
    std::vector<std::byte> body(40, std::byte{9});
    delivery.body = body;
    EXPECT_THROW(history.tell(delivery, 1), Violation);
}

TEST(Model, RejectsWhatWasRefused) {
    History history;
    const MessageId id = history.ask();
    history.model.not_sent(id);
    EXPECT_THROW(history.receive(id, 1), Violation);
}

TEST(Model, RejectsADeliveryBeforeItsTime) {
    History history;
    const MessageId id = history.send(1);
    history.receive(id, 1);
    history.pass(29);
    EXPECT_THROW(history.receive(id, 2, 2), Violation);
}

TEST(Model, RejectsADeliveryNumberThatWasUsed) {
    History history;
    const MessageId first = history.send(1);
    const MessageId second = history.send(2);
    history.receive(first, 5);
    EXPECT_THROW(history.receive(second, 5), Violation);
    EXPECT_THROW(history.receive(second, 4), Violation);
}

TEST(Model, RejectsAWrongReceiveCount) {
    History history;
    const MessageId id = history.send(1);
    EXPECT_THROW(history.receive(id, 1, 2), Violation);
    history.receive(id, 2, 1);
    history.pass(31);
    EXPECT_THROW(history.receive(id, 3, 1), Violation);
}

TEST(Model, RejectsADeliveryAboveTheMaximum) {
    History history;
    const MessageId id = history.send(1);
    history.receive(id, 1, 1);
    history.pass(31);
    history.receive(id, 2, 2);
    history.pass(31);
    EXPECT_THROW(history.receive(id, 3, 3), Violation);
}

TEST(Model, RejectsAStaleReceiptThatIsTaken) {
    History history;
    const MessageId id = history.send(1);
    const auto receipt = history.receive(id, 1);
    history.settle(receipt, Verdict::hand_back);
    EXPECT_THROW(history.settle(receipt, Verdict::done), Violation);
}

TEST(Model, RejectsAGoodReceiptThatIsCalledStale) {
    History history;
    const MessageId id = history.send(1);
    const auto receipt = history.receive(id, 1);
    EXPECT_THROW(history.settle(receipt, Verdict::done, Code::receipt_stale), Violation);
}

TEST(Model, RejectsAMessageOfTwoNumbersAndANumberOfTwoMessages) {
    History history;
    const MessageId id = history.send(1);
    EXPECT_THROW(history.model.sent(id, 2), Violation);
    EXPECT_THROW(history.send(1), Violation);
}

TEST(Model, RejectsADeliveryInAnotherQueue) {
    History history;
    const MessageId id = history.send(1);
    EXPECT_THROW(history.tell(history.delivery(id), 1, kOther), Violation);
}

TEST(Model, RejectsADeadLetterWithoutItsStory) {
    History history;
    const MessageId id = history.send(1);
    history.settle(history.receive(id, 1), Verdict::dead);
    auto delivery = history.delivery(id, 2);
    delivery.source = name_of(kQueue);
    EXPECT_THROW(history.tell(delivery, 2, kDead), Violation);
}

TEST(Model, RejectsAStoryThatLacksAnAttempt) {
    History history;
    const MessageId id = history.send(1);
    history.receive(id, 1, 1);
    history.pass(31);
    auto delivery = history.delivery(id, 2);
    delivery.history = {};
    EXPECT_THROW(history.tell(delivery, 2), Violation);
}

TEST(Model, RejectsAnotherSendTime) {
    History history;
    const MessageId id = history.send(1);
    auto delivery = history.delivery(id);
    delivery.sent_at += Millis{1};
    EXPECT_THROW(history.tell(delivery, 1), Violation);
}

TEST(Model, RejectsAnEmptyAnswerWhileAMessageIsVisible) {
    History history;
    history.send(1);
    EXPECT_THROW(history.model.received_nothing(kQueue, 1, history.now), Violation);
}

TEST(Model, RejectsACountThatCannotBe) {
    History history;
    history.send(1);
    EXPECT_THROW(history.model.check_counts({}), Violation);
    EXPECT_THROW(history.model.check_counts({2}), Violation);
    EXPECT_NO_THROW(history.model.check_counts({1}));
}

TEST(Model, RejectsAMessageThatHasExpired) {
    History history;
    const MessageId id = history.send(1);
    history.pass(601);
    EXPECT_THROW(history.receive(id, 1), Violation);
}

TEST(Model, RejectsALostLeaseOfAMessageThatHadExpired) {
    History history;
    const MessageId id = history.send(1);
    history.pass(600);
    auto asking = history.asking(kQueue, true);
    history.model.perhaps_received(asking, history.now);
    history.pass(5);
    EXPECT_THROW(history.tell(history.delivery(id), 1, asking), Violation);
}

TEST(Model, RejectsALeaseThatIsToldAgainAfterItsEnd) {
    History history;
    const MessageId id = history.send(1);
    const auto told = history.delivery(id);
    history.settle(history.tell(told, 1), Verdict::hand_back);
    EXPECT_THROW(history.tell(told, 1, kQueue, true), Violation);
}

TEST(Model, RejectsAQueueThatNobodyRemoved) {
    History history;
    EXPECT_THROW(history.model.queue_seen(kQueue, nullptr), Violation);
}

TEST(Model, AcceptsASendWithoutAnAnswerEitherWay) {
    History history;
    const MessageId there = history.ask();
    history.ask();
    EXPECT_NO_THROW(history.model.check_counts({1}));
    auto delivery = history.delivery(there);
    delivery.number = MessageNumber{4};
    EXPECT_NO_THROW(history.settle(history.tell(delivery, 1), Verdict::done));
    EXPECT_NO_THROW(history.model.check_drained());
}

TEST(Model, AcceptsADeleteWithoutAnAnswerEitherWay) {
    History history;
    const MessageId id = history.send(1);
    const auto receipt = history.receive(id, 1);
    history.model.perhaps_settled(receipt, history.now.broker);
    EXPECT_NO_THROW(history.model.check_drained());
    history.pass(31);
    EXPECT_NO_THROW(history.receive(id, 2, 2));
    EXPECT_THROW(history.model.check_drained(), Violation);
}

TEST(Model, AcceptsAReceiveWithoutAnAnswerInTheCount) {
    History history;
    const MessageId id = history.send(1);
    auto asking = history.asking();
    history.model.perhaps_received(asking, history.now);
    history.pass(31);
    EXPECT_NO_THROW(history.receive(id, 2, 2));
}

TEST(Model, AcceptsADeadLetterThatWasReceivedTooOften) {
    History history;
    const MessageId id = history.send(1);
    history.receive(id, 1, 1);
    history.pass(31);
    history.receive(id, 2, 2);
    history.pass(31);
    auto delivery = history.delivery(id, 3);
    const std::string source = name_of(kQueue);
    delivery.source = source;
    delivery.reason = "max_receives: received 2 times";
    delivery.history = history.story(2, BuriedBy::max_receives);
    EXPECT_NO_THROW(history.tell(delivery, 3, kDead));
}

TEST(Model, AcceptsTheSameLeaseForARepeatedRequest) {
    History history;
    const MessageId id = history.send(1);
    const auto told = history.delivery(id);
    history.tell(told, 1);
    EXPECT_NO_THROW(history.tell(told, 1, kQueue, true));
    EXPECT_THROW(history.tell(told, 1, kQueue, false), Violation);
}

TEST(Model, AcceptsALostLeaseOfAMessageThatExpiredSince) {
    History history;
    const MessageId id = history.send(1);
    history.pass(599);
    auto asking = history.asking(kQueue, true);
    history.model.perhaps_received(asking, history.now);
    history.pass(5);
    EXPECT_NO_THROW(history.tell(history.delivery(id), 1, asking));
}

TEST(Model, AcceptsALostLeaseFromBeforeItsQueueAllowedLess) {
    History history;
    const MessageId id = history.send(1);
    history.receive(id, 1);
    history.pass(31);
    auto asking = history.asking(kQueue, true);
    history.model.perhaps_received(asking, history.now);
    Rules rules = history.model.queue(kQueue).rules;
    rules.max_receives = 1;
    history.set(kQueue, rules);
    const auto told = history.delivery(id, 2);
    EXPECT_THROW(history.tell(told, 2, kQueue, true), Violation);
    EXPECT_NO_THROW(history.tell(told, 3, asking));
}

TEST(Model, AcceptsALostLeaseFromBeforeItsQueueHidForLonger) {
    History history;
    const MessageId id = history.send(1);
    auto asking = history.asking(kQueue, true);
    history.model.perhaps_received(asking, history.now);
    Rules rules = history.model.queue(kQueue).rules;
    rules.visibility_seconds = 60;
    history.set(kQueue, rules);
    history.tell(history.delivery(id), 1, asking);
    history.pass(29);
    EXPECT_THROW(history.receive(id, 2, 2), Violation);
    history.pass(2);
    EXPECT_NO_THROW(history.receive(id, 3, 2));
}

TEST(Model, AcceptsThatAnExpiredMessageIsGone) {
    History history;
    history.send(1);
    history.pass(601);
    EXPECT_NO_THROW(history.model.check_counts({}));
    EXPECT_NO_THROW(history.model.check_drained());
}

}  // namespace
}  // namespace esteira::simulation
