#pragma once

#include "broker/engine/codec_fields.hpp"
#include "common/base/crc32c.hpp"

// How a Stored stands in the log: a head of fixed size, sections for what not every message has,
// then the body.
namespace esteira::engine::codec {

constexpr std::size_t kCrcAt = 8;  // Behind the head that all events have.

enum Section : std::uint16_t {
    has_origin = 1,
    has_attributes = 2,
    has_story = 4,
    has_replaces = 8,
    has_held = 16,
    has_fifo = 32,      // Group, deduplication id, sequence number.
    has_shared = 64,    // Further queues that hold the same message: its body stands once.
    has_history = 128,  // Attempts, burial.
};
constexpr std::uint16_t kKnownSections = has_origin | has_attributes | has_story | has_replaces |
                                         has_held | has_fifo | has_shared | has_history;

inline std::uint16_t sections_of(const Stored& e) {
    std::uint16_t flags = 0;
    if (!e.origin.empty()) {
        flags |= has_origin;
    }
    if (!e.attributes.empty()) {
        flags |= has_attributes;
    }
    if (e.story) {
        flags |= has_story;
    }
    if (e.replaces) {
        flags |= has_replaces;
    }
    if (e.held) {
        flags |= has_held;
    }
    if (e.fifo) {
        flags |= has_fifo;
    }
    if (!e.shared.empty()) {
        flags |= has_shared;
    }
    if (!e.history.empty()) {
        flags |= has_history;
    }
    return flags;
}

template <class Out>
void put_sections(Out& out, const Stored& e) {
    if (!e.origin.empty()) {
        put_short_text(out, e.origin);
    }
    if (!e.attributes.empty()) {
        out.put(static_cast<std::uint32_t>(e.attributes.size()));
        out.put_bytes(e.attributes);
    }
    if (e.story) {
        out.put(e.story->receives);
        out.put(e.story->crashes);
        put_wall(out, e.story->first_received_at);
        put_queue(out, e.story->source);
        put_short_text(out, e.story->reason);
    }
    if (e.replaces) {
        put_queue(out, e.replaces->queue);
        out.put(e.replaces->at.chunk);
        out.put(e.replaces->at.slot);
        out.put(e.replaces->delivery.value);
    }
    if (e.held) {
        out.put(e.held->delivery.value);
        out.put(e.held->receives);
        out.put(e.held->crashes);
        out.put(e.held->session);
        put_time(out, e.held->leased_at);
        put_wall(out, e.held->first_received_at);
        out.put(static_cast<std::uint8_t>(e.held->receipt_open));
        put_short_text(out, e.held->reason);
    }
    if (e.fifo) {
        out.put(e.fifo->sequence);
        put_time(out, e.fifo->dedup_until);
        put_short_text(out, e.fifo->group);
        put_short_text(out, e.fifo->dedup);
    }
    if (!e.shared.empty()) {
        out.put(static_cast<std::uint16_t>(e.shared.size()));
        for (const auto& [queue, number] : e.shared) {
            put_queue(out, queue);
            out.put(number.value);
        }
    }
    if (!e.history.empty()) {
        out.put(static_cast<std::uint16_t>(e.history.size()));
        out.put_bytes(e.history);
    }
}

inline void get_sections(ByteReader& in, std::uint16_t flags, Stored& e) {
    if ((flags & has_origin) != 0) {
        e.origin = get_short_text(in);
    }
    if ((flags & has_attributes) != 0) {
        e.attributes = in.get_bytes(in.get<std::uint32_t>());
    }
    if ((flags & has_story) != 0) {
        Story story;
        story.receives = in.get<std::uint32_t>();
        story.crashes = in.get<std::uint32_t>();
        story.first_received_at = get_wall(in);
        story.source = get_queue(in);
        story.reason = get_short_text(in);
        e.story = story;
    }
    if ((flags & has_replaces) != 0) {
        Replaces replaces;
        replaces.queue = get_queue(in);
        replaces.at.chunk = in.get<std::uint32_t>();
        replaces.at.slot = in.get<std::uint32_t>();
        replaces.delivery = DeliveryNumber{in.get<std::uint64_t>()};
        e.replaces = replaces;
    }
    if ((flags & has_held) != 0) {
        HeldState held;
        held.delivery = DeliveryNumber{in.get<std::uint64_t>()};
        held.receives = in.get<std::uint32_t>();
        held.crashes = in.get<std::uint32_t>();
        held.session = in.get<std::uint64_t>();
        held.leased_at = get_time(in);
        held.first_received_at = get_wall(in);
        held.receipt_open = in.get<std::uint8_t>() != 0;
        held.reason = get_short_text(in);
        e.held = held;
    }
    if ((flags & has_fifo) != 0) {
        Fifo fifo;
        fifo.sequence = in.get<std::uint64_t>();
        fifo.dedup_until = get_time(in);
        fifo.group = get_short_text(in);
        fifo.dedup = get_short_text(in);
        e.fifo = fifo;
    }
    if ((flags & has_shared) != 0) {
        const auto count = in.get<std::uint16_t>();
        for (std::uint16_t i = 0; i < count && in.ok(); ++i) {
            const QueueNumber queue = get_queue(in);
            e.shared.emplace_back(queue, MessageNumber{in.get<std::uint64_t>()});
        }
    }
    if ((flags & has_history) != 0) {
        e.history = in.get_bytes(in.get<std::uint16_t>());
        if (!unpack_history(e.history)) {
            in.fail();
        }
    }
}

template <class Out>
std::uint8_t lay(Out& out, const Stored& e) {
    out.put(std::uint32_t{0});  // The CRC, which is set last.
    put_queue(out, e.queue);
    out.put(e.number.value);
    put_wall(out, e.sent_at);
    put_time(out, e.visible_at);
    out.put(e.age);
    out.put(static_cast<std::uint32_t>(e.body.size()));
    put_sections(out, e);
    out.put_bytes(e.body);
    return static_cast<std::uint8_t>(e.cause);
}
inline std::uint32_t record_crc(std::span<const std::byte> record) {
    const std::uint32_t head = crc32c(record.first(kCrcAt));
    return crc32c(record.subspan(kCrcAt + sizeof(std::uint32_t)), head);
}

inline Stored get_stored(ByteReader& in, std::uint8_t detail, std::uint16_t flags) {
    Stored e;
    e.cause = static_cast<Cause>(detail);
    in.get<std::uint32_t>();  // The CRC: the frame's covers these bytes, read_stored() checks it.
    e.queue = get_queue(in);
    e.number = MessageNumber{in.get<std::uint64_t>()};
    e.sent_at = get_wall(in);
    e.visible_at = get_time(in);
    e.age = in.get<std::uint32_t>();
    const auto body_bytes = in.get<std::uint32_t>();
    if ((flags & ~kKnownSections) != 0) {
        in.fail();
    }
    get_sections(in, flags, e);
    e.body = in.get_bytes(body_bytes);
    return e;
}

}  // namespace esteira::engine::codec
