#include <array>

#include <unistd.h>
#include <zmq.hpp>

#include "common/client/queue_client.hpp"

// The blocking face: each call is a submit and the wait for its one answer.
namespace esteira::client {

using namespace dialogue;

namespace {

constexpr Millis kForever = std::chrono::hours(24 * 365);

std::string host_name() {
    std::array<char, 128> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) {
        return {};
    }
    return name.data();
}

}  // namespace

// Other answers that come meanwhile are kept for poll(), in their order.
Reply QueueClient::call(Operation operation) {
    std::deque<Reply> others;
    const auto next = [&] {
        const auto deadline = std::chrono::steady_clock::now() + kForever;
        return std::move(next_answer(deadline, false)).value();
    };
    try {
        while (window_full()) {
            others.push_back(next());
        }
        const std::uint64_t number = enqueue(std::move(operation), false);
        while (true) {
            Reply reply = next();
            if (reply.response.number == number) {
                std::move(ready_.begin(), ready_.end(), std::back_inserter(others));
                ready_ = std::move(others);
                return reply;
            }
            others.push_back(std::move(reply));
        }
    } catch (const Unreachable&) {
        std::move(ready_.begin(), ready_.end(), std::back_inserter(others));
        ready_ = std::move(others);
        throw;
    }
}

template <class Kind>
Result<Kind, Refused> QueueClient::ask(Operation operation) {
    Reply reply = call(std::move(operation));
    if (auto* answer = std::get_if<Kind>(&reply.response.answer)) {
        return std::move(*answer);
    }
    if (auto* refused = std::get_if<Refused>(&reply.response.answer)) {
        return std::move(*refused);
    }
    return Refused{Code::bad_request, "the broker has answered something else"};
}

QueueClient::Results QueueClient::send(std::string_view queue,
                                       std::span<const std::span<const std::byte>> bodies) {
    Send request{queue, {}};
    request.entries.reserve(bodies.size());
    for (const auto body : bodies) {
        request.entries.emplace_back().body = body;
    }
    return send(std::move(request));
}

QueueClient::Results QueueClient::send(Send send) {
    auto reply = ask<SendReply>(std::move(send));
    if (!reply) {
        return reply.error();
    }
    return std::move(reply).value().results;
}

Result<ReceivedBatch, Refused> QueueClient::receive(Receive receive) {
    Reply reply = call(receive);
    if (auto* refused = std::get_if<Refused>(&reply.response.answer)) {
        return std::move(*refused);
    }
    auto* received = std::get_if<ReceiveReply>(&reply.response.answer);
    if (received == nullptr) {
        return Refused{Code::bad_request, "the broker has answered something else"};
    }
    return ReceivedBatch{received->receipt, std::move(received->messages), std::move(reply.frame)};
}

QueueClient::Results QueueClient::settle(std::vector<VerdictEntry> verdicts) {
    auto reply = ask<SettleReply>(Settle{std::move(verdicts), std::nullopt});
    if (!reply) {
        return reply.error();
    }
    return std::move(reply).value().results;
}

QueueClient::Results QueueClient::done(const Receipt& receipt) {
    std::vector<VerdictEntry> verdicts(1);
    verdicts[0].receipt = receipt;
    verdicts[0].count = receipt.count;
    return settle(std::move(verdicts));
}

QueueClient::Results QueueClient::change_visibility(const Receipt& receipt, Millis visibility) {
    std::vector<VerdictEntry> verdicts(1);
    verdicts[0].receipt = receipt;
    verdicts[0].count = receipt.count;
    verdicts[0].verdict = Verdict::visibility;
    verdicts[0].delay = visibility;
    return settle(std::move(verdicts));
}

Result<HelloReply, Refused> QueueClient::hello() {
    const std::string host = host_name();
    return ask<HelloReply>(
        Hello{options_.name, options_.pool, host, static_cast<std::uint32_t>(getpid()), false});
}

Result<HelloReply, Refused> QueueClient::goodbye() {
    const std::string host = host_name();
    return ask<HelloReply>(
        Hello{options_.name, options_.pool, host, static_cast<std::uint32_t>(getpid()), true});
}

Result<Ok, Refused> QueueClient::beat(std::vector<Beat::Started> started) {
    auto reply = ask<BeatReply>(Beat{std::move(started)});
    if (!reply) {
        return reply.error();
    }
    return Ok{};
}

Result<QueueReply, Refused> QueueClient::create_queue(CreateQueue create) {
    return ask<QueueReply>(std::move(create));
}

Result<QueueReply, Refused> QueueClient::get_queue(std::string_view name) {
    return ask<QueueReply>(GetQueue{name});
}

Result<QueueReply, Refused> QueueClient::set_queue(SetQueue set) {
    return ask<QueueReply>(std::move(set));
}

Result<ListReply, Refused> QueueClient::list_queues(ListQueues list) {
    return ask<ListReply>(list);
}

Result<DoneReply, Refused> QueueClient::delete_queue(std::string_view name) {
    return ask<DoneReply>(DeleteQueue{name});
}

Result<DoneReply, Refused> QueueClient::purge_queue(std::string_view name) {
    return ask<DoneReply>(PurgeQueue{name});
}

}  // namespace esteira::client
