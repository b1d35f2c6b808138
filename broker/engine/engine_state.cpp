// The state that every chunk of the log opens with: all that is not a message. Its layout is in
// broker/journal/FORMAT.md, section State.
#include <algorithm>
#include <utility>

#include "broker/engine/codec_fields.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/move_layout.hpp"
#include "broker/engine/state_writer.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

using namespace codec;

namespace {

constexpr std::uint32_t kStateVersion = 3;

// Numbers of the blocks at the end.
enum class Block : std::uint32_t { topics = 1, moves = 2, attempts = 3 };

void put_queue_state(StateWriter& out, const Queue& queue) {
    out.put(queue.number().value);
    out.put(queue.kind());
    put_wall(out, queue.created_at());
    put_wall(out, queue.modified_at());
    put_short_text(out, {});  // The region.
    put_short_text(out, queue.name());
    put_pairs(out, to_attributes(queue.settings()));
    put_pairs(out, queue.tags());
    out.put(static_cast<std::uint32_t>(queue.totals().size()));
    for (const std::uint64_t total : queue.totals()) {
        out.put(total);
    }
}

std::unique_ptr<Queue> get_queue_state(ByteReader& in, std::uint32_t version) {
    const QueueNumber number{in.get<std::uint64_t>()};
    const QueueKind kind = version == 1 ? QueueKind::standard : in.get<QueueKind>();
    if (kind > QueueKind::topic) {
        throw BrokenLog("state: a queue is of a kind that a newer release made");
    }
    const WallTime created_at = get_wall(in);
    const WallTime modified_at = get_wall(in);
    get_short_text(in);
    auto queue = std::make_unique<Queue>(number, kind, std::string(get_short_text(in)), created_at);
    const auto settings = with_attributes({}, get_pairs(in));
    if (!settings) {
        throw BrokenLog("state: " + settings.error());
    }
    queue->set(settings.value(), {Time{}, modified_at});
    queue->set_tags(get_pairs(in), modified_at);
    const auto totals = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < totals && in.ok(); ++i) {
        const auto total = in.get<std::uint64_t>();
        if (i < static_cast<std::uint32_t>(Total::count_)) {
            queue->total(static_cast<Total>(i)) = total;
        }
    }
    return queue;
}

void put_note(StateWriter& out, const Note& note) {
    out.put(note.request);
    out.put(note.hash);
    out.put(note.queue.value);
    out.put(note.first.value);
    out.put(note.count);
    out.put(static_cast<std::uint32_t>(note.results.size()));
    for (const auto& run : note.results) {
        out.put(run.code);
        out.put(run.count);
        out.put(run.first.value);
    }
}

void get_note(ByteReader& in, Session& session) {
    const auto request = in.get<std::uint64_t>();
    const auto hash = in.get<std::uint64_t>();
    Note& note = Sessions::place_for(session, request, hash);
    note.queue = QueueNumber{in.get<std::uint64_t>()};
    note.first = DeliveryNumber{in.get<std::uint64_t>()};
    note.count = in.get<std::uint32_t>();
    const auto runs = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < runs && in.ok(); ++i) {
        dialogue::ResultRun run;
        run.code = in.get<dialogue::Code>();
        run.count = in.get<std::uint32_t>();
        run.first = MessageNumber{in.get<std::uint64_t>()};
        note.results.push_back(std::move(run));
    }
}

void put_session(StateWriter& out, const Session& session) {
    out.put(session.number);
    out.put_bytes(session.id);
    put_time(out, session.last_seen);
    // 1: a worker; 2: it was one.
    const auto& worker = session.worker ? session.worker : session.former;
    out.put(static_cast<std::uint8_t>(session.worker ? 1 : session.former ? 2 : 0));
    if (worker) {
        out.put(worker->pid);
        put_time(out, worker->joined_at);
        put_short_text(out, worker->name);
        put_short_text(out, worker->pool);
        put_short_text(out, worker->host);
    }
    const auto notes = std::count_if(session.notes.begin(), session.notes.end(),
                                     [](const Note& note) { return note.request != 0; });
    out.put(static_cast<std::uint32_t>(notes));
    for (const Note& note : session.notes) {
        if (note.request != 0) {
            put_note(out, note);
        }
    }
}

