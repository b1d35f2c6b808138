#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "broker/server/core.hpp"
#include "broker/server/receipts.hpp"
#include "broker/server/server_stats.hpp"
#include "broker/server/unsent.hpp"
#include "common/base/clock.hpp"
#include "common/wire/buffer.hpp"

// The broker's sockets: one ROUTER for clients, one for operators, one thread for all of it. While
// it syncs, the next requests gather in the socket, so groups form by themselves.
namespace esteira::broker {

struct ServerOptions {
    std::string endpoint;        // tcp:// on loopback, or ipc://
    std::string ops_endpoint;    // ipc:// in a folder of mode 0700
    std::function<void()> idle;  // Called once when nothing came for kIdle.
    std::function<std::string(std::string_view, Now)> ops;  // One JSON request, its answer.
};

class Server {
public:
    static constexpr Millis kIdle{50};

    // Binds both sockets; throws std::runtime_error naming the endpoint when it cannot. `unsent`
    // outlives the context.
    Server(zmq::context_t& context, Core& core, const Receipts& receipts, Unsent& unsent,
           ServerOptions options);

    // Serves until `stop_fd` becomes readable, finishes the turn, and returns. Throws
    // journal::DeviceFailed; nothing unsafe has been answered then.
    void run(Clock& clock, int stop_fd);

    const ServerStats& stats() const { return stats_; }

private:
    // A peer that has sent something. ZeroMQ names it by a routing id of its own choice.
    struct Peer {
        std::string routing_id;
        Time last_seen{};
        Unsent::Account* unsent = nullptr;  // Heavy answers that it has not read.
    };

    std::uint64_t peer_of(const zmq::message_t& routing_id, Now now);
    bool take_requests(Now now);
    void take_ops(Now now);
    void decide(std::uint64_t peer, const zmq::message_t& frame, Now now);
    void check_receipts(dialogue::Request& request) const;
    void release(std::vector<engine::Answered>& answers);
    bool send(std::uint64_t peer, const wire::Buffer& frame);
    void drop_peer(std::uint64_t peer);
    void forget_quiet_peers(Now now);
    void turn(Clock& clock, bool operators_ask);
    int until_due(Clock& clock, int most) const;

    Core& core_;
    const Receipts& receipts_;
    Unsent& unsent_;
    ServerOptions options_;
    zmq::socket_t clients_;
    zmq::socket_t operators_;

    std::map<std::string, std::uint64_t, std::less<>> peers_by_id_;
    std::map<std::uint64_t, Peer> peers_;
    std::uint64_t next_peer_ = 1;
    std::vector<zmq::message_t> frames_;  // Of this turn: requests are views into them.
    std::vector<std::pair<std::uint64_t, dialogue::Response>> refused_;
    struct OpsAnswer {
        std::string routing_id;
        std::string text;
    };
    std::vector<OpsAnswer> ops_answers_;
    bool operators_answered_ = true;              // Since their socket was looked at.
    std::vector<dialogue::Receipt> undelivered_;  // To be handed back in the next turn.
    std::vector<std::uint64_t> gone_;
    wire::Buffer buffer_;
    Time next_peer_sweep_{};
    ServerStats stats_;
};

}  // namespace esteira::broker
