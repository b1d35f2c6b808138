#include "broker/server/ops_text.hpp"

#include <array>
#include <ctime>

#include <sodium.h>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

namespace esteira::broker {

namespace {

// JSON text may hold any UTF-8; control characters are escaped by the writer.
bool is_utf8(std::string_view text) {
    const Json quoted = std::string(text);
    try {
        quoted.dump();
        return true;
    } catch (const Json::type_error&) {
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

Json json_of(WallTime time) {
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

void put_bytes(Json& object, const std::string& name, std::span<const std::byte> bytes) {
    const std::string_view text = as_text(bytes);
    if (is_utf8(text)) {
        object[name] = text;
    } else {
        object[name + "_base64"] = base64_of(bytes);
    }
}

Json json_of_attributes(std::span<const std::byte> block) {
    Json list = Json::array();
    const auto attributes = unpack_attributes(block);
    if (!attributes) {
        return list;
    }
    for (const Attribute& attribute : attributes.value()) {
        Json entry{{"name", attribute.name}, {"type", attribute.type}};
        put_bytes(entry, "value", attribute.value);
        list.push_back(std::move(entry));
    }
    return list;
}

Json json_of(const dialogue::Attributes& pairs) {
    Json object = Json::object();
    for (const auto& [name, value] : pairs) {
        object[name] = value;
    }
    return object;
}

dialogue::Attributes attributes_of(const Json& pairs) {
    dialogue::Attributes attributes;
    for (const auto& [name, value] : pairs.items()) {
        attributes.emplace_back(name, value.get<std::string>());
    }
    return attributes;
}

OpsRefusal refusal_of(const dialogue::Refused& refused) {
    return {dialogue::to_string(refused.code), refused.reason};
}

}  // namespace esteira::broker
