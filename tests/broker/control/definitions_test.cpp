#include <gtest/gtest.h>

#include "broker/control/definitions/plan.hpp"
#include "broker/control/definitions/show.hpp"

namespace esteira::control::definitions {
namespace {

WantedQueue wanted(Texts create, Texts tags = {}) {
    Texts attributes{{"DeadLetterQueue", ""},
                     {"FifoQueue", "false"},
                     {"SendsPaused", "false"},
                     {"VisibilityTimeout", "30"}};
    for (const auto& [name, value] : create) {
        attributes[name] = value;
    }
    return {attributes, std::move(create), std::move(tags), false};
}

ExistingQueue existing(const Texts& settings, Texts tags = {}, std::uint64_t messages = 0) {
    return {wanted(settings).attributes, std::move(tags), messages};
}

// One line a step and conflict, as people see the plan.
std::string lines(const Plan& plan) {
    std::string text;
    for (const Step& step : plan.steps) {
        text += text_of(step) + "\n";
    }
    for (const Conflict& conflict : plan.conflicts) {
        text += text_of(conflict) + "\n";
    }
    for (const Item& item : plan.left_alone) {
        text += "  " + text_of(item) + "\n";
    }
    return text;
}

// What the broker has when the plan was done.
Existing after(const Wanted& all) {
    Existing result;
    for (const auto& [name, queue] : all.queues) {
        result.queues[name] = {queue.attributes, queue.tags, 0};
    }
    result.topics = all.topics;
    return result;
}

TEST(DefinitionsPlan, WhatIsAsDeclaredNeedsNothing) {
    Wanted all;
    all.queues["a"] = wanted({{"VisibilityTimeout", "60"}}, {{"team", "loja"}});
    all.topics["t"] = {{{"team", "loja"}}, {{"a", "attr.tipo:venda"}}};
    const Plan first = plan_of(all, {}, {});
    EXPECT_EQ(first.steps.size(), 3u);
    EXPECT_EQ(lines(plan_of(all, after(all), {})), "");
}

TEST(DefinitionsPlan, ADifferenceIsToldWithBothSides) {
    Wanted all;
    all.queues["a"] = wanted({{"VisibilityTimeout", "60"}}, {{"team", "loja"}});
    Existing there;
    there.queues["a"] = existing({}, {{"team", "x"}, {"old", "1"}}, 7);
    EXPECT_EQ(lines(plan_of(all, there, {})),
              "~ queue a\n    VisibilityTimeout: 30 -> 60\n    tag old: 1 -> (none)\n"
              "    tag team: x -> loja\n");
}

TEST(DefinitionsPlan, WhatIsNoLongerDeclaredGoesBackToItsDefault) {
    Wanted all;
    all.queues["a"] = wanted({});
    Existing there;
    there.queues["a"] = existing({{"VisibilityTimeout", "60"}});
    EXPECT_EQ(lines(plan_of(all, there, {})), "~ queue a\n    VisibilityTimeout: 60 -> 30\n");
}

TEST(DefinitionsPlan, AnOrderWorks) {
    Wanted all;
    all.queues["a"] = wanted({{"DeadLetterQueue", "m"}});
    all.queues["m"] = wanted({{"DeadLetterQueue", "z"}});
    all.queues["z"] = wanted({});
    all.topics["b"] = {{}, {{"a", ""}}};
    EXPECT_EQ(lines(plan_of(all, {}, {})),
              "+ queue z\n+ queue m\n    DeadLetterQueue = z\n+ queue a\n    DeadLetterQueue = m\n"
              "+ topic b\n+ subscription b -> a\n");
    // And removals the other way round.
    EXPECT_EQ(lines(plan_of({}, after(all), {.undeclared = true})),
              "- subscription b -> a\n- topic b\n- queue a\n- queue m\n- queue z\n");
}

TEST(DefinitionsPlan, WhatIsNotDeclaredIsToldAndLeftAlone) {
    Existing there;
    there.queues["old"] = existing({});
    there.topics["t"] = {{}, {{"old", ""}}};
    EXPECT_EQ(lines(plan_of({}, there, {})), "  topic t\n  queue old\n");
    Wanted all;
    all.topics["t"] = {};
    EXPECT_EQ(lines(plan_of(all, there, {})), "  subscription t -> old\n  queue old\n");
}

TEST(DefinitionsPlan, APruneNeverTakesWhatSomebodyNeeds) {
    Wanted all;
    all.queues["a"] = wanted({{"DeadLetterQueue", "a-dead"}});
    all.topics["t"] = {{}, {{"subscriber", ""}}};
    all.kept = {"pool"};
    Existing there;
    there.queues["a-dead"] = existing({});
    there.queues["subscriber"] = existing({});
    there.queues["pool"] = existing({{"DeadLetterQueue", "pool-dead"}});
    there.queues["pool-dead"] = existing({});
    there.queues["nobodys"] = existing({});
    const Plan plan = plan_of(all, there, {.undeclared = true});
    ASSERT_EQ(plan.left_alone.size(), 4u) << lines(plan);
    EXPECT_EQ(text_of(plan.steps.back()), "- queue nobodys");
    EXPECT_EQ(plan.steps.size(), 4u) << lines(plan);
}

TEST(DefinitionsPlan, AQueueThatHoldsMessagesIsPrunedOnlyWithThem) {
    Existing there;
    there.queues["old"] = existing({}, {}, 1'234);
    const Plan refused = plan_of({}, there, {.undeclared = true});
    EXPECT_TRUE(refused.steps.empty());
    ASSERT_EQ(refused.conflicts.size(), 1u);
    EXPECT_EQ(lines(plan_of({}, there, {.undeclared = true, .with_messages = true})),
              "- queue old and 1,234 messages\n");
}

TEST(DefinitionsPlan, WhatCannotBeDoneIsToldBeforeAnythingIs) {
    Wanted all;
    all.queues["fifo"] = wanted({{"FifoQueue", "true"}});
    all.queues["lost"] = wanted({{"DeadLetterQueue", "nowhere"}});
    all.queues["t"] = wanted({});
    all.topics["q"] = {{}, {{"nowhere", ""}}};
    Existing there;
    there.queues["fifo"] = existing({});
    there.queues["q"] = existing({});
    there.topics["t"] = {};
    all.topics["tagged"] = {{{"team", "loja"}}, {}};
    there.topics["tagged"] = {};
    const Plan plan = plan_of(all, there, {});
    std::string told;
    for (const Conflict& conflict : plan.conflicts) {
        told += text_of(conflict) + "\n";
    }
    EXPECT_EQ(told,
              "! queue fifo: FifoQueue cannot be changed while the queue lives\n"
              "! queue lost: its dead-letter queue nowhere is neither declared nor there\n"
              "! queue t: there is a topic of that name\n"
              "! topic q: there is a queue of that name\n"
              "! topic tagged: the tags of a topic cannot be changed while it lives\n"
              "! subscription q -> nowhere: the queue is neither declared nor there\n");
}

TEST(DefinitionsPlan, ADeadLetterQueueThatCameAlongIsMadeAndThenLeftAsItIs) {
    Wanted all;
    all.queues["dlq-a"] = wanted({{"VisibilityTimeout", "60"}});
    all.queues["dlq-a"].implied = true;
    EXPECT_EQ(plan_of(all, {}, {}).steps.size(), 1u);
    Existing there;
    there.queues["dlq-a"] = existing({}, {{"by", "hand"}});
    EXPECT_EQ(lines(plan_of(all, there, {.undeclared = true})), "");
}

TEST(DefinitionsPlan, APauseIsLeftAloneUnlessItIsDeclared) {
    Wanted all;
    all.queues["a"] = wanted({});
    Existing there;
    there.queues["a"] = existing({{"SendsPaused", "true"}});
    EXPECT_EQ(lines(plan_of(all, there, {})), "");
    all.queues["a"] = wanted({{"SendsPaused", "false"}});
    EXPECT_EQ(lines(plan_of(all, there, {})), "~ queue a\n    SendsPaused: true -> false\n");
}

TEST(DefinitionsPlan, AFilterChangesInPlace) {
    Wanted all;
    all.topics["t"] = {{}, {{"a", "attr.n:>1"}}};
    Existing there;
    there.queues["a"] = existing({});
    there.topics["t"] = {{}, {{"a", ""}}};
    EXPECT_EQ(lines(plan_of(all, there, {})),
              "~ subscription t -> a\n    filter: \"\" -> attr.n:>1\n  queue a\n");
    all.topics["t"].subscriptions["a"] = "";
    EXPECT_EQ(lines(plan_of(all, there, {})), "  queue a\n");
}

TEST(DefinitionsPlan, AProgramReadsTheSame) {
    Wanted all;
    all.queues["a"] = wanted({{"VisibilityTimeout", "60"}}, {{"team", "loja"}});
    all.topics["t"] = {{}, {{"a", "attr.n:1"}}};
    const Plan plan = plan_of(all, {}, {});
    EXPECT_EQ(json_of(plan, 1, true).dump(),
              R"({"steps":[{"act":"create","kind":"queue","queue":"a",)"
              R"("attributes":{"VisibilityTimeout":{"from":null,"to":"60"}},)"
              R"("tags":{"team":{"from":null,"to":"loja"}},"outcome":"done"},)"
              R"({"act":"create","kind":"topic","topic":"t","outcome":"failed"},)"
              R"({"act":"create","kind":"subscription","topic":"t","queue":"a",)"
              R"("filter":{"from":null,"to":"attr.n:1"},"outcome":"not_done"}],)"
              R"("conflicts":[],"left_alone":[]})");
}

TEST(DefinitionsPlan, WhatWouldRefuseOtherStepsIsSetWhenAllQueuesAreThere) {
    Wanted all;
    all.queues["a"] = wanted({{"DeadLetterQueue", "b"}, {"MaxReceives", "3"}});
    all.queues["b"] = wanted({{"DeadLetterQueue", "a"}, {"RedriveAllow", "denyAll"}});
    EXPECT_EQ(lines(plan_of(all, {}, {})),
              "+ queue b\n+ queue a\n    DeadLetterQueue = b\n    MaxReceives = 3\n"
              "~ queue b\n    DeadLetterQueue: (none) -> a\n    RedriveAllow: (none) -> denyAll\n");
}

TEST(DefinitionsPlan, ACircleOfDeadLettersIsOpenedBeforeItGoes) {
    Existing there;
    there.queues["a"] = existing({{"DeadLetterQueue", "b"}, {"MaxReceives", "3"}});
    there.queues["b"] = existing({{"DeadLetterQueue", "a"}, {"MaxReceives", "2"}});
    EXPECT_EQ(lines(plan_of({}, there, {true, false})),
              "~ queue b\n    DeadLetterQueue: a -> \"\"\n    MaxReceives: 2 -> 0\n"
              "- queue a\n- queue b\n");
}

TEST(DefinitionsPlan, WhatCanNeverBeIsAConflict) {
    Wanted all;
    all.queues["self"] = wanted({{"DeadLetterQueue", "self"}});
    all.queues["x.fifo"] = wanted({{"DeadLetterQueue", "plain"}});
    all.queues["plain"] = wanted({});
    all.topics["plain"] = {};
    const std::string told = lines(plan_of(all, {}, {}));
    EXPECT_NE(told.find("! queue self: it cannot be its own dead-letter queue"), std::string::npos)
        << told;
    EXPECT_NE(told.find("! queue x.fifo: its dead-letter queue plain is of the other kind"),
              std::string::npos)
        << told;
    EXPECT_NE(told.find("! topic plain: a queue of that name comes along"), std::string::npos)
        << told;
}

TEST(DefinitionsPlan, WhatAnImpliedQueueNeedsStays) {
    Wanted all;
    all.queues["a"] = wanted({{"DeadLetterQueue", "dlq-a"}});
    all.queues["dlq-a"] = wanted({});
    all.queues["dlq-a"].implied = true;
    Existing there;
    there.queues["a"] = existing({{"DeadLetterQueue", "dlq-a"}});
    there.queues["dlq-a"] = existing({{"DeadLetterQueue", "deep"}});
    there.queues["deep"] = existing({});
    EXPECT_EQ(lines(plan_of(all, there, {true, false})), "  queue deep\n");
}

}  // namespace
}  // namespace esteira::control::definitions
