#include "tests/broker/server/peers.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/bytes.hpp"

namespace esteira::test {

RawPeer::RawPeer(const std::string& endpoint)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = endpoint.substr(std::string_view("ipc://").size());
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int code = errno;
        ::close(socket_);
        throw std::runtime_error(path + ": " + std::strerror(code));
    }
}

RawPeer::~RawPeer() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

RawPeer::RawPeer(RawPeer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

void RawPeer::send(std::string_view bytes) {
    (void)!::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool RawPeer::closed() {
    std::array<char, 4096> bytes{};
    pollfd item{socket_, POLLIN, 0};
    while (::poll(&item, 1, 60'000) > 0) {
        const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            return true;
        }
    }
    return false;
}

Peer::Peer(const std::string& endpoint, zmq::socket_type type, int answers_kept)
    : socket_(context_, type) {
    static std::uint64_t made = 0;
    session_ = session_of(0xE57E'0000'0000 + ++made);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndtimeo, 60'000);
    socket_.set(zmq::sockopt::sndhwm, 0);
    socket_.set(zmq::sockopt::rcvhwm, answers_kept);
    socket_.connect(endpoint);
}

void Peer::send(std::span<const std::byte> frame) {
    socket_.send(zmq::buffer(frame.data(), frame.size()), zmq::send_flags::none);
}

void Peer::send_parts(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool last = i + 1 == parts.size();
        socket_.send(zmq::buffer(parts[i]),
                     last ? zmq::send_flags::none : zmq::send_flags::sndmore);
    }
}

void Peer::send(const dialogue::Request& request) {
    wire::Buffer buffer;
    wire::encode(request, buffer);
    send(buffer.bytes());
}

std::optional<Answer> Peer::receive(std::chrono::seconds timeout) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(timeout.count() * 1'000));
    Answer answer;
    if (!socket_.recv(answer.frame, zmq::recv_flags::none)) {
        return std::nullopt;
    }
    auto response = wire::decode_response(
        {static_cast<const std::byte*>(answer.frame.data()), answer.frame.size()});
    if (!response) {
        throw std::runtime_error("no response: " + response.error().refused.reason);
    }
    answer.response = std::move(response).value();
    return answer;
}

Answer Peer::ask(dialogue::Operation operation) {
    const dialogue::Request request{session_, ++number_, std::move(operation)};
    for (int tries = 0; tries < 30; ++tries) {
        send(request);
        while (auto answer = receive(std::chrono::seconds(2))) {
            if (answer->response.number == request.number) {
                return std::move(*answer);
            }
        }
    }
    throw std::runtime_error("the broker does not answer");
}

dialogue::Code code_of(const Answer& answer) {
    const auto* refused = std::get_if<dialogue::Refused>(&answer.response.answer);
    return refused == nullptr ? dialogue::Code::ok : refused->code;
}

Bytes16 session_of(std::uint64_t number) {
    Bytes16 session{};
    std::memcpy(session.data(), &number, sizeof number);
    return session;
}

void expect_served(support::BrokerProcess& broker) {
    client::QueueClient client(broker.client_options("bystander"));
    const auto made = client.create_queue({"bystander", {}, {}});
    EXPECT_TRUE(made);
    const auto sent = client.send("bystander", std::array{as_bytes("x")});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent.value().at(0).code, dialogue::Code::ok);
    const auto received = client.receive({"bystander", 1, Millis{1'000}, {}});
    ASSERT_TRUE(received);
    ASSERT_EQ(received.value().messages.size(), 1U);
    EXPECT_TRUE(client.done(received.value().receipt));
}

std::uint64_t resident_bytes(pid_t pid) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr bool kPlain = false;
#else
    constexpr bool kPlain = true;
#endif
    std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return kPlain ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace esteira::test
