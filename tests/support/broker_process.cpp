#include "tests/support/broker_process.hpp"

#include <fstream>
#include <stdexcept>

#include <signal.h>

namespace esteira::support {
namespace {

template <class Value>
Value expect(Result<Value, dialogue::Refused> result) {
    if (!result) {
        throw std::runtime_error(std::string(dialogue::to_string(result.error().code)) + ": " +
                                 result.error().reason);
    }
    return std::move(result).value();
}

}  // namespace

BrokerProcess::BrokerProcess(BrokerOptions options)
    : options_(std::move(options)), folder_(options_.folder) {
    if (folder_.empty()) {
        folder_ = own_folder_.emplace().path();
    }
    launch();
    if (options_.await) {
        await_answer();
    }
}

std::string BrokerProcess::endpoint() const {
    constexpr std::string_view kKey = "broker.endpoint=";
    for (const std::string& setting : options_.settings) {
        if (setting.starts_with(kKey)) {
            return setting.substr(kKey.size());
        }
    }
    return "ipc://" + folder_ + "/broker";
}

std::vector<std::string> BrokerProcess::words() const {
    std::vector<std::string> all = options_.wrapper;
    all.insert(all.end(),
               {ESTEIRA_BIN_DIR "/esteira-broker", "--config", folder_ + "/esteira.toml"});
    std::vector<std::string> settings{"broker.endpoint=" + endpoint(), "broker.data=" + data(),
                                      "broker.ops_socket=" + ops_socket(),
                                      "broker.disk_free_mib_min=0"};
    settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
    for (const std::string& setting : settings) {
        all.insert(all.end(), {"--set", setting});
    }
    return all;
}

void BrokerProcess::launch() {
    // The defaults, not the source tree's file; but a supervisor runs only what a test is about.
    std::ofstream(folder_ + "/esteira.toml")
        << "[workers.order-ingest]\npool_min = 0\npool_max = 0\n"
           "[workers.click-ingest]\npool_min = 0\npool_max = 0\n";
    process_ = std::make_unique<ChildProcess>(ChildOptions{words(), {}, folder_ + "/broker.log"});
}

void BrokerProcess::await_answer() {
    client::ClientOptions options = client_options();
    options.patience = std::chrono::milliseconds(500);
    client::QueueClient client(options);
    for (int tries = 0; tries < 120; ++tries) {
        try {
            expect(client.list_queues({}));
            return;
        } catch (const client::Unreachable&) {
            if (!process_->runs()) {
                break;
            }
        }
    }
    throw std::runtime_error("the broker does not answer: " + process_->said());
}

void BrokerProcess::start() {
    launch();
    await_answer();
}

int BrokerProcess::stop() {
    process_->signal(SIGTERM);
    return process_->wait().value_or(-1);
}

void BrokerProcess::kill() {
    process_->signal(SIGKILL);
    process_->wait();
}

void BrokerProcess::freeze(bool frozen) { process_->signal(frozen ? SIGSTOP : SIGCONT); }

client::ClientOptions BrokerProcess::client_options(std::string name) const {
    client::ClientOptions options;
    options.endpoint = endpoint();
    options.name = std::move(name);
    options.patience = std::chrono::minutes(1);
    return options;
}

void BrokerProcess::make_queue(const std::string& name, dialogue::Attributes attributes) {
    client::QueueClient client(client_options());
    const std::string dead_letters = "dlq-" + name;
    expect(client.create_queue({dead_letters, {}, {}}));
    attributes.emplace_back("DeadLetterQueue", dead_letters);
    attributes.emplace_back("MaxReceives", "5");
    expect(client.create_queue({name, std::move(attributes), {}}));
}

std::map<std::string, std::string> BrokerProcess::attributes(const std::string& queue) {
    client::QueueClient client(client_options());
    const auto reply = expect(client.get_queue(queue));
    return {reply.attributes.begin(), reply.attributes.end()};
}

std::string BrokerProcess::attribute(const std::string& queue, const std::string& name) {
    return attributes(queue).at(name);
}

// Of one reply: a message that goes from one count to another between two would be in neither.
std::uint64_t BrokerProcess::messages(const std::string& queue) {
    const auto counts = attributes(queue);
    std::uint64_t sum = 0;
    for (const char* name : {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                             "ApproximateNumberOfMessagesDelayed"}) {
        sum += std::stoull(counts.at(name));
    }
    return sum;
}

}  // namespace esteira::support
