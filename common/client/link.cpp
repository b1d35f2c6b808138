#include "common/client/link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>

#include <poll.h>

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

bool wait_for(std::span<const int> bells, Millis timeout, std::span<const int> wake_fds) {
    std::vector<pollfd> items;
    items.reserve(bells.size() + wake_fds.size());
    for (const std::span<const int> descriptors : {bells, wake_fds}) {
        for (const int fd : descriptors) {
            items.push_back({fd, POLLIN, 0});
        }
    }
    const auto most = Millis{std::numeric_limits<int>::max()};
    if (::poll(items.data(), items.size(), static_cast<int>(std::min(timeout, most).count())) < 0) {
        return errno != EINTR;
    }
    return std::none_of(items.begin() + static_cast<std::ptrdiff_t>(bells.size()), items.end(),
                        [](const pollfd& item) { return item.revents != 0; });
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
    socket_bell_ = socket_.get(zmq::sockopt::fd);
    monitor_bell_ = monitor_.get(zmq::sockopt::fd);
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
    found_empty_ = false;
    return !failed(zmq_send(socket_.handle(), frame.data(), frame.size(), ZMQ_DONTWAIT));
}

std::unique_ptr<zmq::message_t> Link::receive() {
    auto message = std::make_unique<zmq::message_t>();
    if (!received(socket_, *message)) {
        found_empty_ = true;
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
    if (to_send || !found_empty_) {
        const int wanted = to_send ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN;
        if ((socket_.get(zmq::sockopt::events) & wanted) != 0) {
            return true;
        }
        found_empty_ = true;
    }
    return wait_for(std::array{socket_bell_, monitor_bell_}, timeout, wake_fds);
}

}  // namespace esteira::client
