#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

// Finds the values that a path of keys leads to in a JSON text.
namespace esteira::filters {

// Whether `text` is one whole JSON value, of at most contracts::kJsonDepthMax levels: so looking
// into it costs no more than reading it a few times.
bool is_json(std::string_view text);

// Shows `found` each value at `path`, as written, until it says true; returns whether it did. A
// list on the way, or at its end, stands for each of its elements; one at the end is shown itself
// first. `text` must be JSON.
bool any_value(std::string_view text, std::span<const std::string> path,
               const std::function<bool(std::string_view)>& found);

}  // namespace esteira::filters
