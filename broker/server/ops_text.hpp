#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "broker/server/ops.hpp"
#include "common/base/clock.hpp"

// How values look in the answers of the ops socket.
namespace esteira::broker {

// 2026-03-01T12:00:00.123Z; null for "never" (the epoch).
Json json_of(WallTime time);

// {name: text} or, when the bytes are not UTF-8, {name_base64: ...}.
void put_bytes(Json& object, const std::string& name, std::span<const std::byte> bytes);

// [{"name":..,"type":..,"value":..}]
Json json_of_attributes(std::span<const std::byte> block);

Json json_of(const dialogue::Attributes& pairs);
dialogue::Attributes attributes_of(const Json& pairs);

OpsRefusal refusal_of(const dialogue::Refused& refused);

}  // namespace esteira::broker
