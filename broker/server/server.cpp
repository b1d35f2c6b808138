#include "broker/server/server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"
#include "common/logging/logging.hpp"
#include "common/wire/codec.hpp"

namespace esteira::broker {

namespace {

// Answers that may wait for one peer; what comes on top is dropped and counted. A peer that reads
// must lose none, with as many requests outstanding as it may have. libzmq learns of what was read
// in steps of half of this number, so it has to be more than twice as large as the answers are.
constexpr int kAnswersWaitingMax = 4 * static_cast<int>(limits::kRequestsPerConnectionMax);
constexpr Millis kPeerQuietMax = std::chrono::minutes(30);
constexpr Millis kPeerSweepEvery = std::chrono::minutes(1);

std::span<const std::byte> bytes_of(const zmq::message_t& message) {
    return {static_cast<const std::byte*>(message.data()), message.size()};
}

std::uint64_t hash_of(std::span<const std::byte> frame) {
    return XXH3_64bits(frame.data(), frame.size());
}

void listen_on(zmq::socket_t& socket, const std::string& endpoint) {
    try {
        socket.bind(endpoint);
    } catch (const zmq::error_t& error) {
        throw std::runtime_error("cannot listen on " + endpoint + ": " + error.what());
    }
}

void set_common_options(zmq::socket_t& socket) {
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::kWireFrameBytesMax));
    socket.set(zmq::sockopt::rcvhwm, limits::kHighWaterMark);
    socket.set(zmq::sockopt::router_mandatory, true);
    socket.set(zmq::sockopt::handshake_ivl, 5000);
    socket.set(zmq::sockopt::backlog, 128);
}

// Whoever started them reads in the log what came of them.
void log_ended_moves(engine::Engine& engine) {
    for (const std::uint64_t id : engine.take_ended_moves()) {
        if (const engine::Move* move = engine.moves().find(id)) {
            logging::audit("move_ended", {{"task", id},
                                          {"queue", move->source_name},
                                          {"status", engine::to_string(move->state)},
                                          {"dry_run", move->dry_run},
                                          {"moved", move->moved},
                                          {"skipped", move->skipped_in_all()},
                                          {"failure", move->failure}});
        }
    }
}

}  // namespace

Server::Server(zmq::context_t& context, Core& core, const Receipts& receipts, Unsent& unsent,
               ServerOptions options)
    : core_(core),
      receipts_(receipts),
      unsent_(unsent),
      options_(std::move(options)),
      clients_(context, zmq::socket_type::router),
      operators_(context, zmq::socket_type::router) {
    set_common_options(clients_);
    clients_.set(zmq::sockopt::sndhwm, kAnswersWaitingMax);
    clients_.set(zmq::sockopt::heartbeat_ivl, 5000);
    clients_.set(zmq::sockopt::heartbeat_timeout, 15000);
    set_common_options(operators_);
    operators_.set(zmq::sockopt::sndhwm, limits::kHighWaterMark);
    // Set before the bind, so that the socket file never has wider rights, not even for a moment.
    const ::mode_t before = ::umask(0177);
    listen_on(operators_, options_.ops_endpoint);
    ::umask(before);
    listen_on(clients_, options_.endpoint);
}

std::uint64_t Server::peer_of(const zmq::message_t& routing_id, Now now) {
    const std::string_view id = as_text(bytes_of(routing_id));
    if (const auto at = peers_by_id_.find(id); at != peers_by_id_.end()) {
        peers_.at(at->second).last_seen = now.broker;
        return at->second;
    }
    const std::uint64_t peer = next_peer_++;
    peers_by_id_.emplace(id, peer);
    peers_.emplace(peer, Peer{std::string(id), now.broker, &unsent_.open()});
    stats_.connections = peers_.size();
    return peer;
}

// A receipt whose MAC is wrong is no receipt of here: the engine is told so by a count of 0.
void Server::check_receipts(dialogue::Request& request) const {
    const auto check = [&](dialogue::Receipt& receipt) {
        if (!receipts_.good(receipt)) {
            receipt.count = 0;
        }
    };
    if (auto* settle = std::get_if<dialogue::Settle>(&request.operation)) {
        for (auto& verdict : settle->verdicts) {
            check(verdict.receipt);
        }
    }
    if (auto* beat = std::get_if<dialogue::Beat>(&request.operation)) {
        std::erase_if(beat->started, [&](dialogue::Beat::Started& started) {
            check(started.receipt);
            return started.receipt.count == 0;
        });
    }
}

