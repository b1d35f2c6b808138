#include "workers/runtime/handling.hpp"

#include <functional>
#include <stdexcept>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace esteira::runtime
