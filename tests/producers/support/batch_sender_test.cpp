#include "producers/support/batch_sender.hpp"

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/wire/codec.hpp"
#include "tests/support/broker_process.hpp"

namespace esteira::producers {
namespace {

namespace fs = std::filesystem;

class BatchSenderTest : public testing::Test {
protected:
    void SetUp() override { broker_.make_queue("q"); }

    SenderOptions options(bool with_spool) const {
        SenderOptions options;
        options.client = broker_.client_options();
        if (with_spool) {
            options.spool = fs::path(temp_.path()) / "spool";
        }
        return options;
    }
    SenderOptions impatient(bool with_spool) const {
        SenderOptions changed = options(with_spool);
        changed.client.patience = Millis{300};
        return changed;
    }
    // Batches of three messages whose bodies count on.
    void send(BatchSender& sender, std::uint64_t batches, std::string_view queue = "q") {
        for (std::uint64_t i = 0; i < batches; ++i) {
            std::vector<std::string> bodies;
            for (int n = 0; n < 3; ++n) {
                bodies.push_back(std::to_string(next_body_++));
            }
            dialogue::Send send{queue, {}};
            for (const std::string& body : bodies) {
                send.entries.emplace_back().body = as_bytes(body);
            }
            sender.send(i + 1, send);
        }
    }
    // All bodies in the order of the queue.
    std::vector<std::string> received() {
        client::QueueClient client(broker_.client_options());
        dialogue::Receive receive;
        receive.queue = "q";
        receive.count = 10'000;
        const auto batch = client.receive(receive);
        std::vector<std::string> bodies;
        for (const auto& message : batch.value().messages) {
            bodies.emplace_back(as_text(message.body));
        }
        return bodies;
    }
    std::vector<std::string> numbers_upto(int end) const {
        std::vector<std::string> all;
        for (int i = 0; i < end; ++i) {
            all.push_back(std::to_string(i));
        }
        return all;
    }
    std::size_t files(const char* kind) const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(fs::path(temp_.path()) / "spool")) {
            count += entry.path().extension() == kind ? 1U : 0U;
        }
        return count;
    }
    void set(const std::string& name, const std::string& value) {
        client::QueueClient client(broker_.client_options());
        const dialogue::SetQueue change{"q", {{name, value}}};
        ASSERT_TRUE(client.set_queue(change));
    }

    support::BrokerProcess broker_;
    test::TempFolder temp_;
    int next_body_ = 0;
};

TEST_F(BatchSenderTest, EveryMessageArrivesOnceInOrderAndIsTold) {
    std::uint64_t told = 0;
    for (const bool with_spool : {false, true}) {
        BatchSender sender(options(with_spool), [&](const BatchSender::Outcome& outcome) {
            EXPECT_EQ(outcome.entries.size(), outcome.result.count);
            told += outcome.result.count;
        });
        send(sender, 50);
        sender.finish();
        EXPECT_EQ(sender.counts().sent, 150u);
        EXPECT_EQ(sender.waiting_batches(), 0u);
    }
    EXPECT_EQ(told, 300u);
    EXPECT_EQ(received(), numbers_upto(300));
    EXPECT_EQ(files(".batch"), 0u);
}

TEST_F(BatchSenderTest, WithoutASpoolAnAbsentBrokerIsAnError) {
    broker_.kill();
    BatchSender sender(impatient(false));
    EXPECT_THROW(
        {
            send(sender, 100);
            sender.finish();
        },
        client::Unreachable);
}

TEST_F(BatchSenderTest, WhatWasSpooledWhileTheBrokerWasAwayArrivesWithTheNextProcess) {
    broker_.kill();
    {
        BatchSender sender(impatient(true));
        send(sender, 100);
        EXPECT_THROW(sender.finish(), client::Unreachable);
        EXPECT_EQ(sender.waiting_messages(), 300u);
    }
    EXPECT_EQ(files(".batch"), 100u);
    broker_.start();
    BatchSender sender(options(true));
    send(sender, 10);  // Behind those.
    sender.finish();
    EXPECT_EQ(sender.counts().from_spool, 300u);
    EXPECT_EQ(received(), numbers_upto(330));
    EXPECT_EQ(files(".batch"), 0u);
}

