#include "tests/common/client/fake_broker.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/wire/codec.hpp"

namespace esteira::client::test {

namespace {

constexpr int kTurnsMax = 2'000;  // Of 10 ms at most: a test that hangs ends.
constexpr Millis kTurn{10};

std::filesystem::path new_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "esteira-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no temporary folder");
    }
    return name;
}

}  // namespace

FakeBroker::FakeBroker() : folder_(new_folder()) {}

FakeBroker::~FakeBroker() {
    kill();
    std::filesystem::remove_all(folder_);
}

std::string FakeBroker::endpoint() const { return "ipc://" + (folder_ / "broker").string(); }

void FakeBroker::bind() {
    router_.emplace(context_, zmq::socket_type::router);
    router_->set(zmq::sockopt::linger, 0);
    // An address is free again a moment after the socket that had it was closed.
    for (int i = 0; i < kTurnsMax; ++i) {
        try {
            return router_->bind(endpoint());
        } catch (const zmq::error_t& error) {
            if (error.num() != EADDRINUSE) {
                throw;
            }
            zmq_poll(nullptr, 0, 1);
        }
    }
}

void FakeBroker::kill() { router_.reset(); }

std::unique_ptr<Seen> FakeBroker::take() {
    if (!router_.has_value()) {
        return nullptr;
    }
    zmq::message_t route;
    zmq::message_t frame;
    if (!router_->recv(route, zmq::recv_flags::dontwait).has_value()) {
        return nullptr;
    }
    EXPECT_TRUE(router_->recv(frame).has_value());
    EXPECT_FALSE(frame.more());
    auto seen = std::make_unique<Seen>();
    seen->route = route.to_string();
    seen->bytes = frame.to_string();
    auto request = wire::decode_request(as_bytes(seen->bytes));
    EXPECT_TRUE(request) << request.error().refused.reason;
    seen->request = std::move(request).value();
    return seen;
}

void FakeBroker::answer(const Seen& request, dialogue::Answer answer) {
    this->answer(request, request.number(), std::move(answer));
}

void FakeBroker::answer(const Seen& request, std::uint64_t number, dialogue::Answer answer) {
    wire::Buffer buffer;
    encode(dialogue::Response{number, 7, std::move(answer)}, buffer);
    send(request, {std::string(as_text(buffer.bytes()))});
}

void FakeBroker::send(const Seen& request, const std::vector<std::string>& frames) {
    router_->send(zmq::buffer(request.route), zmq::send_flags::sndmore);
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const bool more = i + 1 < frames.size();
        router_->send(zmq::buffer(frames[i]),
                      more ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
}

Dialogue::Dialogue(ClientOptions options) : client(with_endpoint(std::move(options), broker)) {}

ClientOptions Dialogue::with_endpoint(ClientOptions options, const FakeBroker& broker) {
    options.endpoint = broker.endpoint();
    options.name = "test";
    options.backoff_least = Millis{1};
    options.backoff_most = Millis{20};
    return options;
}

std::unique_ptr<Seen> Dialogue::next_request() {
    for (int turn = 0; turn < kTurnsMax; ++turn) {
        if (auto request = broker.take()) {
            return request;
        }
        if (auto reply = client.poll(kTurn)) {
            replies_.push_back(std::move(*reply));
        }
    }
    throw std::runtime_error("no request came");
}

std::vector<std::unique_ptr<Seen>> Dialogue::next_requests(std::size_t count) {
    std::vector<std::unique_ptr<Seen>> requests;
    while (requests.size() < count) {
        requests.push_back(next_request());
    }
    return requests;
}

Reply Dialogue::next_reply() {
    if (!replies_.empty()) {
        Reply reply = std::move(replies_.front());
        replies_.pop_front();
        return reply;
    }
    for (int turn = 0; turn < kTurnsMax; ++turn) {
        if (auto reply = client.poll(kTurn)) {
            return std::move(*reply);
        }
    }
    throw std::runtime_error("no reply came");
}

}  // namespace esteira::client::test
