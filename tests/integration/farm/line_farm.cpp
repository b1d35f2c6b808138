#include "tests/integration/farm/line_farm.hpp"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace esteira::support {

LineFarm::LineFarm(Line line) : line_(std::move(line)) {
    ChildProcess migrate({{ESTEIRA_BIN_DIR "/esteira-db", "migrate"},
                          {"ESTEIRA__POSTGRES__URL=" + postgres_.url()},
                          broker_.folder() + "/migrate.log"});
    if (migrate.wait() != 0) {
        throw std::runtime_error(migrate.said());
    }
    broker_.make_queue(line_.queue, {{"RetryBaseMillis", "1"}});
}

ChildProcess& LineFarm::start_worker(std::vector<std::string> flags, std::string url) {
    std::vector<std::string> words{ESTEIRA_BIN_DIR "/esteira-worker-" + line_.worker,
                                   "--config",
                                   broker_.folder() + "/esteira.toml",
                                   "--set",
                                   "broker.endpoint=" + broker_.endpoint(),
                                   "--json"};
    words.insert(words.end(), flags.begin(), flags.end());
    workers_.push_back(std::make_unique<ChildProcess>(
        ChildOptions{std::move(words),
                     {"ESTEIRA__POSTGRES__URL=" + (url.empty() ? worker_url() : url)},
                     broker_.folder() + "/worker-" + std::to_string(workers_.size()) + ".log"}));
    return *workers_.back();
}

void LineFarm::kill_worker(std::size_t number) {
    workers_[number]->signal(SIGKILL);
    workers_[number]->wait();
}

std::string LineFarm::said() const {
    std::string all;
    for (const auto& worker : workers_) {
        all += worker->said() + "\n";
    }
    return all;
}

void LineFarm::send(const std::vector<std::string>& bodies) {
    std::vector<std::span<const std::byte>> views;
    for (const std::string& body : bodies) {
        views.push_back(as_bytes(body));
    }
    client::QueueClient client(broker_.client_options());
    if (!client.send(line_.queue, views)) {
        throw std::runtime_error("the broker refuses the messages");
    }
}

void LineFarm::write_dead_letters(const std::string& file) {
    const std::string queue = "dlq-" + line_.queue;
    client::QueueClient client(broker_.client_options("final"));
    std::ofstream out(file);
    while (true) {
        const auto batch = client.receive({queue, 1'000, Millis{0}, Millis{3'600'000}});
        if (!batch) {
            throw std::runtime_error(queue + ": " + batch.error().reason);
        }
        if (batch.value().messages.empty()) {
            return;
        }
        for (const dialogue::Delivery& message : batch.value().messages) {
            const nlohmann::json line{{"body", as_text(message.body)},
                                      {"origin", message.origin},
                                      {"source", message.source},
                                      {"reason", message.reason}};
            out << line.dump() << '\n';
        }
    }
}

}  // namespace esteira::support
