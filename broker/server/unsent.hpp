#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <zmq.hpp>

// Answers that libzmq still keeps because their peers do not read. Its high-water marks count
// messages, whatever they weigh, so the heavy ones are weighed here.
namespace esteira::broker {

class Unsent {
public:
    // Lighter ones are not weighed; the high-water mark bounds them well enough.
    static constexpr std::size_t kHeavyBytes = 64 << 10;

    // What one peer has unsent. Messages share it: libzmq may let go of them after the peer is
    // gone.
    using Account = std::shared_ptr<std::atomic<std::uint64_t>>;
    static Account account() { return std::make_shared<std::atomic<std::uint64_t>>(0); }

    // A copy of a heavy frame, on both accounts until libzmq lets go of it. Nothing when that would
    // be too much for the peer, or for all of them while this one has something unsent already.
    std::optional<zmq::message_t> message(std::span<const std::byte> frame, const Account& peer);

private:
    Account all_ = account();
};

}  // namespace esteira::broker
