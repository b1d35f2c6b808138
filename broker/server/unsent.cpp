#include "broker/server/unsent.hpp"

#include <cstring>

#include "common/base/limits.hpp"

namespace esteira::broker {

namespace {

struct Held {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    Unsent::Account peer;
    Unsent::Account all;
};

// On a thread of libzmq's.
void let_go(void*, void* hint) {
    const std::unique_ptr<Held> held(static_cast<Held*>(hint));
    *held->peer -= held->size;
    *held->all -= held->size;
}

}  // namespace

std::optional<zmq::message_t> Unsent::message(std::span<const std::byte> frame,
                                              const Account& peer) {
    const std::uint64_t before = *peer;
    const bool peer_full = before + frame.size() > limits::kAnswerBytesPerConnectionMax;
    const bool all_full = *all_ + frame.size() > limits::kBytesOutstandingMax;
    if (peer_full || (all_full && before > 0)) {
        return std::nullopt;
    }
    auto held = std::make_unique<Held>(
        Held{std::make_unique_for_overwrite<std::byte[]>(frame.size()), frame.size(), peer, all_});
    std::memcpy(held->bytes.get(), frame.data(), frame.size());
    *peer += frame.size();
    *all_ += frame.size();
    void* const data = held->bytes.get();
    return zmq::message_t(data, frame.size(), let_go, held.release());
}

}  // namespace esteira::broker
