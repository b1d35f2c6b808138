#include "common/client/link.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "common/base/limits.hpp"

namespace esteira::client {

namespace {

// More than a client ever has outstanding, so that neither side of the socket has to drop.
constexpr int kHighWaterMark = 2 * static_cast<int>(limits::kRequestsPerConnectionMax);
constexpr int kHeartbeatMillis = 5'000;
constexpr int kHeartbeatTimeoutMillis = 15'000;
constexpr int kHandshakeMillis = 5'000;
constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

bool is_loopback(std::string_view host) {
    const auto number_character = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
    return host == "localhost" || host == "[::1]" ||
           (host.starts_with("127.") && std::all_of(host.begin(), host.end(), number_character));
}

// Whether a call has to be made again later. (cppzmq takes a signal for an error.)
bool failed(int result) {
    if (result >= 0) {
        return false;
    }
    if (zmq_errno() != EAGAIN && zmq_errno() != EINTR) {
        throw zmq::error_t();
    }
    return true;
}

bool received(zmq::socket_t& socket, zmq::message_t& message) {
    return !failed(zmq_msg_recv(message.handle(), socket.handle(), ZMQ_DONTWAIT));
}

}  // namespace

bool wait_for(PollItems items, Millis timeout, std::span<const int> wake_fds) {
    const std::size_t sockets = items.size();
    for (const int fd : wake_fds) {
        items.push_back({nullptr, fd, ZMQ_POLLIN, 0});
    }
    // The plain call: to cppzmq a signal is an exception.
    if (zmq_poll(items.data(), static_cast<int>(items.size()), timeout.count()) < 0) {
        return zmq_errno() != EINTR;
    }
    return std::none_of(items.begin() + static_cast<std::ptrdiff_t>(sockets), items.end(),
                        [](const zmq::pollitem_t& item) { return item.revents != 0; });
}

void check_endpoint(std::string_view endpoint) {
    constexpr std::string_view kTcp = "tcp://";
    const bool local =
        endpoint.starts_with(kTcp)
            ? is_loopback(endpoint.substr(kTcp.size(), endpoint.rfind(':') - kTcp.size()))
            : endpoint.starts_with("ipc://");
    if (local) {
        return;
    }
    throw std::invalid_argument("not an endpoint of this machine: " + std::string(endpoint));
}

Link::Link(zmq::context_t& context, const std::string& endpoint, std::uint64_t number)
    : socket_(context, zmq::socket_type::dealer), monitor_(context, zmq::socket_type::pair) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndhwm, kHighWaterMark);
    socket_.set(zmq::sockopt::rcvhwm, kHighWaterMark);
    socket_.set(zmq::sockopt::maxmsgsize, std::int64_t{limits::kWireFrameBytesMax});
    socket_.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMillis);
    socket_.set(zmq::sockopt::heartbeat_timeout, kHeartbeatTimeoutMillis);
    socket_.set(zmq::sockopt::handshake_ivl, kHandshakeMillis);
    socket_.set(zmq::sockopt::connect_timeout, kHandshakeMillis);
    socket_.set(zmq::sockopt::reconnect_ivl, -1);
    monitor_.set(zmq::sockopt::linger, 0);

    // A new address each time: that of an earlier link may still be closing.
    const std::string address = "inproc://link-" + std::to_string(number);
    if (zmq_socket_monitor(socket_.handle(), address.c_str(), kEvents) != 0) {
        throw zmq::error_t();
    }
    monitor_.connect(address);
    socket_.connect(endpoint);
}

Link::State Link::state() {
    zmq::message_t event;
    while (received(monitor_, event)) {
        std::uint16_t kind = 0;
        if (event.size() >= sizeof(kind)) {
            std::memcpy(&kind, event.data(), sizeof(kind));
        }
        if (event.more()) {
            zmq::message_t address;
            received(monitor_, address);
        }
        if (kind != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            state_ = State::lost;
        } else if (state_ == State::connecting) {
            state_ = State::connected;
        }
    }
    return state_;
}

bool Link::send(std::span<const std::byte> frame) {
    return !failed(zmq_send(socket_.handle(), frame.data(), frame.size(), ZMQ_DONTWAIT));
}

std::unique_ptr<zmq::message_t> Link::receive() {
    auto message = std::make_unique<zmq::message_t>();
    if (!received(socket_, *message)) {
        return nullptr;
    }
    if (!message->more()) {
        return message;
    }
    do {
        received(socket_, *message);
    } while (message->more());
    message->rebuild();
    return message;
}

bool Link::wait(Millis timeout, bool to_send, std::span<const int> wake_fds) {
    const short wanted = static_cast<short>(to_send ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN);
    return wait_for({{socket_.handle(), 0, wanted, 0}, {monitor_.handle(), 0, ZMQ_POLLIN, 0}},
                    timeout, wake_fds);
}

}  // namespace esteira::client
