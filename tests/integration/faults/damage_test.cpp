// Bytes of the log change while no broker runs.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "common/cli/exit_code.hpp"
#include "tests/integration/faults/talk.hpp"
#include "tests/support/broker_process.hpp"

namespace esteira::faults {
namespace {

using dialogue::Code;

constexpr std::size_t kBodyBytes = 300'000;

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Two lives, so two segments: the first is old, the second ends with the mark of a clean stop.
class DamageTest : public testing::Test {
protected:
    DamageTest() {
        broker_.make_queue("work");
        write("old");
        EXPECT_EQ(broker_.stop(), 0);
        broker_.start();
        write("new");
        EXPECT_EQ(broker_.stop(), 0);
    }

    void write(const std::string& mark) {
        client::QueueClient client(broker_.client_options());
        EXPECT_EQ(send(client, "work", mark + std::string(kBodyBytes, 'x') + mark), Code::ok);
    }

    std::string segment(const std::string& name) const {
        return broker_.data() + "/journal/" + name;
    }

    static void flip(const std::string& path, std::size_t at) {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekg(static_cast<std::streamoff>(at));
        const auto byte = static_cast<char>(file.get() ^ 1);
        file.seekp(static_cast<std::streamoff>(at));
        file.put(byte);
        ASSERT_TRUE(file);
    }

    // Refused by name and place, and nothing is touched: mended, it serves all that it had.
    void expect_refused(const std::string& name, std::size_t at) {
        flip(segment(name), at);
        const std::string before = read_file(segment(name));
        const std::string said_before = broker_.process().said();
        broker_.launch();
        EXPECT_EQ(broker_.process().wait(), cli::number(cli::ExitCode::journal_damaged));
        const std::string said = broker_.process().said().substr(said_before.size());
        EXPECT_NE(said.find(name), std::string::npos) << said;
        EXPECT_NE(said.find("offset"), std::string::npos) << said;
        EXPECT_EQ(read_file(segment(name)), before);
        flip(segment(name), at);
        broker_.start();
        EXPECT_EQ(broker_.messages("work"), 2U);
        EXPECT_EQ(broker_.stop(), 0);
    }

    support::BrokerProcess broker_;
};

TEST_F(DamageTest, InsideABodyOfAnOldSegmentIsRefusedAtTheStart) {
    const std::size_t at = read_file(segment("00000001.seg")).find(std::string(1'000, 'x'));
    ASSERT_NE(at, std::string::npos);
    expect_refused("00000001.seg", at + kBodyBytes / 2);
}

TEST_F(DamageTest, InAFrameHeaderOfAnOldSegmentIsRefusedAtTheStart) {
    expect_refused("00000001.seg", 512 + 24);
}

TEST_F(DamageTest, InASegmentHeaderIsRefusedAtTheStart) { expect_refused("00000001.seg", 40); }

// The mark behind the last frame proves that it was whole once.
TEST_F(DamageTest, InTheLastBodyOfACleanStopIsRefusedAtTheStart) {
    const std::size_t at = read_file(segment("00000002.seg")).find(std::string(1'000, 'x'));
    ASSERT_NE(at, std::string::npos);
    expect_refused("00000002.seg", at + kBodyBytes / 2);
}

TEST_F(DamageTest, AMissingSegmentIsRefusedAtTheStart) {
    const std::string aside = broker_.folder() + "/aside";
    std::filesystem::rename(segment("00000001.seg"), aside);
    broker_.launch();
    EXPECT_EQ(broker_.process().wait(), cli::number(cli::ExitCode::journal_damaged));
    std::filesystem::rename(aside, segment("00000001.seg"));
    broker_.start();
    EXPECT_EQ(broker_.messages("work"), 2U);
}

}  // namespace
}  // namespace esteira::faults
