#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/program.hpp"

namespace esteira::support {
namespace {

class SendTest : public testing::Test {
protected:
    void SetUp() override { broker_.make_queue("stock"); }

    Ended send(std::vector<std::string> words, const std::string& input = {}) {
        words.insert(words.begin(), "esteira-send");
        return run_program(broker_, words, input);
    }
    std::string spool() const { return temp_.path() + "/spool"; }
    static std::string lines(int count) {
        std::string text;
        for (int i = 0; i < count; ++i) {
            text += "{\"n\":" + std::to_string(i) + "}\n";
        }
        return text;
    }

    BrokerProcess broker_;
    test::TempFolder temp_;
};

TEST_F(SendTest, EachLineIsOneMessage) {
    const Ended ended = send({"stock", "--json", "--batch", "7"}, lines(100) + "\n");
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.json()["sent"], 100);
    EXPECT_EQ(ended.json()["batches"], 15);
    EXPECT_EQ(ended.json()["blank_lines"], 1);
    EXPECT_EQ(broker_.messages("stock"), 100u);
    EXPECT_EQ(send({"stock", "--body", "[]"}).code, 0);
    EXPECT_EQ(broker_.messages("stock"), 101u);
}

TEST_F(SendTest, VerbosePrintsAnIdForEachMessageOnStdout) {
    const Ended ended = send({"stock", "-v", "-q"}, lines(3));
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 3) << ended.out;
    EXPECT_NE(ended.out.find(" line 3\n"), std::string::npos);
}

TEST_F(SendTest, ABadLineIsToldWithItsNumberAndTheOthersGo) {
    const Ended ended = send({"stock", "-", "--envelope", "--json"},
                             "{\"body\":\"a\"}\n{\"body\":7}\n{\"body\":\"c\"}\n");
    EXPECT_EQ(ended.code, 7);
    EXPECT_EQ(ended.json()["sent"], 2);
    EXPECT_EQ(ended.json()["failed"], 1);
    EXPECT_NE(ended.err.find("line 2: "), std::string::npos) << ended.err;
    EXPECT_EQ(broker_.messages("stock"), 2u);
}

TEST_F(SendTest, AQueueThatIsNotThereIsNotFound) {
    const Ended ended = send({"no-such", "--json"}, lines(3));
    EXPECT_EQ(ended.code, 3);
    EXPECT_EQ(ended.json()["reasons"]["no_such_queue"]["messages"], 3);
    EXPECT_EQ(send({"stock", temp_.path() + "/none"}).code, 3);
    EXPECT_EQ(send({}).code, 2);
    EXPECT_EQ(send({"--flush"}).code, 2);
}

TEST_F(SendTest, ANameOrAGroupThatCannotBeOneIsUsageAndNothingIsKept) {
    for (const std::string& name :
         {std::string("a b"), std::string("\xc3\xa9"), std::string("a.b"), std::string(81, 'a')}) {
        const Ended ended = send({name, "--spool", spool()}, lines(3));
        EXPECT_EQ(ended.code, 2) << name;
        EXPECT_NE(ended.err.find("can be no name"), std::string::npos) << ended.err;
    }
    const Ended group = send({"stock", "--group", "g g", "--spool", spool()}, lines(3));
    EXPECT_EQ(group.code, 2);
    EXPECT_NE(group.err.find("can be no group"), std::string::npos) << group.err;
    EXPECT_FALSE(std::filesystem::exists(spool()));
    EXPECT_EQ(send({"stock", "--rate", "-1"}, lines(1)).code, 2);
    EXPECT_EQ(broker_.messages("stock"), 0u);
}

TEST_F(SendTest, WithoutABrokerTheSpoolKeepsAllAndTheNextRunSendsIt) {
    broker_.kill();
    EXPECT_EQ(send({"stock", "--patience", "0.3"}, lines(10)).code, 5);
    const Ended kept =
        send({"stock", "--spool", spool(), "--patience", "0.3", "--json"}, lines(250));
    EXPECT_EQ(kept.code, 5) << kept.err;
    EXPECT_EQ(kept.json()["sent"], 0);
    EXPECT_EQ(kept.json()["kept_in_spool"], 250);
    EXPECT_EQ(kept.json()["last_line"], 250);
    broker_.start();
    const Ended sent = send({"--flush", "--spool", spool(), "--json"});
    EXPECT_EQ(sent.code, 0) << sent.err;
    EXPECT_EQ(sent.json()["from_spool"], 250);
    EXPECT_EQ(broker_.messages("stock"), 250u);
    EXPECT_EQ(send({"--flush", "--spool", spool(), "--json"}).json()["sent"], 0);
}

TEST_F(SendTest, ADrainedBrokerIsWaitedForAndThenATimeout) {
    ASSERT_EQ(run_program(broker_, {"esteira-ctl", "node", "drain", "on"}).code, 0);
    const Ended ended = send({"stock", "--patience", "0.3", "--json"}, lines(5));
    EXPECT_EQ(ended.code, 6);
    EXPECT_EQ(ended.json()["unanswered"], 5);
    EXPECT_NE(ended.json()["fault"].get<std::string>().find("drained"), std::string::npos);
}

}  // namespace
}  // namespace esteira::support
