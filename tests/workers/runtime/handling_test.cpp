#include "workers/runtime/handling.hpp"

#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

#include "workers/runtime/failed_groups.hpp"

namespace esteira::runtime {
namespace {

class FakeHandler final : public Handler {
public:
    using Step = std::function<std::vector<Outcome>(std::span<const Delivery>)>;
    explicit FakeHandler(Step step) : step_(std::move(step)) {}
    std::vector<Outcome> handle(std::span<const Delivery> batch) override {
        sizes.push_back(batch.size());
        return step_(batch);
    }
    std::vector<std::size_t> sizes;

private:
    Step step_;
};

std::vector<Delivery> batch_of(std::vector<std::string_view> bodies) {
    std::vector<Delivery> batch(bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        batch[i].body = bodies[i];
    }
    return batch;
}

bool holds(std::span<const Delivery> batch, std::string_view body) {
    return std::any_of(batch.begin(), batch.end(),
                       [&](const Delivery& delivery) { return delivery.body == body; });
}

TEST(HandleBatchTest, IsOneCallWhenNothingIsThrown) {
    FakeHandler handler([](auto batch) {
        return std::vector<Outcome>(batch.size(), {Verdict::dead, "no", {}});
    });
    const Handled handled = handle_batch(handler, batch_of({"a", "b"}));
    EXPECT_EQ(handled.end, Handled::End::whole);
    EXPECT_EQ(handled.outcomes, std::vector<Outcome>(2, {Verdict::dead, "no", {}}));
    EXPECT_EQ(handler.sizes, (std::vector<std::size_t>{2}));
}

TEST(HandleBatchTest, RetriesOnlyTheMessageThatThrowsAlone) {
    FakeHandler handler([](auto batch) {
        if (holds(batch, "bad")) {
            throw std::runtime_error("cannot");
        }
        return std::vector<Outcome>(batch.size());
    });
    const Handled handled = handle_batch(handler, batch_of({"a", "bad", "c"}));
    EXPECT_EQ(handled.end, Handled::End::whole);
    EXPECT_EQ(handled.outcomes, (std::vector<Outcome>{{}, {Verdict::retry, "cannot", {}}, {}}));
    EXPECT_EQ(handler.sizes, (std::vector<std::size_t>{3, 1, 1, 1}));
}

TEST(HandleBatchTest, DoesNotCallAgainForOneMessage) {
    FakeHandler handler([](auto) -> std::vector<Outcome> { throw 7; });
    const Handled handled = handle_batch(handler, batch_of({"a"}));
    ASSERT_EQ(handled.outcomes.size(), 1u);
    EXPECT_EQ(handled.outcomes[0].verdict, Verdict::retry);
    EXPECT_EQ(handler.sizes, (std::vector<std::size_t>{1}));
}

TEST(HandleBatchTest, BlamesNoMessageForAStoreThatIsAway) {
    FakeHandler handler([](auto) -> std::vector<Outcome> { throw Unavailable("gone"); });
    const Handled handled = handle_batch(handler, batch_of({"a", "b"}));
    EXPECT_EQ(handled.end, Handled::End::unavailable);
    EXPECT_EQ(handled.why, "gone");
    EXPECT_TRUE(handled.outcomes.empty());
}

TEST(HandleBatchTest, KeepsWhatWasDoneBeforeTheStoreWentAway) {
    FakeHandler handler([](auto batch) -> std::vector<Outcome> {
        if (batch.size() > 1) {
            throw std::runtime_error("not together");
        }
        if (holds(batch, "b")) {
            throw Unavailable("gone");
        }
        return {{}};
    });
    const Handled handled = handle_batch(handler, batch_of({"a", "b", "c"}));
    EXPECT_EQ(handled.end, Handled::End::unavailable);
    EXPECT_EQ(handled.outcomes, std::vector<Outcome>(1));
}

TEST(HandleBatchTest, SaysThatAPersonHasToAct) {
    FakeHandler handler([](auto) -> std::vector<Outcome> { throw Misconfigured("no table"); });
    const Handled handled = handle_batch(handler, batch_of({"a"}));
    EXPECT_EQ(handled.end, Handled::End::misconfigured);
    EXPECT_EQ(handled.why, "no table");
}

// "a1" is of group a, "-1" of none.
std::vector<Delivery> grouped(std::vector<std::string_view> bodies) {
    std::vector<Delivery> batch = batch_of(std::move(bodies));
    for (Delivery& delivery : batch) {
        if (!delivery.body.starts_with('-')) {
            delivery.group = delivery.body.substr(0, 1);
        }
    }
    return batch;
}

std::string verdicts_of(const Handled& handled) {
    std::string text;
    for (const Outcome& outcome : handled.outcomes) {
        text += "DRXH"[static_cast<int>(outcome.verdict)];
    }
    return text;
}

TEST(GroupOrderTest, DoesNotHandleWhatIsBehindAMessageThatFailedAlone) {
    std::vector<std::string> handled_alone;
    FakeHandler handler([&](auto batch) {
        if (batch.size() > 1) {
            throw std::runtime_error("not together");
        }
        handled_alone.emplace_back(batch[0].body);
        if (batch[0].body == "a2" || batch[0].body == "-1") {
            throw std::runtime_error("cannot");
        }
        return std::vector<Outcome>(1);
    });
    const auto batch = grouped({"a1", "b1", "a2", "-1", "a3", "b2", "-2", "a4"});
    EXPECT_EQ(verdicts_of(handle_batch(handler, batch)), "DDRRHDDH");
    EXPECT_EQ(handled_alone, (std::vector<std::string>{"a1", "b1", "a2", "-1", "b2", "-2"}));
}

TEST(GroupOrderTest, StopsAGroupAtAVerdictOfRetryToo) {
    FakeHandler handler([&](auto batch) {
        if (batch.size() > 1) {
            throw std::runtime_error("not together");
        }
        const bool later = batch[0].body == "a1";
        return std::vector<Outcome>{later ? Outcome{Verdict::retry, "later", {}} : Outcome{}};
    });
    EXPECT_EQ(verdicts_of(handle_batch(handler, grouped({"a1", "a2", "b1"}))), "RHD");
}

TEST(GroupOrderTest, HandsBackWhatIsBehindARetryWhateverTheHandlerSaid) {
    FakeHandler handler([](auto) {
        Outcome sends;
        sends.sends.push_back({"next", "x", {}, {}});
        return std::vector<Outcome>{
            {}, {Verdict::retry, "later", {}}, sends, {Verdict::dead, "no", {}}, {}, {}};
    });
    const Handled handled = handle_batch(handler, grouped({"a1", "a2", "a3", "a4", "b1", "-1"}));
    EXPECT_EQ(verdicts_of(handled), "DRHHDD");
    EXPECT_TRUE(handled.outcomes[2].sends.empty());
}

TEST(GroupOrderTest, GoesOnBehindADeadMessage) {
    FakeHandler handler([](auto) {
        return std::vector<Outcome>{{Verdict::dead, "no", {}}, {}, {}};
    });
    EXPECT_EQ(verdicts_of(handle_batch(handler, grouped({"a1", "a2", "a3"}))), "XDD");
}

TEST(GroupOrderTest, LetsNoHandlerHandBackWithoutACause) {
    FakeHandler handler([](auto batch) {
        return std::vector<Outcome>(batch.size(), {Verdict::hand_back, {}, {}});
    });
    const Handled handled = handle_batch(handler, grouped({"a1", "a2", "-1", "-2"}));
    EXPECT_EQ(verdicts_of(handled), "RHRR");
    EXPECT_FALSE(handled.outcomes[0].reason.empty());
}

TEST(GroupOrderTest, HandsTheRestOfAGroupBackWhenTheStoreGoesAway) {
    FakeHandler handler([](auto batch) -> std::vector<Outcome> {
        if (batch.size() > 1) {
            throw std::runtime_error("not together");
        }
        if (batch[0].body == "a2") {
            throw Unavailable("gone");
        }
        return {{}};
    });
    EXPECT_EQ(verdicts_of(handle_batch(handler, grouped({"a1", "a2", "a3"}))), "D");
}

TEST(FailedGroupsTest, HoldNothingThatHasNoGroup) {
    const auto batch = grouped({"-1", "-2", "a1", "a2", "b1"});
    FailedGroups failed;
    failed.add(batch[0]);
    EXPECT_TRUE(failed.none());
    EXPECT_FALSE(failed.hold(batch[1]));
    failed.add(batch[2]);
    EXPECT_TRUE(failed.hold(batch[3]));
    EXPECT_FALSE(failed.hold(batch[4]));
}

}  // namespace
}  // namespace esteira::runtime