void Server::decide(std::uint64_t peer, const zmq::message_t& frame, Now now) {
    ++stats_.requests;
    auto decoded = wire::decode_request(bytes_of(frame));
    if (!decoded) {
        ++stats_.malformed;
        const auto& malformed = decoded.error();
        refused_.emplace_back(peer, dialogue::Response{malformed.number, core_.engine().broker_id(),
                                                       malformed.refused});
        return;
    }
    dialogue::Request request = std::move(decoded).value();
    check_receipts(request);
    core_.engine().execute(peer, request, hash_of(bytes_of(frame)), now);
}

// Everything that has arrived, up to a turn's size. False when nothing had.
bool Server::take_requests(Now now) {
    std::uint64_t bytes = 0;
    frames_.clear();
    while (bytes < limits::kTurnBytesMax) {
        zmq::message_t routing_id;
        if (!clients_.recv(routing_id, zmq::recv_flags::dontwait)) {
            break;
        }
        std::size_t parts = 0;
        zmq::message_t frame;
        for (bool more = routing_id.more(); more; more = frame.more()) {
            if (!clients_.recv(frame, zmq::recv_flags::none)) {
                break;
            }
            ++parts;
        }
        const std::uint64_t peer = peer_of(routing_id, now);
        // Too few or too many parts: the codec refuses an empty frame.
        if (parts != 1) {
            frame.rebuild();
        }
        bytes += frame.size() + routing_id.size();
        frames_.push_back(std::move(frame));
        decide(peer, frames_.back(), now);
    }
    return bytes > 0;
}

void Server::take_ops(Now now) {
    while (ops_answers_.size() < limits::kRequestsPerConnectionMax) {
        zmq::message_t routing_id;
        if (!operators_.recv(routing_id, zmq::recv_flags::dontwait)) {
            return;
        }
        zmq::message_t frame;
        for (bool more = routing_id.more(); more; more = frame.more()) {
            if (!operators_.recv(frame, zmq::recv_flags::none)) {
                break;
            }
        }
        ops_answers_.push_back({std::string(as_text(bytes_of(routing_id))),
                                options_.ops(as_text(bytes_of(frame)), now)});
    }
}

