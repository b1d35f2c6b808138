#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Values that travel beside the SQL, never in it. All go in PostgreSQL's binary format: lengths are
// explicit, so nothing is escaped and nothing ends at a zero byte.
namespace esteira::postgres {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;

struct Parameter {
    unsigned type = 0;  // The OID of its type.
    std::string bytes;
    bool null = false;
};

Parameter text(std::string_view value);
Parameter integer(std::int64_t value);  // bigint
Parameter instant(Instant value);       // timestamptz
Parameter null();

enum class ElementType : unsigned {
    text = 25,
    integer = 23,
    bigint = 20,
    json = 114,
    instant = 1184,
};

// Builds a one-dimensional array without NULLs: text[], int4[], int8[], json[] or
// timestamptz[].
class ArrayBuilder {
public:
    explicit ArrayBuilder(ElementType type);

    void add(std::string_view value);  // text and json
    void add(std::int32_t value);
    void add(std::int64_t value);
    void add(Instant value);
    Parameter take();

private:
    void header(std::int32_t bytes);

    ElementType type_;
    std::int32_t count_ = 0;
    std::string bytes_;
};

// array_of(ElementType::text, rows, [](const Row& row) { return std::string_view(row.name); })
template <class Rows, class Projection>
Parameter array_of(ElementType type, const Rows& rows, Projection value_of) {
    ArrayBuilder builder(type);
    for (const auto& row : rows) {
        builder.add(value_of(row));
    }
    return builder.take();
}

}  // namespace esteira::postgres
