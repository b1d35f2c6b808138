#pragma once

#include <functional>
#include <string>
#include <variant>

#include "common/config/config.hpp"

// The table of everything that can be set: a name and a place for it. File, environment, flags and
// show() all walk it, so none of them can forget a key.
namespace esteira::config {

struct Number {
    std::int64_t* at;
    std::int64_t min;
    std::int64_t max;
};

struct Word {
    std::string* at;
    std::vector<std::string> allowed;  // Empty: any text but an empty one,
    bool may_be_empty = false;         // unless that means something.
};

using Place = std::variant<Number, Word, std::filesystem::path*, Secret*>;

struct FieldRef {
    std::string key;  // "broker.endpoint", "workers.upsert-stock.queue"
    Place place;
};

// Valid as long as `config` is, and no worker type is added.
std::vector<FieldRef> fields_of(Config& config);

// Sets one field from text; throws std::invalid_argument with the reason, without the key.
void set_text(const Place& place, const std::string& text);
void set_number(const Place& place, std::int64_t number);

// The text a person may see.
std::string text_of(const Place& place);

}  // namespace esteira::config
