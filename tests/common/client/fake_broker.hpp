#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <zmq.hpp>

#include "common/base/dialogue.hpp"
#include "common/client/queue_client.hpp"

// A broker that does what the test says, on a ROUTER that the test can kill and bind again.
namespace esteira::client::test {

// What a broker saw of one request. `request` points into `bytes`.
struct Seen {
    std::string route;
    std::string bytes;
    dialogue::Request request;

    std::uint64_t number() const { return request.number; }
};

class FakeBroker {
public:
    FakeBroker();
    ~FakeBroker();

    std::string endpoint() const;
    void bind();
    void kill();  // Connections and all that was not read are gone.

    std::unique_ptr<Seen> take();  // The next request if there is one.
    void answer(const Seen& request, dialogue::Answer answer);
    void answer(const Seen& request, std::uint64_t number, dialogue::Answer answer);
    void send(const Seen& request, const std::vector<std::string>& frames);

private:
    std::filesystem::path folder_;
    zmq::context_t context_{1};
    std::optional<zmq::socket_t> router_;
};

// Client and broker on one thread, each turned a little until something has come.
class Dialogue {
public:
    explicit Dialogue(ClientOptions options = {});

    FakeBroker broker;
    QueueClient client;

    std::unique_ptr<Seen> next_request();
    std::vector<std::unique_ptr<Seen>> next_requests(std::size_t count);
    Reply next_reply();

private:
    static ClientOptions with_endpoint(ClientOptions options, const FakeBroker& broker);
    std::deque<Reply> replies_;
};

}  // namespace esteira::client::test
