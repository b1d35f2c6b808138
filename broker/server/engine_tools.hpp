#pragma once

#include "broker/engine/tools.hpp"

namespace esteira::broker {

// The engine's tools with the libraries behind them.
class EngineTools final : public engine::Tools {
public:
    std::string sha256(std::span<const std::byte> bytes) const override;
    Result<std::unique_ptr<engine::Filter>, std::string> filter(
        std::string_view text) const override;
};

}  // namespace esteira::broker
