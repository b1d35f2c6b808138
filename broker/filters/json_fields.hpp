#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine/tools.hpp"
#include "broker/filters/field_values.hpp"
#include "common/contracts/json_scan.hpp"

// The fields of a JSON text, found when they are asked for and kept: whatever the number of
// questions, the text is read once to see that it is JSON, and what lies at a path once more for
// the path's next key. A lookup costs the length of its path, a logarithm at each key.
//
// What is kept has a bound: each field stands in one list, below the one path that leads to it, so
// they are no more than a fifth of the bytes of the text, 32 bytes each. The values of a path that
// a term ends at are at most half of the bytes, 16 bytes each, and the different ones among them
// far fewer. For a body of 1 MiB that is some ten MiB, twice as much while the lists grow.
namespace esteira::filters {

class JsonFields final : public engine::Findings {
public:
    // `text` must outlive this. If it is no JSON value, or one of more than
    // contracts::kJsonDepthMax levels, there are no fields.
    explicit JsonFields(std::string_view text);
    JsonFields(const JsonFields&) = delete;  // The places point into it.
    JsonFields& operator=(const JsonFields&) = delete;

    // The values at `path`, of at least one key; nullptr: there is none. A list on the way, or at
    // the end, stands for each of its elements (a list among these for itself alone); one at the
    // end is shown itself as well. Of a key that stands twice, both values are meant.
    FieldValues* at(std::span<const std::string> path);

private:
    struct Place {
        std::span<const contracts::JsonField> fields;  // What led here; in `below` of the last one.
        std::optional<std::vector<contracts::JsonField>> below;  // By key, once it was looked for.
        std::map<std::string_view, std::unique_ptr<Place>> places;  // Those that were asked for.
        std::unique_ptr<FieldValues> values;
    };

    void find_below(Place& place);
    Place* step(Place& from, std::string_view key);
    void keep(Place& place, std::string_view text, const contracts::JsonElement& element);

    contracts::JsonField whole_;
    std::deque<std::string> resolved_;  // Keys that were written with escapes.
    Place root_;
};

}  // namespace esteira::filters
