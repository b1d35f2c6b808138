#include <gtest/gtest.h>

#include "broker/control/ask.hpp"
#include "broker/control/receipt_text.hpp"
#include "common/cli/commands.hpp"

namespace esteira::control {
namespace {

MessageReceipt receipt() {
    MessageReceipt receipt;
    receipt.receipt.queue.value = 7;
    receipt.receipt.first.value = ~std::uint64_t{0} - 5;
    receipt.receipt.count = 3;
    receipt.receipt.mac.fill(std::byte{0xFB});
    receipt.index = 2;
    return receipt;
}

TEST(ReceiptText, WhatIsPrintedIsWhatIsRead) {
    const std::string text = text_of(receipt());
    EXPECT_EQ(text.size(), 54u);
    EXPECT_EQ(text.find_first_of("+/="), std::string::npos);
    EXPECT_EQ(receipt_of(text), receipt());
}

TEST(ReceiptText, AnythingElseIsNoReceipt) {
    const std::string text = text_of(receipt());
    for (const std::string& other : {std::string(), text.substr(1), text + "A", text + "=",
                                     "!" + text.substr(1), std::string(54, ' ')}) {
        EXPECT_FALSE(receipt_of(other)) << other;
    }
    MessageReceipt beyond = receipt();
    beyond.index = 3;
    EXPECT_FALSE(receipt_of(text_of(beyond)));
}

TEST(ExitCodes, SayWhatKindOfRefusalItWas) {
    EXPECT_EQ(exit_code_of(dialogue::Code::no_such_queue), cli::ExitCode::not_found);
    EXPECT_EQ(exit_code_of(dialogue::Code::queue_exists), cli::ExitCode::conflict);
    EXPECT_EQ(exit_code_of("not_confirmed"), cli::ExitCode::conflict);
    EXPECT_EQ(exit_code_of(dialogue::Code::bad_request), cli::ExitCode::usage);
    EXPECT_EQ(exit_code_of("something new"), cli::ExitCode::error);
}

TEST(Usage, IsMadeOfTheArguments) {
    const auto usage = [](std::string_view name) {
        for (const cli::Command& command : cli::kOpsCommands) {
            if (command.name == name) {
                return cli::usage_of(command);
            }
        }
        return std::string();
    };
    EXPECT_EQ(usage("queue.create"),
              "queue create QUEUE [--attribute NAME=VALUE]... [--tag NAME=VALUE]... [--no-dlq]");
    EXPECT_EQ(usage("node.drain"), "node drain on|off");
    EXPECT_EQ(usage("dlq.redrive"),
              "dlq redrive QUEUE [--to TO] [--rate RATE] [--count N] [--filter FILTER] "
              "[--any-source] [--dry-run]");
    EXPECT_EQ(usage("dlq.tasks"), "dlq tasks [QUEUE]");
    EXPECT_EQ(usage("metrics"), "metrics");
}

}  // namespace
}  // namespace esteira::control
