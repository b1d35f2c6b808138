#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

// Writes one JSON object field by field, for values that no JSON library keeps exact: amounts of
// money, and JSON that was received.
namespace esteira::contracts {

class JsonObject {
public:
    JsonObject& text(std::string_view key, std::string_view value) {
        using Json = nlohmann::json;
        return raw(key, Json(value).dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    // Left out when it is empty.
    JsonObject& optional_text(std::string_view key, std::string_view value) {
        return value.empty() ? *this : text(key, value);
    }
    // A number, or JSON that is known to be such.
    JsonObject& raw(std::string_view key, std::string_view value) {
        out_ += out_.empty() ? "{\"" : ",\"";
        out_.append(key).append("\":").append(value);
        return *this;
    }
    std::string take() { return std::move(out_.empty() ? out_ = "{" : out_) + "}"; }

private:
    std::string out_;
};

}  // namespace esteira::contracts
