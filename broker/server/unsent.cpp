#include "broker/server/unsent.hpp"

#include <algorithm>
#include <cstring>

#include "common/base/limits.hpp"

namespace esteira::broker {

namespace {

struct Held {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    Unsent::Account* peer = nullptr;
    Unsent::Account* all = nullptr;
};

// On a thread of libzmq's.
void let_go(void*, void* hint) {
    const std::unique_ptr<Held> held(static_cast<Held*>(hint));
    *held->peer -= held->size;
    *held->all -= held->size;
}

}  // namespace

Unsent::Account& Unsent::open() {
    const auto empty = std::find_if(closed_.begin(), closed_.end(),
                                    [](const Account* account) { return *account == 0; });
    if (empty == closed_.end()) {
        return *accounts_.emplace_back(std::make_unique<Account>(0));
    }
    Account& account = **empty;
    closed_.erase(empty);
    return account;
}

void Unsent::close(Account& account) { closed_.push_back(&account); }

std::optional<zmq::message_t> Unsent::message(std::span<const std::byte> frame, Account& peer) {
    const std::uint64_t before = peer;
    const bool peer_full = before + frame.size() > limits::kAnswerBytesPerConnectionMax;
    const bool all_full = all_ + frame.size() > limits::kBytesOutstandingMax;
    if (peer_full || (all_full && before > 0)) {
        return std::nullopt;
    }
    auto held = std::make_unique<Held>(Held{
        std::make_unique_for_overwrite<std::byte[]>(frame.size()), frame.size(), &peer, &all_});
    std::memcpy(held->bytes.get(), frame.data(), frame.size());
    peer += frame.size();
    all_ += frame.size();
    void* const data = held->bytes.get();
    return zmq::message_t(data, frame.size(), let_go, held.release());
}

}  // namespace esteira::broker
