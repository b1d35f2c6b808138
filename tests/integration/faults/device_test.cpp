// A disk that fails, by strace: the n-th call of a thread gets an error and is not made.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/integration/faults/talk.hpp"
#include "tests/support/broker_process.hpp"

namespace esteira::faults {
namespace {

using dialogue::Code;

constexpr const char* kStrace = "/usr/bin/strace";

struct Fault {
    std::string call;
    std::string error;
    int when;
};

std::ostream& operator<<(std::ostream& out, const Fault& fault) {
    return out << fault.call << " number " << fault.when << ": " << fault.error;
}

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

// The broker becomes a child of the test, and strace a grandchild that watches it.
support::BrokerOptions with_fault(const std::string& folder, const Fault& fault) {
    const std::string inject =
        "inject=" + fault.call + ":error=" + fault.error + ":when=" + std::to_string(fault.when);
    support::BrokerOptions options;
    options.wrapper = {
        kStrace, "-D",  "-f", "-qq", "-o", folder + "/trace", "-e", "trace=sendto," + fault.call,
        "-e",    inject};
    options.folder = folder;
    options.await =
        false;  // The thread that prepares space may meet the fault before anybody asks.
    return options;
}

class DeviceTest : public testing::TestWithParam<Fault> {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kStrace)) {
            GTEST_SKIP() << "there is no " << kStrace;
        }
        support::BrokerProcess broker({{}, {}, folder_.path()});
        broker.make_queue("work");
        broker.stop();
    }

    // What the client was told went through the socket before its next request, so whatever is
    // sent after the turn's failed call would be an answer that depends on it. A failed call of the
    // thread that prepares space says nothing about what is being answered just then.
    void expect_silence_after_the_fault(pid_t turns) {
        const auto lines = lines_of(folder_.path() + "/trace");
        const auto injected = [](const std::string& line) {
            return line.find("(INJECTED)") != std::string::npos;
        };
        ASSERT_TRUE(std::any_of(lines.begin(), lines.end(), injected)) << "it was never called";
        auto line = std::find_if(lines.begin(), lines.end(), [&](const std::string& text) {
            return text.starts_with(std::to_string(turns) + " ") && injected(text);
        });
        for (; line != lines.end(); ++line) {
            EXPECT_EQ(line->find("sendto("), std::string::npos) << *line;
        }
    }

    test::TempFolder folder_;
};

TEST_P(DeviceTest, EndsTheBrokerBeforeItAnswersAndTheNextOneHasEverything) {
    int acknowledged = 0;
    pid_t turns = 0;
    {
        support::BrokerProcess broker(with_fault(folder_.path(), GetParam()));
        turns = broker.pid();
        acknowledged = send_until_it_dies(broker, "work");
        const auto code = broker.process().wait();
        EXPECT_NE(code, 0);
        EXPECT_LT(code.value_or(128), 128) << "a crash: " << broker.process().said();
    }
    expect_silence_after_the_fault(turns);

    support::BrokerProcess next({{}, {}, folder_.path()});
    client::QueueClient client(next.client_options());
    const auto bodies = bodies_in(client, "work");
    for (int number = 1; number <= acknowledged; ++number) {
        EXPECT_EQ(bodies.count(std::to_string(number)), 1U) << number;
    }
    // The one more may be there: nobody was told anything about it.
    EXPECT_LE(bodies.size(), static_cast<std::size_t>(acknowledged) + 1);
    EXPECT_EQ(next.stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Syncs, DeviceTest,
                         testing::Values(Fault{"fdatasync", "EIO", 12},
                                         Fault{"fdatasync", "ENOSPC", 20},
                                         Fault{"fdatasync", "EDQUOT", 25}));
INSTANTIATE_TEST_SUITE_P(Writes, DeviceTest,
                         testing::Values(Fault{"pwrite64", "EIO", 15},
                                         Fault{"pwrite64", "ENOSPC", 30}));

// A limit on the size of files, reached in the middle of a segment, cuts a write as nothing else
// can. Sends may be refused before that, as on a full disk; what is done to a message is written
// anyway.
TEST(ShortWrite, EndsTheBrokerAndTheNextOneHasEverything) {
    test::TempFolder folder;
    {
        support::BrokerProcess broker({{}, {}, folder.path()});
        broker.make_queue("work");
        client::ClientOptions options = broker.client_options();
        options.patience = Millis{1'000};
        client::QueueClient client(options);
        ASSERT_EQ(send(client, "work", "first"), Code::ok);
        const rlimit small{100'000, 100'000};
        ASSERT_EQ(::prlimit(broker.pid(), RLIMIT_FSIZE, &small, nullptr), 0);
        const auto hand_back_until_it_dies = [&] {
            for (int i = 0; i < 10'000; ++i) {
                const auto batch = client.receive({"work", 1, Millis{0}, {}});
                ASSERT_EQ(batch.value().messages.size(), 1U);
                ASSERT_TRUE(
                    client.settle({{batch.value().receipt, 0, 1, dialogue::Verdict::hand_back}}));
            }
        };
        EXPECT_THROW(hand_back_until_it_dies(), client::Unreachable);
        const auto code = broker.process().wait();
        EXPECT_NE(code, 0);
        EXPECT_LT(code.value_or(128), 128) << "killed by a signal: " << broker.process().said();
    }
    support::BrokerProcess next({{}, {}, folder.path()});
    EXPECT_EQ(next.messages("work"), 1U);
    EXPECT_EQ(next.stop(), 0);
}

}  // namespace
}  // namespace esteira::faults
