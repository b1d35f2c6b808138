#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/engine/events.hpp"
#include "common/base/bytes.hpp"

// The fields that events and the state are made of. Each has one writer, which serves a ByteWriter
// and a ByteCounter alike, and one reader.
namespace esteira::engine::codec {

// Counts what a ByteWriter would write, so that one function lays down a layout for both.
class ByteCounter {
public:
    template <class Number>
    void put(Number) {
        used_ += sizeof(Number);
    }
    void put_bytes(std::span<const std::byte> bytes) { used_ += bytes.size(); }
    std::size_t used() const { return used_; }

private:
    std::size_t used_ = 0;
};

template <class Out>
void put_short_text(Out& out, std::string_view text) {
    out.put(static_cast<std::uint16_t>(text.size()));
    out.put_bytes(as_bytes(text));
}
inline std::string_view get_short_text(ByteReader& in) {
    return in.get_text(in.get<std::uint16_t>());
}

template <class Out>
void put_wall(Out& out, WallTime t) {
    out.put(static_cast<std::int64_t>(t.time_since_epoch().count()));
}
inline WallTime get_wall(ByteReader& in) { return WallTime{Millis{in.get<std::int64_t>()}}; }
template <class Out>
void put_time(Out& out, Time t) {
    out.put(static_cast<std::int64_t>(t.time_since_epoch().count()));
}
inline Time get_time(ByteReader& in) { return Time{Millis{in.get<std::int64_t>()}}; }

template <class Out>
void put_queue(Out& out, QueueNumber queue) {
    out.put(static_cast<std::uint32_t>(queue.value));
}
inline QueueNumber get_queue(ByteReader& in) { return QueueNumber{in.get<std::uint32_t>()}; }

template <class Out>
void put_pairs(Out& out, const dialogue::Attributes& pairs) {
    out.put(static_cast<std::uint32_t>(pairs.size()));
    for (const auto& [name, value] : pairs) {
        put_short_text(out, name);
        put_short_text(out, value);
    }
}
inline dialogue::Attributes get_pairs(ByteReader& in) {
    dialogue::Attributes pairs;
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        std::string name(get_short_text(in));
        std::string value(get_short_text(in));
        pairs.emplace_back(std::move(name), std::move(value));
    }
    return pairs;
}

template <class Out>
void put_numbers(Out& out, const std::vector<Numbers>& numbers) {
    out.put(static_cast<std::uint32_t>(numbers.size()));
    for (const Numbers& n : numbers) {
        out.put(n.first.value);
        out.put(n.count);
    }
}
inline std::vector<Numbers> get_numbers(ByteReader& in) {
    std::vector<Numbers> numbers;
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        Numbers n;
        n.first = DeliveryNumber{in.get<std::uint64_t>()};
        n.count = in.get<std::uint32_t>();
        numbers.push_back(n);
    }
    return numbers;
}

template <class Out>
void put_slots(Out& out, const std::vector<Slots>& groups) {
    out.put(static_cast<std::uint32_t>(groups.size()));
    for (const Slots& group : groups) {
        out.put(group.chunk);
        out.put(static_cast<std::uint32_t>(group.slots.size()));
        out.put_bytes(std::as_bytes(std::span(group.slots)));
    }
}
inline std::vector<Slots> get_slots(ByteReader& in) {
    std::vector<Slots> groups;
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        Slots group;
        group.chunk = in.get<std::uint32_t>();
        const auto slots = in.get<std::uint32_t>();
        const auto bytes = in.get_bytes(std::size_t{slots} * sizeof(std::uint32_t));
        if (!in.ok()) {
            break;
        }
        group.slots.resize(slots);
        if (slots > 0) {
            std::memcpy(group.slots.data(), bytes.data(), bytes.size());
        }
        groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace esteira::engine::codec
