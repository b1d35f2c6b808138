// What the checker says of windows, receive attempts and pauses.
#include <gtest/gtest.h>

#include "tests/simulation/history.hpp"

namespace esteira::simulation {
namespace {

using dialogue::Code;
using dialogue::Verdict;

TEST(WindowModel, RejectsFewerThanWereAskedForBeforeTheWaitIsOver) {
    History history;
    const MessageId id = history.send(1);
    Model::Asking asking = history.asking();
    asking.count = asking.min = 2;
    asking.waits_until = history.now.broker + std::chrono::seconds(10);
    EXPECT_THROW(history.tell(history.delivery(id), 1, asking), Violation);
    history.pass(10);
    EXPECT_NO_THROW(history.tell(history.delivery(id), 1, asking));
}

TEST(WindowModel, RejectsAWaitForWhatIsThere) {
    History history;
    history.send(1);
    EXPECT_NO_THROW(history.model.received_nothing(kQueue, 2, history.now));
    history.send(2);
    EXPECT_THROW(history.model.received_nothing(kQueue, 2, history.now), Violation);
}

struct Attempt {
    History history;
    MessageId first = history.send_in_group(1);
    MessageId other = history.send_in_group(2, "h");
    Model::Asking asking;
    Judgement held;

    Attempt() {
        asking = history.asking(kOrdered);
        asking.attempt = "attempt-1";
        held = history.tell(history.delivery(first), 1, asking);
    }
    Judgement told_other() { return history.tell(history.delivery(other), 2, asking); }
    Judgement told_again() { return history.tell(history.delivery(first), 1, asking); }
};

TEST(AttemptModel, RejectsSomethingElseWhileTheFirstIsHeld) {
    Attempt attempt;
    EXPECT_THROW(attempt.told_other(), Violation);
    EXPECT_THROW(attempt.history.model.check_attempt(attempt.asking, {}, attempt.history.now),
                 Violation);
    EXPECT_NO_THROW(attempt.told_again());
}

TEST(AttemptModel, ItsTimeBeginsAnewWhenItIsToldAgain) {
    Attempt attempt;
    attempt.history.pass(20);
    attempt.told_again();
    attempt.history.pass(20);
    EXPECT_THROW(attempt.history.settle(attempt.held, Verdict::done, Code::receipt_stale),
                 Violation);
    attempt.history.pass(10);
    EXPECT_THROW(attempt.told_again(), Violation);
}

TEST(AttemptModel, AcceptsSomethingElseWhenTheFirstIsDoneOrOver) {
    Attempt done;
    done.history.settle(done.held, Verdict::done);
    EXPECT_NO_THROW(done.told_other());
    Attempt over;
    over.history.pass(31);
    EXPECT_NO_THROW(over.told_other());
}

TEST(AttemptModel, RejectsALeaseAgainForWhoHasNoSuchAttempt) {
    Attempt attempt;
    attempt.asking.attempt.clear();
    EXPECT_THROW(attempt.told_again(), Violation);
}

struct Paused : History {
    explicit Paused(bool sends, bool receives) {
        Rules rules;
        rules.sends_paused = sends;
        rules.receives_paused = receives;
        set(kOther, rules);
    }
};

TEST(PauseModel, RejectsADeliveryAndAcceptsNone) {
    Paused history(false, true);
    const MessageId id = history.ask(kOther);
    history.model.sent(id, 1);
    EXPECT_NO_THROW(history.model.received_nothing(kOther, 1, history.now));
    EXPECT_THROW(history.tell(history.delivery(id), 1, kOther), Violation);
    history.set(kOther, Rules{});
    EXPECT_THROW(history.model.received_nothing(kOther, 1, history.now), Violation);
    EXPECT_NO_THROW(history.tell(history.delivery(id), 1, kOther));
}

TEST(PauseModel, RejectsASendThatWasTakenAndOneThatWasRefusedWithoutAPause) {
    Paused history(true, false);
    const MessageId id = history.ask(kOther);
    EXPECT_THROW(history.model.check_sends_go({id}), Violation);
    EXPECT_NO_THROW(history.model.check_sends_paused({id}));
    EXPECT_NO_THROW(history.model.check_sends_go({history.ask(kQueue)}));
    EXPECT_THROW(history.model.check_sends_paused({history.ask(kQueue)}), Violation);
}

}  // namespace
}  // namespace esteira::simulation
