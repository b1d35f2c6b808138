#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "common/base/clock.hpp"
#include "common/base/history.hpp"

// How values of ours look in JSON, on the ops socket and on stdout.
namespace esteira::cli {

using OrderedJson = nlohmann::ordered_json;

// 2026-03-01T12:00:00.123Z; null for "never" (the epoch).
OrderedJson json_of(WallTime time);

// {name: text} or, when the bytes are not UTF-8, {name_base64: ...}.
void put_bytes(OrderedJson& object, const std::string& name, std::span<const std::byte> bytes);

// The bytes of base64 text; throws std::invalid_argument when it is none.
std::string bytes_of_base64(const std::string& text);

// A block of message attributes as [{"name":..,"type":..,"value":..}].
OrderedJson json_of_attributes(std::span<const std::byte> block);

// Adds what a history tells: "buried_at", "buried_by", "edited_at", "attempts_total", "attempts",
// and "source", where the object has none, as when that queue is gone.
void put_history(OrderedJson& object, HistoryBlock block);

}  // namespace esteira::cli