void get_session(ByteReader& in, Sessions& sessions) {
    const auto number = in.get<std::uint64_t>();
    Bytes16 id{};
    const auto bytes = in.get_bytes(id.size());
    const Time last_seen = get_time(in);
    if (!in.ok()) {
        return;
    }
    std::memcpy(id.data(), bytes.data(), id.size());
    Session& session = sessions.open(number, id, last_seen);
    if (const auto known = in.get<std::uint8_t>(); known != 0) {
        Worker worker;
        worker.pid = in.get<std::uint32_t>();
        worker.joined_at = get_time(in);
        worker.name = get_short_text(in);
        worker.pool = get_short_text(in);
        worker.host = get_short_text(in);
        (known == 1 ? session.worker : session.former) = std::move(worker);
    }
    const auto notes = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < notes && in.ok(); ++i) {
        get_note(in, session);
    }
    sessions.weigh(session);
}

}  // namespace

std::vector<std::byte> Engine::state() const {
    StateWriter out;
    out.put(kStateVersion);
    out.put(broker_id_);
    out.put(next_message_);
    out.put(next_delivery_);
    out.put(next_queue_);
    out.put(next_session_);
    out.put(static_cast<std::uint32_t>(names_.size() + topic_names_.size()));
    for (const auto* names : {&names_, &topic_names_}) {
        for (const auto& [name, number] : *names) {
            put_queue_state(out, *queues_.at(number));
        }
    }
    const bool forget = mutant(Mutant::session_forgotten_with_segment);
    out.put(static_cast<std::uint32_t>(forget ? 0 : sessions_.size()));
    if (!forget) {
        sessions_.for_each([&](const Session& session) { put_session(out, session); });
    }
    out.put(static_cast<std::uint32_t>(pools_wanted_.size()));
    for (const auto& [pool, workers] : pools_wanted_) {
        put_short_text(out, pool);
        out.put(workers);
    }
    put_blocks(out);
    return out.take();
}

void Engine::load_state(std::uint32_t chunk, std::span<const std::byte> state) {
    // Later chunks open with what replay has arrived at by then.
    if (start_.chunk != 0) {
        return;
    }
    start_.chunk = chunk;
    ByteReader in(state);
    const auto version = in.get<std::uint32_t>();
    if (version == 0 || version > kStateVersion) {
        throw BrokenLog("the state at the start of the log is of another version");
    }
    broker_id_ = in.get<std::uint64_t>();
    next_message_ = in.get<std::uint64_t>();
    next_delivery_ = in.get<std::uint64_t>();
    next_queue_ = in.get<std::uint64_t>();
    next_session_ = in.get<std::uint64_t>();
    const auto queues = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < queues && in.ok(); ++i) {
        know(get_queue_state(in, version));
    }
    const auto sessions = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < sessions && in.ok(); ++i) {
        get_session(in, sessions_);
    }
    const auto pools = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < pools && in.ok(); ++i) {
        std::string pool(get_short_text(in));
        pools_wanted_[pool] = in.get<std::uint32_t>();
    }
    if (version >= 3) {
        load_blocks(in);
    }
    if (!in.at_end()) {
        throw BrokenLog("the state at the start of the log is not of this format");
    }
}

// What not every broker has stands behind the rest, in blocks with a number and a length each.
void Engine::put_blocks(StateWriter& out) const {
    std::vector<std::pair<std::uint32_t, std::vector<std::byte>>> blocks;
    const auto add = [&](Block id, StateWriter block) {
        if (!block.empty()) {
            blocks.emplace_back(static_cast<std::uint32_t>(id), block.take());
        }
    };
    StateWriter topics;
    put_topics(topics);
    add(Block::topics, std::move(topics));
    StateWriter moves;
    if (moves_.next_id() > 1 && !mutant(Mutant::moves_forgotten_with_segment)) {
        put_moves(moves, moves_);
    }
    add(Block::moves, std::move(moves));
    StateWriter attempts;
    if (!mutant(Mutant::receive_attempt_forgotten)) {
        attempts_.put(attempts);
    }
    add(Block::attempts, std::move(attempts));
    out.put(static_cast<std::uint32_t>(blocks.size()));
    for (const auto& [id, bytes] : blocks) {
        out.put(id);
        out.put(static_cast<std::uint32_t>(bytes.size()));
        out.put_bytes(bytes);
    }
}

void Engine::load_blocks(ByteReader& in) {
    const auto blocks = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < blocks && in.ok(); ++i) {
        const auto id = in.get<std::uint32_t>();
        ByteReader block(in.get_bytes(in.get<std::uint32_t>()));
        switch (static_cast<Block>(id)) {
            case Block::topics:
                load_topics(block);
                break;
            case Block::moves:
                get_moves(block, moves_);
                break;
            case Block::attempts:
                attempts_.load(block);
                break;
            default:
                throw BrokenLog("state: block " + std::to_string(id) + " is a newer release's");
        }
        if (!block.at_end()) {
            throw BrokenLog("state: block " + std::to_string(id) + " is not of this format");
        }
    }
}

}  // namespace esteira::engine
