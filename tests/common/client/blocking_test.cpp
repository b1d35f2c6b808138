#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "tests/common/client/fake_broker.hpp"

// One call, one answer, with a broker on a thread of its own.
namespace esteira::client::test {

using namespace dialogue;

namespace {

std::string name_of(const Operation& operation) {
    struct Names {
        std::string operator()(const Send& send) const {
            return "send " + std::string(send.queue) + " " + std::to_string(send.entries.size());
        }
        std::string operator()(const Receive& receive) const {
            return "receive " + std::string(receive.queue) + " " + std::to_string(receive.count);
        }
        std::string operator()(const Settle& settle) const {
            const VerdictEntry& first = settle.verdicts.at(0);
            return std::string("settle ") + to_string(first.verdict) + " " +
                   std::to_string(first.count);
        }
        std::string operator()(const Hello& hello) const {
            return std::string(hello.leaving ? "goodbye " : "hello ") + std::string(hello.name);
        }
        std::string operator()(const Beat&) const { return "beat"; }
        std::string operator()(const CreateQueue& q) const {
            return "create " + std::string(q.name);
        }
        std::string operator()(const SetQueue& q) const { return "set " + std::string(q.name); }
        std::string operator()(const GetQueue& q) const { return "get " + std::string(q.name); }
        std::string operator()(const ListQueues& q) const {
            return "list " + std::string(q.prefix);
        }
        std::string operator()(const DeleteQueue& q) const {
            return "delete " + std::string(q.name);
        }
        std::string operator()(const PurgeQueue& q) const { return "purge " + std::string(q.name); }
    };
    return std::visit(Names{}, operation);
}

// Answers each request in turn, and remembers what was asked.
class Script {
public:
    explicit Script(std::vector<Answer> answers)
        : answers_(std::move(answers)), thread_([this] { run(); }) {
        ready_.wait(false);
        ClientOptions options;
        options.endpoint = broker_.endpoint();
        options.name = "test";
        client_.emplace(options);
    }
    ~Script() { stop(); }
    QueueClient& client() { return *client_; }
    std::vector<std::string> asked() {
        stop();
        return asked_;
    }

private:
    void stop() {
        client_.reset();
        done_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    void run() {
        broker_.bind();
        ready_ = true;
        ready_.notify_all();
        std::size_t next = 0;
        while (!done_) {
            if (const auto request = broker_.take()) {
                asked_.push_back(name_of(request->request.operation));
                broker_.answer(*request, answers_.at(next++));
            } else {
                zmq_poll(nullptr, 0, 1);
            }
        }
        broker_.kill();
    }

    FakeBroker broker_;
    std::vector<Answer> answers_;
    std::vector<std::string> asked_;
    std::atomic<bool> ready_ = false;
    std::atomic<bool> done_ = false;
    std::optional<QueueClient> client_;
    std::thread thread_;
};

ReceiveReply received(std::string_view body) {
    ReceiveReply reply;
    reply.receipt.count = 1;
    reply.messages.emplace_back().body = as_bytes(body);
    return reply;
}

}  // namespace

TEST(QueueClientBlocking, EachCallAsksItsQuestionAndGivesItsAnswer) {
    const SettleReply settled{{{Code::ok, 1, {}, ""}}};
    const QueueReply queue{"stock", {{"VisibilityTimeout", "30"}}, {}};
    Script script({HelloReply{"0.1.0"}, queue, SendReply{{{Code::ok, 2, MessageNumber{5}, ""}}},
                   received("body"), settled, settled, BeatReply{}, queue, queue,
                   ListReply{{"stock"}, false}, DoneReply{3}, DoneReply{4}, HelloReply{"0.1.0"}});
    QueueClient& client = script.client();
    EXPECT_EQ(client.hello().value().version, "0.1.0");
    EXPECT_EQ(client.create_queue({"stock", {}, {}}).value().name, "stock");
    const std::vector<std::span<const std::byte>> bodies = {as_bytes("a"), as_bytes("b")};
    EXPECT_EQ(client.send("stock", bodies).value().at(0).first.value, 5U);
    const auto batch = client.receive({"stock", 10, Millis{0}, std::nullopt});
    EXPECT_EQ(as_text(batch.value().messages.at(0).body), "body");
    EXPECT_EQ(client.done(batch.value().receipt).value().size(), 1U);
    EXPECT_EQ(client.change_visibility(batch.value().receipt, Millis{5}).value().size(), 1U);
    EXPECT_TRUE(client.beat());
    EXPECT_EQ(client.get_queue("stock").value().attributes.size(), 1U);
    EXPECT_EQ(client.set_queue({"stock", {{"DelaySeconds", "1"}}}).value().name, "stock");
    EXPECT_EQ(client.list_queues({"st", "", 10}).value().names.size(), 1U);
    EXPECT_EQ(client.purge_queue("stock").value().affected, 3U);
    EXPECT_EQ(client.delete_queue("stock").value().affected, 4U);
    EXPECT_TRUE(client.goodbye());
    const std::vector<std::string> expected = {
        "hello test",          "create stock", "send stock 2", "receive stock 10", "settle done 1",
        "settle visibility 1", "beat",         "get stock",    "set stock",        "list st",
        "purge stock",         "delete stock", "goodbye test"};
    EXPECT_EQ(script.asked(), expected);
}

TEST(QueueClientBlocking, ARefusalIsAValueAndSoIsAnAnswerOfAnotherKind) {
    Script script({Refused{Code::no_such_queue, "stock"}, BeatReply{},
                   Refused{Code::paused, "by hand"}, BeatReply{}});
    QueueClient& client = script.client();
    EXPECT_EQ(client.get_queue("stock").error().code, Code::no_such_queue);
    EXPECT_EQ(client.get_queue("stock").error().code, Code::bad_request);
    const Receive receive{"stock", 1, Millis{0}, std::nullopt};
    EXPECT_EQ(client.receive(receive).error().code, Code::paused);
    EXPECT_EQ(client.receive(receive).error().code, Code::bad_request);
    script.asked();
}

TEST(QueueClientBlocking, AnswersToSubmittedRequestsAreKeptForPoll) {
    Script script({DoneReply{1}, DoneReply{2}, DoneReply{3}, DoneReply{4}});
    QueueClient& client = script.client();
    EXPECT_EQ(client.submit(PurgeQueue{"a"}), 1U);
    EXPECT_EQ(client.submit(PurgeQueue{"b"}), 2U);
    EXPECT_EQ(client.purge_queue("c").value().affected, 3U);
    EXPECT_EQ(client.purge_queue("d").value().affected, 4U);
    for (const std::uint64_t number : {1U, 2U}) {
        const auto reply = client.poll(Millis{0});
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(reply->response.number, number);
    }
    script.asked();
}

}  // namespace esteira::client::test
