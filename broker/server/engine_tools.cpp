#include "broker/server/engine_tools.hpp"

#include <sodium.h>

#include "broker/filters/filter.hpp"

namespace esteira::broker {

std::string EngineTools::sha256(std::span<const std::byte> bytes) const {
    std::string digest(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    return digest;
}

Result<std::unique_ptr<engine::Filter>, std::string> EngineTools::filter(
    std::string_view text) const {
    return filters::parse(text);
}

}  // namespace esteira::broker