// The process died after the broker had answered and before the file was gone.
TEST_F(BatchSenderTest, ABatchThatIsSentAgainIsNotStoredAgain) {
    const Bytes16 session{std::byte{5}, std::byte{6}};
    const std::string body = "0";
    dialogue::Send send{"q", {}};
    send.entries.emplace_back().body = as_bytes(body);
    wire::Buffer frame;
    wire::encode(dialogue::Request{session, 1, send}, frame);
    {
        Spool spool(options(true).spool, 1 << 20);
        spool.put({session, 1, 1, {frame.bytes().begin(), frame.bytes().end()}});
        client::ClientOptions client_options = broker_.client_options();
        client_options.session = session;
        client::QueueClient client(client_options);
        ASSERT_TRUE(client.send(send));
    }
    broker_.kill();
    broker_.start();
    BatchSender sender(options(true));
    sender.finish();
    EXPECT_EQ(sender.counts().sent, 1u);
    EXPECT_EQ(broker_.messages("q"), 1u);
    EXPECT_EQ(files(".batch"), 0u);
}

TEST_F(BatchSenderTest, ABrokerThatDiesInTheMiddleLosesAndDoublesNothing) {
    BatchSender sender(options(true));
    send(sender, 40);
    broker_.kill();
    send(sender, 40);
    broker_.start();
    send(sender, 40);
    sender.finish();
    EXPECT_EQ(received(), numbers_upto(360));
}

TEST_F(BatchSenderTest, ADamagedFileIsToldAndTheOthersGoOn) {
    broker_.kill();
    {
        BatchSender sender(impatient(true));
        send(sender, 3);
    }
    fs::resize_file(options(true).spool / "0000000000000002.batch", 60);
    broker_.start();
    BatchSender sender(options(true));
    sender.finish();
    ASSERT_EQ(sender.counts().damaged.size(), 1u);
    EXPECT_NE(sender.counts().damaged[0].find("it was cut off"), std::string::npos);
    EXPECT_EQ(received(), (std::vector<std::string>{"0", "1", "2", "6", "7", "8"}));
}

TEST_F(BatchSenderTest, WhatAFullQueueRefusesIsKeptAndTriedAgain) {
    set("MaxMessages", "4");
    {
        BatchSender sender(impatient(true));
        send(sender, 3);
        EXPECT_THROW(sender.finish(), KeptOut);
        EXPECT_EQ(sender.counts().sent, 4u);
        EXPECT_EQ(sender.counts().failed, 0u);
        EXPECT_EQ(sender.waiting_messages(), 5u);
    }
    set("MaxMessages", "0");
    BatchSender sender(options(true));
    sender.finish();
    EXPECT_EQ(received(), numbers_upto(9));
}

TEST_F(BatchSenderTest, WhatIsRefusedForGoodIsCountedByReasonAndKeptForPeople) {
    BatchSender sender(options(true));
    send(sender, 2, "no-such");
    send(sender, 1);
    sender.finish();
    EXPECT_EQ(sender.counts().failed, 6u);
    EXPECT_EQ(sender.counts().sent, 3u);
    EXPECT_EQ(sender.counts().reasons.at("no_such_queue").messages, 6u);
    EXPECT_EQ(files(".refused"), 2u);
    EXPECT_EQ(files(".batch"), 0u);
}

TEST_F(BatchSenderTest, AFullSpoolRefusesWhatItCannotKeep) {
    broker_.kill();
    SenderOptions small = impatient(true);
    small.spool_bytes_max = 1000;
    small.client.patience = Millis{3'000};  // Enough for the broker to come back in.
    BatchSender sender(small);
    EXPECT_THROW(send(sender, 100), SpoolFull);
    const std::uint64_t kept = sender.waiting_messages();
    EXPECT_GT(kept, 0u);
    broker_.start();
    sender.finish();
    EXPECT_EQ(received(), numbers_upto(static_cast<int>(kept)));
}

}  // namespace
}  // namespace esteira::producers
