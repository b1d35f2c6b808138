#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/bytes.hpp"
#include "common/base/dialogue.hpp"

// The numbers of FORMAT.md, for the two sides of the codec.
namespace esteira::wire {

inline constexpr std::uint64_t kVersion = 1;

enum class Op : std::uint8_t {
    send = 1,
    receive = 2,
    settle = 3,
    hello = 4,
    beat = 5,
    create_queue = 6,
    set_queue = 7,
    get_queue = 8,
    list_queues = 9,
    delete_queue = 10,
    purge_queue = 11,
};

enum class Kind : std::uint8_t {
    refused = 0,
    send = 1,
    receive = 2,
    settle = 3,
    hello = 4,
    beat = 5,
    queue = 6,
    list = 7,
    done = 8,
};

enum class EntryKey : std::uint8_t {
    delay = 1,
    attributes = 2,
    origin = 3,
    group = 4,
    dedup = 5,
    reason = 6,
};

enum class ReceiveKey : std::uint8_t { min = 1, attempt = 2 };

enum class VerdictKey : std::uint8_t { delay = 1, reason = 2, sends = 3 };

enum class DeliveryKey : std::uint8_t {
    first_received_at = 1,
    attributes = 2,
    origin = 3,
    group = 4,
    dedup = 5,
    source = 6,
    reason = 7,
    crashes = 8,
    sequence = 9,
    history = 10,
};

inline constexpr std::size_t kReceiptBytes = 36;

inline std::array<std::byte, kReceiptBytes> receipt_bytes(const dialogue::Receipt& receipt) {
    std::array<std::byte, kReceiptBytes> bytes{};
    ByteWriter writer(bytes);
    writer.put(receipt.queue.value);
    writer.put(receipt.first.value);
    writer.put(receipt.count);
    writer.put_bytes(receipt.mac);
    return bytes;
}

// `bytes` has kReceiptBytes.
inline dialogue::Receipt receipt_from(std::span<const std::byte> bytes) {
    ByteReader reader(bytes);
    dialogue::Receipt receipt;
    receipt.queue = QueueNumber{reader.get<std::uint64_t>()};
    receipt.first = DeliveryNumber{reader.get<std::uint64_t>()};
    receipt.count = reader.get<std::uint32_t>();
    const auto mac = reader.get_bytes(receipt.mac.size());
    ESTEIRA_CHECK(reader.at_end());
    std::memcpy(receipt.mac.data(), mac.data(), mac.size());
    return receipt;
}

}  // namespace esteira::wire
