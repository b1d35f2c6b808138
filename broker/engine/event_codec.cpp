#include "broker/engine/event_codec.hpp"

#include <string>

#include "broker/engine/log.hpp"
#include "common/base/bytes.hpp"
#include "common/base/crc32c.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

namespace {

enum class Type : std::uint8_t {
    stored = 1,
    leased = 2,
    removed = 3,
    rescheduled = 4,
    set_aside = 5,
    purged = 6,
    queue_made = 7,
    queue_set = 8,
    queue_removed = 9,
    session_opened = 10,
    noted = 11,
    worker_joined = 12,
    worker_left = 13,
    pool_wanted = 14,
};

constexpr std::size_t kHeadBytes = 8;  // type u8, detail u8, flags u16, size u32.
constexpr std::size_t kCrcAt = 8;      // In a Stored.

enum Section : std::uint16_t {
    has_origin = 1,
    has_attributes = 2,
    has_story = 4,
    has_replaces = 8,
    has_held = 16,
    has_fifo = 32,    // Group, deduplication id, sequence number: reserved in version 1.
    has_shared = 64,  // Further queues that share the body: reserved in version 1.
};
constexpr std::uint16_t kKnownSections =
    has_origin | has_attributes | has_story | has_replaces | has_held;

std::uint16_t sections_of(const Stored& e) {
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
    return flags;
}

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
std::string_view get_short_text(ByteReader& in) { return in.get_text(in.get<std::uint16_t>()); }

template <class Out>
void put_wall(Out& out, WallTime t) {
    out.put(static_cast<std::int64_t>(t.time_since_epoch().count()));
}
WallTime get_wall(ByteReader& in) { return WallTime{Millis{in.get<std::int64_t>()}}; }
template <class Out>
void put_time(Out& out, Time t) {
    out.put(static_cast<std::int64_t>(t.time_since_epoch().count()));
}
Time get_time(ByteReader& in) { return Time{Millis{in.get<std::int64_t>()}}; }

template <class Out>
void put_queue(Out& out, QueueNumber queue) {
    out.put(static_cast<std::uint32_t>(queue.value));
}
QueueNumber get_queue(ByteReader& in) { return QueueNumber{in.get<std::uint32_t>()}; }

template <class Out>
void put_pairs(Out& out, const dialogue::Attributes& pairs) {
    out.put(static_cast<std::uint32_t>(pairs.size()));
    for (const auto& [name, value] : pairs) {
        put_short_text(out, name);
        put_short_text(out, value);
    }
}
dialogue::Attributes get_pairs(ByteReader& in) {
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
std::vector<Numbers> get_numbers(ByteReader& in) {
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
std::vector<Slots> get_slots(ByteReader& in) {
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
}

void get_sections(ByteReader& in, std::uint16_t flags, Stored& e) {
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
}

// One `lay` an event: everything behind the head. Returns the detail byte of the head.
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
template <class Out>
std::uint8_t lay(Out& out, const Leased& e) {
    put_queue(out, e.queue);
    out.put(e.first.value);
    put_time(out, e.visible_at);
    out.put(e.session);
    out.put(e.request);
    out.put(e.hash);
    put_numbers(out, e.returned);
    put_slots(out, e.waiting);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const Removed& e) {
    put_queue(out, e.queue);
    put_numbers(out, e.numbers);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const Rescheduled& e) {
    put_queue(out, e.queue);
    put_time(out, e.visible_at);
    put_short_text(out, e.reason);
    put_numbers(out, e.numbers);
    return static_cast<std::uint8_t>(e.how);
}
template <class Out>
std::uint8_t lay(Out& out, const SetAside& e) {
    put_queue(out, e.queue);
    put_numbers(out, e.numbers);
    put_slots(out, e.waiting);
    return static_cast<std::uint8_t>(e.why);
}
template <class Out>
std::uint8_t lay(Out& out, const Purged& e) {
    put_queue(out, e.queue);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const QueueMade& e) {
    put_queue(out, e.queue);
    put_wall(out, e.at);
    put_short_text(out, e.region);
    put_short_text(out, e.name);
    put_pairs(out, e.settings);
    put_pairs(out, e.tags);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const QueueSet& e) {
    put_queue(out, e.queue);
    put_wall(out, e.at);
    put_pairs(out, e.settings);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const QueueRemoved& e) {
    put_queue(out, e.queue);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const SessionOpened& e) {
    out.put(e.session);
    out.put_bytes(e.id);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const Noted& e) {
    out.put(e.session);
    out.put(e.request);
    out.put(e.hash);
    out.put(e.base);
    out.put(static_cast<std::uint32_t>(e.results.size()));
    for (const dialogue::ResultRun& run : e.results) {
        out.put(run.code);
        out.put(run.count);
        out.put(run.first.value);
    }
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const WorkerJoined& e) {
    out.put(e.session);
    out.put(e.pid);
    put_short_text(out, e.name);
    put_short_text(out, e.pool);
    put_short_text(out, e.host);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const WorkerLeft& e) {
    out.put(e.session);
    return e.dead ? 1 : 0;
}
template <class Out>
std::uint8_t lay(Out& out, const PoolWanted& e) {
    out.put(e.workers);
    put_short_text(out, e.pool);
    return 0;
}

// The alternatives of Event stand in the order of Type.
Type type_of(const Event& event) { return static_cast<Type>(event.index() + 1); }

std::uint32_t record_crc(std::span<const std::byte> record) {
    const std::uint32_t head = crc32c(record.first(kCrcAt));
    return crc32c(record.subspan(kCrcAt + sizeof(std::uint32_t)), head);
}

Stored get_stored(ByteReader& in, std::uint8_t detail, std::uint16_t flags) {
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

Leased get_leased(ByteReader& in) {
    Leased e;
    e.queue = get_queue(in);
    e.first = DeliveryNumber{in.get<std::uint64_t>()};
    e.visible_at = get_time(in);
    e.session = in.get<std::uint64_t>();
    e.request = in.get<std::uint64_t>();
    e.hash = in.get<std::uint64_t>();
    e.returned = get_numbers(in);
    e.waiting = get_slots(in);
    return e;
}

Rescheduled get_rescheduled(ByteReader& in, std::uint8_t detail) {
    Rescheduled e;
    e.how = static_cast<Return>(detail);
    e.queue = get_queue(in);
    e.visible_at = get_time(in);
    e.reason = get_short_text(in);
    e.numbers = get_numbers(in);
    return e;
}

SetAside get_set_aside(ByteReader& in, std::uint8_t detail) {
    SetAside e;
    e.why = static_cast<Gone>(detail);
    e.queue = get_queue(in);
    e.numbers = get_numbers(in);
    e.waiting = get_slots(in);
    return e;
}

QueueMade get_queue_made(ByteReader& in) {
    QueueMade e;
    e.queue = get_queue(in);
    e.at = get_wall(in);
    e.region = get_short_text(in);
    e.name = get_short_text(in);
    e.settings = get_pairs(in);
    e.tags = get_pairs(in);
    return e;
}

QueueSet get_queue_set(ByteReader& in) {
    QueueSet e;
    e.queue = get_queue(in);
    e.at = get_wall(in);
    e.settings = get_pairs(in);
    return e;
}

SessionOpened get_session_opened(ByteReader& in) {
    SessionOpened e;
    e.session = in.get<std::uint64_t>();
    const auto id = in.get_bytes(e.id.size());
    if (in.ok()) {
        std::memcpy(e.id.data(), id.data(), id.size());
    }
    return e;
}

Noted get_noted(ByteReader& in) {
    Noted e;
    e.session = in.get<std::uint64_t>();
    e.request = in.get<std::uint64_t>();
    e.hash = in.get<std::uint64_t>();
    e.base = in.get<std::uint32_t>();
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        dialogue::ResultRun run;
        run.code = in.get<dialogue::Code>();
        run.count = in.get<std::uint32_t>();
        run.first = MessageNumber{in.get<std::uint64_t>()};
        e.results.push_back(std::move(run));
    }
    return e;
}

WorkerJoined get_worker_joined(ByteReader& in) {
    WorkerJoined e;
    e.session = in.get<std::uint64_t>();
    e.pid = in.get<std::uint32_t>();
    e.name = get_short_text(in);
    e.pool = get_short_text(in);
    e.host = get_short_text(in);
    return e;
}

std::optional<Event> get_event(ByteReader& in, Type type, std::uint8_t detail,
                               std::uint16_t flags) {
    switch (type) {
        case Type::stored:
            return get_stored(in, detail, flags);
        case Type::leased:
            return get_leased(in);
        case Type::removed: {
            const QueueNumber queue = get_queue(in);
            return Removed{queue, get_numbers(in)};
        }
        case Type::rescheduled:
            return get_rescheduled(in, detail);
        case Type::set_aside:
            return get_set_aside(in, detail);
        case Type::purged:
            return Purged{get_queue(in)};
        case Type::queue_made:
            return get_queue_made(in);
        case Type::queue_set:
            return get_queue_set(in);
        case Type::queue_removed:
            return QueueRemoved{get_queue(in)};
        case Type::session_opened:
            return get_session_opened(in);
        case Type::noted:
            return get_noted(in);
        case Type::worker_joined:
            return get_worker_joined(in);
        case Type::worker_left:
            return WorkerLeft{in.get<std::uint64_t>(), detail != 0};
        case Type::pool_wanted: {
            const auto workers = in.get<std::uint32_t>();
            return PoolWanted{get_short_text(in), workers};
        }
    }
    return std::nullopt;
}

}  // namespace

std::size_t encoded_size(const Event& event) {
    return std::visit(
        [](const auto& e) {
            ByteCounter counter;
            lay(counter, e);
            return kHeadBytes + counter.used();
        },
        event);
}

void encode(const Event& event, std::span<std::byte> room) {
    std::visit(
        [&](const auto& e) {
            ByteWriter body(room.subspan(kHeadBytes));
            const std::uint8_t detail = lay(body, e);
            ESTEIRA_CHECK(body.used() + kHeadBytes == room.size());
            std::uint16_t flags = 0;
            if constexpr (std::is_same_v<std::decay_t<decltype(e)>, Stored>) {
                flags = sections_of(e);
            }
            ByteWriter head(room.first(kHeadBytes));
            head.put(type_of(event));
            head.put(detail);
            head.put(flags);
            head.put(static_cast<std::uint32_t>(room.size()));
        },
        event);
    if (std::holds_alternative<Stored>(event)) {
        ByteWriter(room.subspan(kCrcAt)).put(record_crc(room));
    }
}

std::pair<Event, std::uint32_t> decode(std::span<const std::byte> bytes) {
    ByteReader head(bytes);
    const auto type = head.get<Type>();
    const auto detail = head.get<std::uint8_t>();
    const auto flags = head.get<std::uint16_t>();
    const auto size = head.get<std::uint32_t>();
    if (!head.ok() || size < kHeadBytes || size > bytes.size()) {
        throw BrokenLog("an event is cut short");
    }
    ByteReader in(bytes.subspan(kHeadBytes, size - kHeadBytes));
    auto event = get_event(in, type, detail, flags);
    if (!event || !in.at_end()) {
        throw BrokenLog("an event of type " + std::to_string(static_cast<int>(type)) +
                        " is not of this format");
    }
    return {std::move(*event), size};
}

std::optional<Stored> read_stored(std::span<const std::byte> bytes) {
    if (bytes.size() < kStoredBytes || bytes[0] != std::byte{1}) {
        return std::nullopt;
    }
    ByteReader in(bytes);
    in.get<std::uint8_t>();
    const auto detail = in.get<std::uint8_t>();
    const auto flags = in.get<std::uint16_t>();
    const auto size = in.get<std::uint32_t>();
    if (size != bytes.size()) {
        return std::nullopt;
    }
    ByteReader crc(bytes.subspan(kCrcAt));
    if (crc.get<std::uint32_t>() != record_crc(bytes) && !mutant(Mutant::body_crc_not_checked)) {
        return std::nullopt;
    }
    Stored stored = get_stored(in, detail, flags);
    if (!in.at_end()) {
        return std::nullopt;
    }
    return stored;
}

}  // namespace esteira::engine
