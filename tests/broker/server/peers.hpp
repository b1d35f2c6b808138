#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "common/client/queue_client.hpp"
#include "common/wire/codec.hpp"
#include "tests/support/broker_process.hpp"

// Peers that do what no client of ours does.
namespace esteira::test {

// Bytes on a connection to the broker's socket, without ZeroMQ.
class RawPeer {
public:
    // Throws std::runtime_error when there is no connection to be had.
    explicit RawPeer(const std::string& endpoint);
    ~RawPeer();
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;
    RawPeer(RawPeer&& other) noexcept;

    // As much as the other side takes without waiting; a lost connection is no error.
    void send(std::string_view bytes);
    // Until the broker closes the connection. False: it has not, within a minute.
    bool closed();

private:
    int socket_ = -1;
};

struct Answer {
    zmq::message_t frame;  // Views of the response point into it.
    dialogue::Response response;
};

// A ZeroMQ peer of any kind that sends whatever it is given.
class Peer {
public:
    explicit Peer(const std::string& endpoint, zmq::socket_type type = zmq::socket_type::dealer,
                  int answers_kept = 0);

    void send(std::span<const std::byte> frame);
    void send_parts(const std::vector<std::string>& parts);
    void send(const dialogue::Request& request);
    // The next one. Nothing within `timeout`: nothing came.
    std::optional<Answer> receive(std::chrono::seconds timeout = std::chrono::seconds(60));
    // Sends a request of its own session and waits for its answer, past all others; again and
    // again, since an answer to a peer that has too many on the way is dropped.
    Answer ask(dialogue::Operation operation);

    zmq::socket_t& socket() { return socket_; }

private:
    zmq::context_t context_{1};
    zmq::socket_t socket_;
    Bytes16 session_{};
    std::uint64_t number_ = 1'000'000;
};

// The code of a whole answer, ok when it was not refused as a whole.
dialogue::Code code_of(const Answer& answer);

Bytes16 session_of(std::uint64_t number);

// That somebody else is served by the broker: makes a queue of that name if need be.
void expect_served(support::BrokerProcess& broker);

// What the process has in RAM. 0 in a build with sanitizers, whose own books are most of it.
std::uint64_t resident_bytes(pid_t pid);

}  // namespace esteira::test
