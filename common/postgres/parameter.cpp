#include "common/postgres/parameter.hpp"

#include <limits>
#include <type_traits>
#include <utility>

#include "common/base/check.hpp"

namespace esteira::postgres {
namespace {

constexpr unsigned kInt8 = 20;
constexpr std::chrono::sys_days kEpoch = std::chrono::year(2000) / 1 / 1;  // PostgreSQL's own.

template <class Number>
void put_big_endian(std::string& out, Number number) {
    const auto bits = static_cast<std::make_unsigned_t<Number>>(number);
    for (int shift = static_cast<int>(sizeof(Number)) * 8 - 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(bits >> shift & 0xFF));
    }
}

std::int64_t micros_of(Instant value) { return (value - kEpoch).count(); }

unsigned array_type(ElementType type) {
    switch (type) {
        case ElementType::text:
            return 1009;
        case ElementType::integer:
            return 1007;
        case ElementType::bigint:
            return 1016;
        case ElementType::json:
            return 199;
        case ElementType::instant:
            return 1185;
    }
    return 0;
}

}  // namespace

Parameter text(std::string_view value) {
    return {static_cast<unsigned>(ElementType::text), std::string(value)};
}

Parameter integer(std::int64_t value) {
    Parameter parameter{kInt8, {}};
    put_big_endian(parameter.bytes, value);
    return parameter;
}

Parameter instant(Instant value) {
    Parameter parameter{static_cast<unsigned>(ElementType::instant), {}};
    put_big_endian(parameter.bytes, micros_of(value));
    return parameter;
}

Parameter null() { return {0, {}, true}; }

// Dimensions, no NULLs, element type; then elements and lower bound of the one dimension. The count
// is filled in by take().
ArrayBuilder::ArrayBuilder(ElementType type) : type_(type) {
    for (const std::int32_t field : {1, 0, static_cast<std::int32_t>(type), 0, 1}) {
        put_big_endian(bytes_, field);
    }
}

void ArrayBuilder::header(std::int32_t bytes) {
    ESTEIRA_CHECK(count_ < std::numeric_limits<std::int32_t>::max());
    ++count_;
    put_big_endian(bytes_, bytes);
}

void ArrayBuilder::add(std::string_view value) {
    ESTEIRA_CHECK(type_ == ElementType::text || type_ == ElementType::json);
    ESTEIRA_CHECK(value.size() <= 1 << 30);
    header(static_cast<std::int32_t>(value.size()));
    bytes_.append(value);
}

void ArrayBuilder::add(std::int32_t value) {
    ESTEIRA_CHECK(type_ == ElementType::integer);
    header(sizeof(value));
    put_big_endian(bytes_, value);
}

void ArrayBuilder::add(std::int64_t value) {
    ESTEIRA_CHECK(type_ == ElementType::bigint);
    header(sizeof(value));
    put_big_endian(bytes_, value);
}

void ArrayBuilder::add(Instant value) {
    ESTEIRA_CHECK(type_ == ElementType::instant);
    header(sizeof(std::int64_t));
    put_big_endian(bytes_, micros_of(value));
}

Parameter ArrayBuilder::take() {
    std::string count;
    put_big_endian(count, count_);
    bytes_.replace(12, 4, count);
    return {array_type(type_), std::move(bytes_)};
}

}  // namespace esteira::postgres
