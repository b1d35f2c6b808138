#include "common/cli/json_text.hpp"

#include <array>
#include <ctime>
#include <stdexcept>

#include <sodium.h>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

namespace esteira::cli {

namespace {

// JSON text may hold any UTF-8; control characters are escaped by the writer.
bool is_utf8(std::string_view text) {
    const OrderedJson quoted = std::string(text);
    try {
        quoted.dump();
        return true;
    } catch (const OrderedJson::type_error&) {
        return false;
    }
}

std::string base64_of(std::span<const std::byte> bytes) {
    constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
    std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), kVariant);
    text.pop_back();  // The NUL.
    return text;
}

}  // namespace

OrderedJson json_of(WallTime time) {
    const auto millis = time.time_since_epoch().count();
    if (millis == 0) {
        return nullptr;
    }
    const std::time_t seconds = millis / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string fraction = std::to_string(1000 + millis % 1000);
    fraction[0] = '.';
    return std::string(text.data(), length) + fraction + "Z";
}

void put_bytes(OrderedJson& object, const std::string& name, std::span<const std::byte> bytes) {
    const std::string_view text = as_text(bytes);
    if (is_utf8(text)) {
        object[name] = text;
    } else {
        object[name + "_base64"] = base64_of(bytes);
    }
}

std::string bytes_of_base64(const std::string& text) {
    std::string bytes(text.size(), '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &length, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text.data() + text.size()) {
        throw std::invalid_argument("not base64");
    }
    bytes.resize(length);
    return bytes;
}

OrderedJson json_of_attributes(std::span<const std::byte> block) {
    OrderedJson list = OrderedJson::array();
    const auto attributes = unpack_attributes(block);
    if (!attributes) {
        return list;
    }
    for (const Attribute& attribute : attributes.value()) {
        OrderedJson entry{{"name", attribute.name}, {"type", attribute.type}};
        put_bytes(entry, "value", attribute.value);
        list.push_back(std::move(entry));
    }
    return list;
}

void put_history(OrderedJson& object, HistoryBlock block) {
    const History history = unpack_history(block).value_or(History{});
    const auto text = [](std::string_view view) { return std::string(view); };
    if (object.value("source", "").empty()) {
        object["source"] = text(history.source);
    }
    object["buried_at"] = json_of(history.buried_at);
    object["buried_by"] = to_string(history.buried_by);
    object["edited_at"] = json_of(history.edited_at);
    object["attempts_total"] = history.total;
    OrderedJson attempts = OrderedJson::array();
    for (const Attempt& attempt : history.attempts) {
        attempts.push_back({{"end", to_string(attempt.end)},
                            {"leased_at", json_of(attempt.leased_at)},
                            {"ended_at", json_of(attempt.ended_at)},
                            {"worker", text(attempt.worker)},
                            {"pool", text(attempt.pool)},
                            {"host", text(attempt.host)},
                            {"reason", text(attempt.reason)}});
    }
    object["attempts"] = std::move(attempts);
}

}  // namespace esteira::cli
