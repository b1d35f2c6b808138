#pragma once

#include "broker/engine/codec_fields.hpp"

// How the events of queues and topics stand in the log: `lay` writes all behind the head and
// returns the head's detail byte.
namespace esteira::engine::codec {

template <class Out>
std::uint8_t lay(Out& out, const QueueMade& e) {
    put_queue(out, e.queue);
    put_wall(out, e.at);
    put_short_text(out, e.region);
    put_short_text(out, e.name);
    put_pairs(out, e.settings);
    put_pairs(out, e.tags);
    return static_cast<std::uint8_t>(e.kind);
}
template <class Out>
std::uint8_t lay(Out& out, const QueueSet& e) {
    put_queue(out, e.queue);
    put_wall(out, e.at);
    put_pairs(out, e.settings);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const QueueTagged& e) {
    put_queue(out, e.queue);
    put_wall(out, e.at);
    put_pairs(out, e.tags);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const QueueRemoved& e) {
    put_queue(out, e.queue);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const Subscribed& e) {
    put_queue(out, e.topic);
    put_queue(out, e.queue);
    put_short_text(out, e.filter);
    return 0;
}
template <class Out>
std::uint8_t lay(Out& out, const Unsubscribed& e) {
    put_queue(out, e.topic);
    put_queue(out, e.queue);
    return 0;
}

inline QueueMade get_queue_made(ByteReader& in, std::uint8_t detail) {
    QueueMade e;
    e.kind = static_cast<QueueKind>(detail);
    e.queue = get_queue(in);
    e.at = get_wall(in);
    e.region = get_short_text(in);
    e.name = get_short_text(in);
    e.settings = get_pairs(in);
    e.tags = get_pairs(in);
    return e;
}

inline QueueSet get_queue_set(ByteReader& in) {
    QueueSet e;
    e.queue = get_queue(in);
    e.at = get_wall(in);
    e.settings = get_pairs(in);
    return e;
}

inline Subscribed get_subscribed(ByteReader& in) {
    Subscribed e;
    e.topic = get_queue(in);
    e.queue = get_queue(in);
    e.filter = get_short_text(in);
    return e;
}

inline Unsubscribed get_unsubscribed(ByteReader& in) {
    const QueueNumber topic = get_queue(in);
    return {topic, get_queue(in)};
}

}  // namespace esteira::engine::codec
