#include "tests/support/broker_process.hpp"

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"

namespace esteira::support {
namespace {

TEST(BrokerProcessTest, KeepsWhatItAcknowledgedThroughAKill) {
    BrokerProcess broker;
    broker.make_queue("stock");
    {
        client::QueueClient client(broker.client_options());
        const std::span<const std::byte> body = as_bytes("um");
        ASSERT_TRUE(client.send("stock", std::array{body, body}));
    }
    broker.kill();
    broker.start();
    EXPECT_EQ(broker.messages("stock"), 2u);
    EXPECT_EQ(broker.attribute("stock", "DeadLetterQueue"), "dlq-stock");
    EXPECT_EQ(broker.stop(), 0);
}

}  // namespace
}  // namespace esteira::support
