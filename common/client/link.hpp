#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "common/base/clock.hpp"

namespace esteira::client {

// Until a descriptor of `bells` or of `wake_fds` can be read. False: one of `wake_fds` can, or a
// signal came.
bool wait_for(std::span<const int> bells, Millis timeout, std::span<const int> wake_fds);

// Throws std::invalid_argument when an endpoint is not of this machine: nothing is encrypted.
void check_endpoint(std::string_view endpoint);

// One DEALER socket to one broker, from its connect to its first loss. libzmq's own reconnecting is
// off: it would go on with requests behind the ones that were lost, out of order and unseen.
//
//   connecting --handshake--> connected --disconnect, heartbeat missed--> lost
//       '-------refused, no handshake--------------------------------------^
class Link {
public:
    enum class State { connecting, connected, lost };

    // `number` is new for every link of the context. Throws zmq::error_t when the endpoint is none.
    Link(zmq::context_t& context, const std::string& endpoint, std::uint64_t number);

    // What libzmq has reported until now.
    State state();

    // False: the socket takes no more at present.
    bool send(std::span<const std::byte> frame);

    // The next message; null if there is none. One with more than one frame comes as an empty one.
    std::unique_ptr<zmq::message_t> receive();

    // Until something may have come, or the state changed, or the socket takes frames again if
    // `to_send`. False: as wait_for().
    bool wait(Millis timeout, bool to_send, std::span<const int> wake_fds);

private:
    zmq::socket_t socket_;
    zmq::socket_t monitor_;
    // Descriptors that ring for what comes after the socket was found empty (ZMQ_FD): asking them
    // costs one system call for both sockets, where zmq_poll() makes six.
    int socket_bell_ = -1;
    int monitor_bell_ = -1;
    bool found_empty_ = false;  // Nothing was sent since: sending may have swallowed a ring.
    State state_ = State::connecting;
};

}  // namespace esteira::client