// False when the peer is full or gone, which to it are the same: it has to ask again.
bool Server::send(std::uint64_t peer, const wire::Buffer& frame) {
    const auto at = peers_.find(peer);
    if (at == peers_.end()) {
        return false;
    }
    const auto bytes = frame.bytes();
    std::optional<zmq::message_t> heavy;
    if (bytes.size() >= Unsent::kHeavyBytes) {
        heavy = unsent_.message(bytes, *at->second.unsent);
        if (!heavy) {
            return false;
        }
    }
    const std::string& id = at->second.routing_id;
    const int sent = zmq_send(clients_.handle(), id.data(), id.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    if (sent < 0) {
        if (zmq_errno() == EHOSTUNREACH) {
            gone_.push_back(peer);
        }
        return false;
    }
    if (heavy) {
        return zmq_msg_send(heavy->handle(), clients_.handle(), ZMQ_DONTWAIT) >= 0;
    }
    return zmq_send(clients_.handle(), bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0;
}

void Server::drop_peer(std::uint64_t peer) {
    const auto at = peers_.find(peer);
    if (at == peers_.end()) {
        return;
    }
    core_.engine().forget_waiter(peer);
    unsent_.close(*at->second.unsent);
    peers_by_id_.erase(at->second.routing_id);
    peers_.erase(at);
    stats_.connections = peers_.size();
}

void Server::release(std::vector<engine::Answered>& answers) {
    const auto deliver = [&](std::uint64_t peer, const dialogue::Response& response) {
        buffer_.clear();
        wire::encode(response, buffer_);
        const bool sent = send(peer, buffer_);
        ++(sent ? stats_.answers : stats_.answers_dropped);
        return sent;
    };
    for (engine::Answered& answered : answers) {
        auto* received = std::get_if<dialogue::ReceiveReply>(&answered.response.answer);
        if (received != nullptr && received->receipt.count > 0) {
            receipts_.seal(received->receipt);
        }
        if (!deliver(answered.ticket, answered.response) && received != nullptr &&
            received->receipt.count > 0) {
            undelivered_.push_back(received->receipt);
        }
    }
    for (const auto& [peer, response] : refused_) {
        deliver(peer, response);
    }
    refused_.clear();
    for (const OpsAnswer& answer : ops_answers_) {
        if (zmq_send(operators_.handle(), answer.routing_id.data(), answer.routing_id.size(),
                     ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0) {
            zmq_send(operators_.handle(), answer.text.data(), answer.text.size(), ZMQ_DONTWAIT);
        }
    }
    operators_answered_ = !ops_answers_.empty();
    ops_answers_.clear();
}

void Server::forget_quiet_peers(Now now) {
    if (now.broker < next_peer_sweep_) {
        return;
    }
    next_peer_sweep_ = now.broker + kPeerSweepEvery;
    for (const auto& [peer, what] : peers_) {
        if (now.broker - what.last_seen > kPeerQuietMax) {
            gone_.push_back(peer);
        }
    }
}

void Server::turn(Clock& clock, bool operators_ask) {
    using Steady = std::chrono::steady_clock;
    const auto seconds_since = [](Steady::time_point start) {
        return std::chrono::duration<double>(Steady::now() - start).count();
    };
    const auto begun = Steady::now();
    const std::uint64_t requests_before = stats_.requests;
    const Now now = clock.now();
    core_.begin_turn(now);
    for (const dialogue::Receipt& receipt : undelivered_) {
        core_.engine().undeliverable(receipt, now);
    }
    undelivered_.clear();
    take_requests(now);
    if (operators_ask) {
        take_ops(now);
    }
    const auto decided = Steady::now();
    const std::uint64_t requests = stats_.requests - requests_before;
    core_.finish_turn([&](std::vector<engine::Answered>& answers) {
        if (requests > 0) {
            stats_.commit_seconds.observe(seconds_since(decided));
        }
        release(answers);
    });
    if (requests > 0) {
        stats_.turn_seconds.observe(seconds_since(begun));
        stats_.turn_requests.observe(static_cast<double>(requests));
    }
    log_ended_moves(core_.engine());
    forget_quiet_peers(now);
    for (const std::uint64_t peer : gone_) {
        drop_peer(peer);
    }
    gone_.clear();
    ++stats_.turns;
}

// What a socket's descriptor (ZMQ_FD) rings for is what comes after the socket was found empty, and
// sending may swallow a ring. So a socket is looked at after sends, and then one system call waits
// for all.
void Server::run(Clock& clock, int stop_fd) {
    std::array<pollfd, 3> bells{{{clients_.get(zmq::sockopt::fd), POLLIN, 0},
                                 {operators_.get(zmq::sockopt::fd), POLLIN, 0},
                                 {stop_fd, POLLIN, 0}}};
    const auto waiting = [](zmq::socket_t& socket) {
        return (socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
    };
    bool idle_told = false;
    for (;;) {
        bool clients_ask = waiting(clients_);
        bool operators_ask = std::exchange(operators_answered_, false) && waiting(operators_);
        for (pollfd& bell : bells) {
            bell.revents = 0;
        }
        const int most = idle_told ? std::numeric_limits<int>::max() : int{kIdle.count()};
        const int sleep = clients_ask || operators_ask ? 0 : until_due(clock, most);
        if (::poll(bells.data(), bells.size(), sleep) < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
        clients_ask |= bells[0].revents != 0;
        operators_ask |= bells[1].revents != 0;
        if (clients_ask || operators_ask || until_due(clock, 1) == 0) {
            turn(clock, operators_ask);
            idle_told = false;
        } else if (!idle_told) {
            options_.idle();
            idle_told = true;
        }
        if (bells[2].revents != 0) {
            return;
        }
    }
}

// Milliseconds until the engine has something to do, at most `most`.
int Server::until_due(Clock& clock, int most) const {
    if (!undelivered_.empty()) {
        return 0;
    }
    const Now now = clock.now();
    const auto left = (core_.engine().next_wake(now) - now.broker).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, most));
}

}  // namespace esteira::broker
