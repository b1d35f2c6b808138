#include <gtest/gtest.h>

#include "tests/simulation/history.hpp"

// The checker's own test, of groups: doctored histories that it has to reject, and legal ones that
// it has to accept.
namespace esteira::simulation {
namespace {

using dialogue::Code;
using dialogue::Verdict;
using Came = Model::Came;

TEST(GroupModel, RejectsADeliveryPastOneThatWaits) {
    History history;
    history.send_in_group(1);
    const MessageId second = history.send_in_group(2);
    EXPECT_THROW(history.receive_in_order(second, 1), Violation);
}

TEST(GroupModel, RejectsADeliveryPastOneInFlight) {
    History history;
    const MessageId first = history.send_in_group(1);
    const MessageId second = history.send_in_group(2);
    history.receive_in_order(first, 1);
    EXPECT_THROW(history.receive_in_order(second, 2), Violation);
}

TEST(GroupModel, AcceptsAnotherGroupAndTheNextOneWhenTheFirstIsDone) {
    History history;
    const MessageId first = history.send_in_group(1);
    const MessageId second = history.send_in_group(2);
    const MessageId other = history.send_in_group(3, "h");
    const Judgement held = history.receive_in_order(first, 1);
    EXPECT_NO_THROW(history.receive_in_order(other, 2));
    history.settle(held, Verdict::done);
    EXPECT_NO_THROW(history.receive_in_order(second, 3));
}

TEST(GroupModel, RejectsAnEmptyAnswerWhenTheHeadIsVisibleAndNotWhenItIsInFlight) {
    History history;
    const MessageId first = history.send_in_group(1);
    history.send_in_group(2);
    EXPECT_THROW(history.model.received_nothing(kOrdered, 1, history.now), Violation);
    history.receive_in_order(first, 1);
    EXPECT_NO_THROW(history.model.received_nothing(kOrdered, 1, history.now));
    history.pass(31);
    EXPECT_THROW(history.model.received_nothing(kOrdered, 1, history.now), Violation);
}

TEST(GroupModel, RejectsALateReceiptThatIsTakenAndAcceptsItsRefusal) {
    History history;
    const Judgement held = history.receive_in_order(history.send_in_group(1), 1);
    history.pass(31);
    EXPECT_THROW(history.settle(held, Verdict::done), Violation);
    EXPECT_NO_THROW(history.settle(held, Verdict::done, Code::receipt_stale));
}

TEST(GroupModel, RejectsAnotherGroupOrSequence) {
    History history;
    const MessageId id = history.send_in_group(1);
    auto delivery = history.delivery(id);
    delivery.group = "h";
    EXPECT_THROW(history.tell(delivery, 1, kOrdered), Violation);
    delivery = history.delivery(id);
    delivery.sequence = 2;
    EXPECT_THROW(history.tell(delivery, 1, kOrdered), Violation);
}

TEST(GroupModel, KnowsADeduplicationIdForFiveMinutesAndNoLonger) {
    History history;
    EXPECT_EQ(history.answer_send(history.ask_in_group("x"), 1), Came::stored);
    history.pass(299);
    const MessageId again = history.ask_in_group("x");
    EXPECT_EQ(history.answer_send(again, 1), Came::duplicate);
    EXPECT_THROW(history.receive_in_order(again, 1), Violation);
    EXPECT_THROW(history.answer_send(history.ask_in_group("x"), 2), Violation);
    history.pass(1);
    EXPECT_EQ(history.answer_send(history.ask_in_group("x"), 2), Came::stored);
}

TEST(GroupModel, KnowsADeduplicationIdAfterItsMessageIsGoneAndForgetsItWithAPurge) {
    History history;
    const MessageId id = history.ask_in_group("x");
    history.answer_send(id, 1);
    history.settle(history.receive_in_order(id, 1), Verdict::done);
    EXPECT_EQ(history.answer_send(history.ask_in_group("x"), 1), Came::duplicate);
    history.model.emptied(kOrdered, false);
    EXPECT_EQ(history.answer_send(history.ask_in_group("x"), 2), Came::stored);
}

TEST(GroupModel, AcceptsOneOfTwoOfWhichNobodyKnowsAndRejectsBoth) {
    History history;
    const MessageId lost = history.ask_in_group("x");
    history.model.perhaps_sent(lost, history.now.broker);
    history.pass(1);
    const MessageId again = history.ask_in_group("x");
    EXPECT_EQ(history.answer_send(again, 1), Came::either);
    EXPECT_THROW(history.model.check_drained(), Violation);
    auto delivery = history.delivery(lost);
    delivery.number = MessageNumber{1};
    delivery.sequence = 1;
    EXPECT_NO_THROW(history.tell(delivery, 1, kOrdered));
    delivery = history.delivery(again);
    EXPECT_THROW(history.tell(delivery, 2, kOrdered), Violation);
}

}  // namespace
}  // namespace esteira::simulation
