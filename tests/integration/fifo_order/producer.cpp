#include "tests/integration/fifo_order/producer.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "common/base/bytes.hpp"

namespace esteira::fifo_order {

namespace {

constexpr std::size_t kPauseMost = 40;  // Milliseconds between two sends.
constexpr std::size_t kBusyGroups = 10;

const char* fate_of(std::size_t die) {
    return die < 4 ? "throws" : die < 8 ? "retries" : die < 10 ? "dead" : "good";
}

}  // namespace

std::string group_name(int group) { return "g" + std::to_string(group); }

Producer::Producer(client::ClientOptions options, const std::string& folder, std::uint64_t seed,
                   int number)
    : client_(options),
      ledger_(folder + "/" + options.name + ".jsonl"),
      random_(seed),
      number_(number),
      sent_(kGroups) {}

// Half of the messages are of a few groups, so that batches hold several of one group.
int Producer::next_group() {
    constexpr std::size_t kOwn = kGroups / kProducers;
    const std::size_t own = random_below(2) == 0 ? random_below(kBusyGroups) : random_below(kOwn);
    return static_cast<int>(own) * kProducers + number_;
}

std::vector<Producer::Message> Producer::next_messages() {
    std::vector<Message> messages;
    for (std::size_t groups = 1 + random_below(3); groups > 0; --groups) {
        const int group = next_group();
        for (std::size_t i = 1 + random_below(4); i > 0; --i) {
            Message& message = messages.emplace_back();
            message.group = group;
            message.number = ++sent_[static_cast<std::size_t>(group)];
            message.fate = fate_of(random_below(100));
            message.body =
                nlohmann::json{{"number", message.number}, {"fate", message.fate}}.dump();
            message.group_name = group_name(group);
            message.dedup = message.group_name + ":" + std::to_string(message.number);
        }
    }
    return messages;
}

void Producer::send(const std::vector<Message>& messages) {
    dialogue::Send send{kQueue, {}};
    for (const Message& message : messages) {
        dialogue::SendEntry& entry = send.entries.emplace_back(as_bytes(message.body));
        entry.group = message.group_name;
        entry.dedup = message.dedup;
    }
    const auto results = client_.send(std::move(send));
    if (!results) {
        throw std::runtime_error("send: " + results.error().reason);
    }
    for (const dialogue::ResultRun& run : results.value()) {
        if (run.code != dialogue::Code::ok) {
            throw std::runtime_error("send: " + run.reason);
        }
    }
}

void Producer::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const std::vector<Message> messages = next_messages();
        send(messages);
        for (const Message& message : messages) {
            ledger_ << nlohmann::json{{"group", message.group_name},
                                      {"number", message.number},
                                      {"fate", message.fate}}
                    << '\n';
        }
        if (random_below(20) == 0) {
            send(messages);
        }
        // A load that can be carried: what is tested is not how much.
        std::this_thread::sleep_for(std::chrono::milliseconds(random_below(kPauseMost)));
    }
    ledger_.flush();
}

}  // namespace esteira::fifo_order
