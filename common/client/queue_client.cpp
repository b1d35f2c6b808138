#include "common/client/queue_client.hpp"

#include <algorithm>
#include <cstring>

#include <sys/random.h>
#include <zmq.hpp>

#include "common/base/bytes.hpp"
#include "common/base/check.hpp"
#include "common/base/limits.hpp"
#include "common/client/connection.hpp"
#include "common/wire/codec.hpp"

namespace esteira::client {

using namespace dialogue;

namespace {

// One request of a connection's share is kept back for the hello after a reconnect.
constexpr std::size_t kWindow = limits::kRequestsPerConnectionMax - 1;
constexpr std::size_t kSpareBuffers = 8;
constexpr std::size_t kSpareBytesMax = 64 << 10;

Bytes16 random_session() {
    Bytes16 session{};
    ESTEIRA_CHECK(getrandom(session.data(), session.size(), 0) ==
                  static_cast<ssize_t>(session.size()));
    return session;
}

Millis wait_of(const Operation& operation) {
    if (const auto* receive = std::get_if<Receive>(&operation)) {
        return receive->wait;
    }
    if (const auto* settle = std::get_if<Settle>(&operation); settle && settle->next) {
        return settle->next->second.wait;
    }
    return Millis{0};
}

// Whether the whole frame was refused: then nobody has looked at the ask in it.
bool refuses_the_ask(const Answer& answer) {
    const auto* refused = std::get_if<Refused>(&answer);
    return refused != nullptr &&
           (refused->code == Code::bad_request || refused->code == Code::too_large ||
            refused->code == Code::request_mismatch || refused->code == Code::request_expired);
}

bool expired(const Answer& answer) {
    const auto* refused = std::get_if<Refused>(&answer);
    return refused != nullptr && refused->code == Code::request_expired;
}

}  // namespace

void FrameDeleter::operator()(zmq::message_t* frame) const { delete frame; }

QueueClient::QueueClient(ClientOptions options)
    : options_(std::move(options)),
      next_number_(options_.next_number),
      connection_(std::make_unique<Connection>()),
      backoff_(options_.backoff_least) {
    check_endpoint(options_.endpoint);
    ESTEIRA_CHECK(next_number_ > 0);
    if (!options_.session.has_value()) {
        options_.session = random_session();
    }
    std::uint32_t seed = 0;
    std::memcpy(&seed, options_.session->data(), sizeof(seed));
    random_.seed(seed);
    try {
        open_link(std::chrono::steady_clock::now());
    } catch (const zmq::error_t& error) {
        throw std::invalid_argument(options_.endpoint + ": " + error.what());
    }
}

QueueClient::~QueueClient() = default;

// ------------------------------------------------------------------------------- taking requests
// on

bool QueueClient::window_full() const {
    constexpr std::size_t kMostOfOne = 2;  // Answers: a settle that asks for more has two.
    return awaited_ + kMostOfOne > kWindow ||
           pending_bytes_ + limits::kWireFrameBytesMax > limits::kBytesPerConnectionMax;
}

std::optional<std::uint64_t> QueueClient::submit(Operation operation) {
    if (window_full()) {
        return std::nullopt;
    }
    const std::uint64_t number = enqueue(std::move(operation), false);
    if (connected_) {
        flush(std::chrono::steady_clock::now());
    }
    return number;
}

std::uint64_t QueueClient::enqueue(Operation operation, bool internal) {
    const std::uint64_t number = next_number_;
    Pending pending;
    if (auto* settle = std::get_if<Settle>(&operation); settle && settle->next) {
        settle->next->first = number + 1;
        pending.awaits_ask = true;
    }
    next_number_ += pending.awaits_ask ? 2 : 1;
    pending.receive = std::holds_alternative<Receive>(operation);
    pending.internal = internal;
    pending.wait = wait_of(operation);
    pending.submitted = std::chrono::steady_clock::now();
    if (const auto* hello = std::get_if<Hello>(&operation)) {
        remember_greeting(*hello, number);
    }
    if (!spare_.empty()) {
        pending.frame = std::move(spare_.back());
        spare_.pop_back();
    }

    const Request request{session(), number, std::move(operation)};
    encode(request, pending.frame);
    const std::size_t bytes = pending.frame.bytes().size();
    if (bytes > limits::kWireFrameBytesMax) {
        const Refused too_large{Code::too_large, "a request has at most 9 MiB"};
        ready_.push_back(local_reply(number, too_large));
        if (pending.awaits_ask) {
            ready_.push_back(local_reply(number + 1, too_large));
        }
        return number;
    }
    pending_bytes_ += bytes;
    awaited_ += pending.awaits_ask ? 2 : 1;
    pending_.emplace(number, std::move(pending));
    unsent_.push_back(number);
    return number;
}

void QueueClient::remember_greeting(const Hello& hello, std::uint64_t number) {
    greeting_.reset();
    if (hello.leaving) {
        return;
    }
    greeting_ = Greeting{std::string(hello.name), std::string(hello.pool), std::string(hello.host),
                         hello.pid};
    greeting_number_ = number;
}

// A broker that was started again, or has taken this client for dead, learns first who it is.
void QueueClient::greet_again() {
    if (!greeting_.has_value()) {
        return;
    }
    if (!pending_.contains(greeting_number_)) {
        const Greeting greeting = *greeting_;
        enqueue(Hello{greeting.name, greeting.pool, greeting.host, greeting.pid, false}, true);
    }
    std::erase(unsent_, greeting_number_);
    unsent_.push_front(greeting_number_);
}

// ----------------------------------------------------------------------------------- answers

std::optional<Reply> QueueClient::poll(Millis timeout) {
    return next_answer(std::chrono::steady_clock::now() + timeout, true);
}

std::optional<Reply> QueueClient::next_answer(SteadyTime deadline, bool until_signal) {
    while (true) {
        if (!ready_.empty()) {
            std::optional<Reply> reply(std::move(ready_.front()));
            ready_.pop_front();
            return reply;
        }
        SteadyTime now = std::chrono::steady_clock::now();
        if (now >= service_at_) {
            service(now);
        }
        if (auto reply = take_arrived()) {
            return reply;
        }
        if (!ready_.empty()) {
            continue;
        }

        service(now);
        now = std::chrono::steady_clock::now();
        check_patience(now);
        if (now >= deadline) {
            return std::nullopt;
        }
        const bool signal = !wait_until(deadline, now, until_signal);
        if (signal && until_signal) {
            return std::nullopt;
        }
    }
}

std::optional<Reply> QueueClient::take_arrived() {
    while (connection_->link != nullptr) {
        Frame frame(connection_->link->receive().release());
        if (frame == nullptr) {
            break;
        }
        auto response =
            wire::decode_response({static_cast<const std::byte*>(frame->data()), frame->size()});
        if (!response) {
            ++counts_.unreadable;
            continue;
        }
        auto reply = accept(Reply{std::move(response).value(), std::move(frame)});
        if (reply.has_value()) {
            return reply;
        }
    }
    return std::nullopt;
}

// The reply if somebody waits for it.
std::optional<Reply> QueueClient::accept(Reply reply) {
    backoff_ = options_.backoff_least;
    broker_ = reply.response.broker;
    const std::uint64_t number = reply.response.number;
    Answer& answer = reply.response.answer;
    auto found = pending_.upper_bound(number);
    if (found == pending_.begin() || number - (--found)->first > 1) {
        ++counts_.late_answers;
        return std::nullopt;
    }
    Pending& pending = found->second;
    const bool ask = found->first != number;
    const bool awaited = ask ? pending.awaits_ask : pending.awaits_own;
    const bool internal = pending.internal;
    if (!ask && pending.awaits_ask && refuses_the_ask(answer)) {
        ready_.push_back(
            local_reply(number + 1, expired(answer) ? Answer(ReceiveReply{}) : answer));
        pending.awaits_ask = false;
        --awaited_;
    }
    if ((ask || pending.receive) && expired(answer)) {
        answer = ReceiveReply{};
    }
    if (awaited) {
        (ask ? pending.awaits_ask : pending.awaits_own) = false;
        --awaited_;
    } else {
        ++counts_.late_answers;
    }
    if (!pending.awaits_own && !pending.awaits_ask) {
        forget(found);
    }
    if (internal || !awaited) {
        return std::nullopt;
    }
    return reply;
}

void QueueClient::forget(std::map<std::uint64_t, Pending>::iterator answered) {
    wire::Buffer& frame = answered->second.frame;
    pending_bytes_ -= frame.bytes().size();
    if (spare_.size() < kSpareBuffers && frame.bytes().size() <= kSpareBytesMax) {
        frame.clear();
        spare_.push_back(std::move(frame));
    }
    // A broker may answer on a new connection what was asked on an earlier one.
    if (!unsent_.empty()) {
        std::erase(unsent_, answered->first);
    }
    pending_.erase(answered);
}

Reply QueueClient::local_reply(std::uint64_t number, Answer answer) const {
    return {Response{number, broker_, std::move(answer)}, nullptr};
}

}  // namespace esteira::client
