#include "broker/engine/event_codec.hpp"

#include <string>

#include "broker/engine/log.hpp"
#include "broker/engine/move_layout.hpp"
#include "broker/engine/queue_layout.hpp"
#include "broker/engine/stored_layout.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

using namespace codec;

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
    queue_tagged = 15,
    subscribed = 16,
    unsubscribed = 17,
    move_started = 18,
    move_ended = 19,
};

constexpr std::size_t kHeadBytes = 8;  // type u8, detail u8, flags u16, size u32.

// One `lay` an event: everything behind the head. Returns the detail byte of the head.
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
    if (e.attempt.empty()) {
        return 0;
    }
    put_short_text(out, e.attempt);
    return 1;
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
    out.put(e.messages);
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

// By the alternatives of Event.
constexpr Type kTypes[] = {
    Type::stored,        Type::leased,         Type::removed,      Type::rescheduled,
    Type::set_aside,     Type::purged,         Type::queue_made,   Type::queue_set,
    Type::queue_removed, Type::session_opened, Type::noted,        Type::worker_joined,
    Type::worker_left,   Type::pool_wanted,    Type::queue_tagged, Type::subscribed,
    Type::unsubscribed,  Type::move_started,   Type::move_ended,
};
static_assert(std::size(kTypes) == std::variant_size_v<Event>);

Type type_of(const Event& event) { return kTypes[event.index()]; }

Leased get_leased(ByteReader& in, std::uint8_t detail) {
    Leased e;
    e.queue = get_queue(in);
    e.first = DeliveryNumber{in.get<std::uint64_t>()};
    e.visible_at = get_time(in);
    e.session = in.get<std::uint64_t>();
    e.request = in.get<std::uint64_t>();
    e.hash = in.get<std::uint64_t>();
    e.returned = get_numbers(in);
    e.waiting = get_slots(in);
    if (detail == 1) {
        e.attempt = get_short_text(in);
    }
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
            return get_leased(in, detail);
        case Type::removed: {
            const QueueNumber queue = get_queue(in);
            return Removed{queue, get_numbers(in)};
        }
        case Type::rescheduled:
            return get_rescheduled(in, detail);
        case Type::set_aside:
            return get_set_aside(in, detail);
        case Type::purged: {
            const QueueNumber queue = get_queue(in);
            return Purged{queue, in.get<std::uint64_t>()};
        }
        case Type::queue_made:
            return get_queue_made(in, detail);
        case Type::queue_set:
            return get_queue_set(in);
        case Type::queue_tagged: {
            const QueueNumber queue = get_queue(in);
            const WallTime at = get_wall(in);
            return QueueTagged{queue, at, get_pairs(in)};
        }
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
        case Type::subscribed:
            return get_subscribed(in);
        case Type::unsubscribed:
            return get_unsubscribed(in);
        case Type::move_started:
            return get_move_started(in, detail);
        case Type::move_ended:
            return get_move_ended(in, detail);
    }
    return std::nullopt;
}

// The greatest detail byte that this format knows of a type.
std::uint8_t last_detail(Type type) {
    switch (type) {
        case Type::stored:
            return static_cast<std::uint8_t>(Cause::split_off);
        case Type::rescheduled:
            return static_cast<std::uint8_t>(Return::put_off);
        case Type::set_aside:
            return static_cast<std::uint8_t>(Gone::dropped);
        case Type::queue_made:
            return static_cast<std::uint8_t>(QueueKind::topic);
        case Type::leased:
        case Type::worker_left:
            return 1;
        case Type::move_started:
            return 3;
        case Type::move_ended:
            return static_cast<std::uint8_t>(MoveState::failed);
        default:
            return 0;
    }
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
    if (!event || !in.at_end() || detail > last_detail(type)) {
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
