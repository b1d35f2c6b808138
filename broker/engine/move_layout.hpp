#pragma once

#include <algorithm>

#include "broker/engine/codec_fields.hpp"
#include "broker/engine/moves.hpp"

// The layouts of a move task: its events, and its place in the state.
namespace esteira::engine::codec {

template <class Out>
std::uint8_t lay(Out& out, const MoveStarted& e) {
    out.put(e.id);
    put_queue(out, e.source);
    put_queue(out, e.destination);
    out.put(e.rate_milli);
    out.put(e.limit);
    out.put(e.there);
    put_wall(out, e.at);
    put_short_text(out, e.filter);
    return static_cast<std::uint8_t>(static_cast<unsigned>(e.kind) | (e.dry_run ? 2U : 0U));
}

template <class Out>
std::uint8_t lay(Out& out, const MoveEnded& e) {
    out.put(e.id);
    put_wall(out, e.at);
    out.put(e.moved);
    out.put(static_cast<std::uint32_t>(e.skipped.size()));
    for (const std::uint64_t count : e.skipped) {
        out.put(count);
    }
    put_short_text(out, e.failure);
    return static_cast<std::uint8_t>(e.how);
}

inline MoveStarted get_move_started(ByteReader& in, std::uint8_t detail) {
    MoveStarted e;
    e.kind = static_cast<MoveKind>(detail & 1U);
    e.dry_run = (detail & 2U) != 0;
    e.id = in.get<std::uint64_t>();
    e.source = get_queue(in);
    e.destination = get_queue(in);
    e.rate_milli = in.get<std::uint32_t>();
    e.limit = in.get<std::uint64_t>();
    e.there = in.get<std::uint64_t>();
    e.at = get_wall(in);
    e.filter = get_short_text(in);
    return e;
}

inline MoveEnded get_move_ended(ByteReader& in, std::uint8_t detail) {
    MoveEnded e;
    e.how = static_cast<MoveState>(detail);
    e.id = in.get<std::uint64_t>();
    e.at = get_wall(in);
    e.moved = in.get<std::uint64_t>();
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        e.skipped.push_back(in.get<std::uint64_t>());
    }
    e.failure = get_short_text(in);
    return e;
}

template <class Out>
void put_move(Out& out, const Move& move) {
    out.put(move.id);
    out.put(move.kind);
    out.put(static_cast<std::uint8_t>(move.dry_run ? 1 : 0));
    put_queue(out, move.source);
    put_short_text(out, move.source_name);
    put_queue(out, move.destination);
    put_short_text(out, move.destination_name);
    out.put(move.rate_milli);
    out.put(move.limit);
    put_short_text(out, move.filter);
    put_wall(out, move.started_at);
    out.put(move.there);
    out.put(move.begun.chunk);
    out.put(move.begun.slot);
    out.put(move.next_number);
    out.put(move.state);
    put_wall(out, move.ended_at);
    put_short_text(out, move.failure);
    out.put(move.moved);
    out.put(static_cast<std::uint32_t>(move.skipped.size()));
    for (const std::uint64_t count : move.skipped) {
        out.put(count);
    }
}

inline Move get_move(ByteReader& in) {
    Move move;
    move.id = in.get<std::uint64_t>();
    move.kind = in.get<MoveKind>();
    move.dry_run = in.get<std::uint8_t>() != 0;
    move.source = get_queue(in);
    move.source_name = get_short_text(in);
    move.destination = get_queue(in);
    move.destination_name = get_short_text(in);
    move.rate_milli = in.get<std::uint32_t>();
    move.limit = in.get<std::uint64_t>();
    move.filter = get_short_text(in);
    move.started_at = get_wall(in);
    move.there = in.get<std::uint64_t>();
    move.begun.chunk = in.get<std::uint32_t>();
    move.begun.slot = in.get<std::uint32_t>();
    move.next_number = in.get<std::uint64_t>();
    move.state = in.get<MoveState>();
    move.ended_at = get_wall(in);
    move.failure = get_short_text(in);
    move.moved = in.get<std::uint64_t>();
    const auto skips = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < skips && in.ok(); ++i) {
        const auto count = in.get<std::uint64_t>();
        if (i < move.skipped.size()) {
            move.skipped[i] = count;
        }
    }
    return move;
}

// The block of the state.
template <class Out>
void put_moves(Out& out, const Moves& moves) {
    out.put(moves.next_id());
    out.put(static_cast<std::uint32_t>(moves.active_count() + moves.ended().size()));
    moves.for_each_active([&](const Moves::Active& task) { put_move(out, task.move); });
    for (const Move& move : moves.ended()) {
        put_move(out, move);
    }
}

inline void get_moves(ByteReader& in, Moves& moves) {
    moves.set_next_id(in.get<std::uint64_t>());
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        moves.restore(get_move(in));
    }
}

}  // namespace esteira::engine::codec
