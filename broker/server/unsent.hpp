#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <zmq.hpp>

// Answers that libzmq still keeps because their peers do not read. Its high-water marks count
// messages, whatever they weigh, so the heavy ones are weighed here. Outlives the context that they
// are sent in: libzmq lets go of them until its end.
namespace esteira::broker {

class Unsent {
public:
    // Lighter ones are not weighed; the high-water mark bounds them well enough.
    static constexpr std::size_t kHeavyBytes = 64 << 10;

    // What one peer has unsent, in bytes.
    using Account = std::atomic<std::uint64_t>;
    Account& open();
    // The peer is gone; what is on its account may stay there for a while.
    void close(Account& account);

    // A copy of a heavy frame, on both accounts until libzmq lets go of it. Nothing when that would
    // be too much for the peer, or for all of them while this one has something unsent already.
    std::optional<zmq::message_t> message(std::span<const std::byte> frame, Account& peer);

private:
    std::vector<std::unique_ptr<Account>> accounts_;
    std::vector<Account*> closed_;
    Account all_{0};
};

}  // namespace esteira::broker
