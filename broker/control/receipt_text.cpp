#include "broker/control/receipt_text.hpp"

#include <array>

#include <sodium.h>

#include "common/base/bytes.hpp"

namespace esteira::control {

namespace {
constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::size_t kBytes = 8 + 8 + 4 + 4 + 16;
}  // namespace

std::string text_of(const MessageReceipt& receipt) {
    std::array<std::byte, kBytes> bytes{};
    ByteWriter writer(bytes);
    writer.put(receipt.receipt.queue.value);
    writer.put(receipt.receipt.first.value);
    writer.put(receipt.receipt.count);
    writer.put(receipt.index);
    writer.put_bytes(receipt.receipt.mac);
    std::array<char, sodium_base64_ENCODED_LEN(kBytes, kVariant)> text{};
    return sodium_bin2base64(text.data(), text.size(),
                             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                             kVariant);
}

std::optional<MessageReceipt> receipt_of(std::string_view text) {
    std::array<std::byte, kBytes> bytes{};
    std::size_t length = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &length, &end, kVariant) != 0 ||
        length != kBytes || end != text.data() + text.size()) {
        return std::nullopt;
    }
    ByteReader reader(bytes);
    MessageReceipt receipt;
    receipt.receipt.queue.value = reader.get<std::uint64_t>();
    receipt.receipt.first.value = reader.get<std::uint64_t>();
    receipt.receipt.count = reader.get<std::uint32_t>();
    receipt.index = reader.get<std::uint32_t>();
    const auto mac = reader.get_bytes(receipt.receipt.mac.size());
    std::copy(mac.begin(), mac.end(), receipt.receipt.mac.begin());
    if (receipt.index >= receipt.receipt.count) {
        return std::nullopt;
    }
    return receipt;
}

}  // namespace esteira::control
