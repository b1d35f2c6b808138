#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "tests/integration/faults/small_disk.hpp"
#include "tests/integration/faults/talk.hpp"
#include "tests/support/broker_process.hpp"
#include "tests/support/ops_client.hpp"

namespace esteira::faults {
namespace {

using dialogue::Code;

constexpr std::uint64_t kMiB = 1 << 20;

class FullDiskTest : public testing::Test {
protected:
    void SetUp() override {
        std::string why_not;
        disk_ = SmallDisk::make(512, why_not);
        if (disk_ == nullptr) {
            GTEST_SKIP() << why_not;
        }
    }

    void start(const std::string& free_mib_min) {
        broker_.emplace(support::BrokerOptions{
            {}, {"broker.disk_free_mib_min=" + free_mib_min}, disk_->path()});
        broker_->make_queue("work");
        client_.emplace(broker_->client_options());
    }

    // Sends until the code comes; how many messages were taken before it.
    int send_until(Code wanted, const std::string& body) {
        for (int sent = 0; sent < 100'000; ++sent) {
            const Code code = send(*client_, "work", body);
            if (code == wanted) {
                return sent;
            }
            if (code != Code::ok && code != Code::disk_full) {
                ADD_FAILURE() << dialogue::to_string(code);
                return sent;
            }
        }
        ADD_FAILURE() << dialogue::to_string(wanted) << " never came";
        return 0;
    }

    // One at a time: each makes the broker write.
    void receive_and_delete(int count) {
        for (int i = 0; i < count; ++i) {
            const auto batch = client_->receive({"work", 1, Millis{0}, {}});
            ASSERT_TRUE(batch) << batch.error().reason;
            ASSERT_EQ(batch.value().messages.size(), 1U);
            ASSERT_EQ(client_->done(batch.value().receipt).value().at(0).code, Code::ok);
        }
    }

    std::unique_ptr<SmallDisk> disk_;
    std::optional<support::BrokerProcess> broker_;
    std::optional<client::QueueClient> client_;
};

TEST_F(FullDiskTest, UnderTheFloorSendsAreRefusedAndTheRestGoesOnUntilThereIsRoomAgain) {
    start("64");
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(send(*client_, "work", "m" + std::to_string(i)), Code::ok);
    }
    disk_->fill(32 * kMiB);
    send_until(Code::disk_full, "on the way");
    EXPECT_FALSE(support::OpsClient(broker_->ops_socket()).ask("node.ping").at("sends_accepted"));
    receive_and_delete(50);
    const auto dead = client_->receive({"work", 1, Millis{0}, {}});
    const auto buried =
        client_->settle({{dead.value().receipt, 0, 1, dialogue::Verdict::dead, {}, "ruim", {}}});
    EXPECT_EQ(buried.value().at(0).code, Code::ok);
    EXPECT_EQ(broker_->messages("dlq-work"), 1U);

    disk_->release();
    send_until(Code::ok, "again");
    EXPECT_EQ(broker_->stop(), 0);
}

// Nothing is refused by a floor here: the room is simply gone.
TEST_F(FullDiskTest, WithoutAnyRoomNothingThatWasAcknowledgedIsLostAndDeletesGoOn) {
    start("0");
    disk_->fill(0);
    const std::string body(900'000, 'x');
    const int sent = send_until(Code::disk_full, body);
    EXPECT_GT(sent, 0);
    EXPECT_EQ(broker_->messages("work"), static_cast<std::uint64_t>(sent));
    receive_and_delete(sent / 2);

    // Killed and started on the full disk, it has what it had.
    broker_->kill();
    broker_->start();
    EXPECT_EQ(broker_->messages("work"), static_cast<std::uint64_t>(sent - sent / 2));
    receive_and_delete(sent - sent / 2);
    // What was deleted makes room for new ones, though the filler is still there.
    send_until(Code::ok, body);
    disk_->release();
    send_until(Code::ok, body);
    EXPECT_EQ(broker_->stop(), 0);
}

}  // namespace
}  // namespace esteira::faults
