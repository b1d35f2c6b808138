#pragma once

#include <utility>
#include <variant>

#include "common/base/check.hpp"

namespace esteira {

// Nothing to say but "it was done".
struct Ok {
    bool operator==(const Ok&) const = default;
};

// An answer or the reason there is none. Same member names as std::expected (C++23), which
// replaces this file on the day the compiler has it.
template <class Value, class Error>
class [[nodiscard]] Result {
public:
    Result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    const Value& value() const& {
        ESTEIRA_CHECK(has_value());
        return std::get<0>(state_);
    }
    Value&& value() && {
        ESTEIRA_CHECK(has_value());
        return std::get<0>(std::move(state_));
    }
    const Error& error() const {
        ESTEIRA_CHECK(!has_value());
        return std::get<1>(state_);
    }

private:
    std::variant<Value, Error> state_;
};

}  // namespace esteira
