// Sending: what is refused, what is stored, what is remembered of it.
#include <algorithm>
#include <utility>

#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/attributes.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;
using dialogue::ResultRun;

namespace {

constexpr std::size_t kRunBytes = 14;
constexpr std::size_t kNoteBytes = 256;  // A Noted and a SessionOpened, without their runs.

}  // namespace

std::size_t Engine::most_bytes(const Queue& target, const dialogue::SendEntry& entry) const {
    const std::size_t bytes = target.kind() == QueueKind::topic
                                  ? most_bytes_of_publication(target, entry)
                                  : most_bytes_of(entry);
    return std::min(bytes + kRunBytes, log_.group_bytes_max());
}

std::optional<Refused> Engine::fault_in_send(const Queue& queue) const {
    if (draining_) {
        return Refused{Code::draining, "the broker is being drained"};
    }
    if (queue.settings().sends_paused) {
        return Refused{Code::paused, "sends to queue " + queue.name() + " are paused"};
    }
    if (!log_.may_grow()) {
        return Refused{Code::disk_full, "no disk space for sends; receives and deletes go on"};
    }
    if (queue.settings().messages_max != 0 && queue.messages() >= queue.settings().messages_max) {
        return Refused{Code::queue_full, "queue " + queue.name() + " is at its MaxMessages"};
    }
    return std::nullopt;
}

std::optional<Refused> Engine::no_room_in(const Queue& queue, std::uint64_t messages,
                                          std::uint64_t bytes) const {
    const Settings& settings = queue.settings();
    if (settings.messages_max != 0 && queue.messages() + messages > settings.messages_max) {
        return Refused{Code::queue_full, "queue " + queue.name() + " is at its MaxMessages"};
    }
    const std::uint64_t bytes_max = settings.bytes_max == 0 ? queue_bytes_max_ : settings.bytes_max;
    if (queue.bytes() + bytes > std::min(bytes_max, queue_bytes_max_)) {
        return Refused{Code::queue_full, "queue " + queue.name() + " is at its MaxBytes"};
    }
    if (usage_.bytes() + bytes > bytes_max_) {
        return Refused{Code::queue_full, "the broker holds as many bytes as it may"};
    }
    return std::nullopt;
}

std::optional<Refused> Engine::fault_in_entry(const Queue& queue,
                                              const dialogue::SendEntry& entry) const {
    if (entry.body.empty()) {
        return Refused{Code::bad_request, "a message has a body"};
    }
    const std::size_t size = entry.body.size() + attribute_bytes(entry.attributes);
    if (size > queue.settings().message_bytes_max) {
        return Refused{Code::too_large, "body and attributes together are " + std::to_string(size) +
                                            " bytes; queue " + queue.name() + " takes " +
                                            std::to_string(queue.settings().message_bytes_max)};
    }
    if (auto fault = fault_in_group(queue, entry)) {
        return fault;
    }
    if (entry.delay && (*entry.delay < Millis{0} || *entry.delay > limits::kDelayMax)) {
        return Refused{Code::bad_request, "a delay is from 0 to 900 s"};
    }
    if (entry.origin.size() > limits::kOriginBytesMax) {
        return Refused{Code::bad_request, "an origin id has at most 128 bytes"};
    }
    if (messages_max_ != 0 && usage_.messages() >= messages_max_) {
        return Refused{Code::queue_full, "the broker holds as many messages as it may"};
    }
    return no_room_in(queue, 1, entry.body.size());
}

Stored Engine::make_stored(const Queue& queue, const dialogue::SendEntry& entry,
                           const std::optional<Fifo>& group, Now now) {
    Stored stored;
    stored.queue = queue.number();
    stored.number = MessageNumber{next_message_};
    stored.sent_at = now.wall;
    const Millis delay = entry.delay.value_or(queue.settings().delay);
    if (delay > Millis{0}) {
        stored.visible_at = now.broker + delay;
    }
    stored.origin = entry.origin;
    if (!entry.reason.empty()) {
        stored.story = Story{};
        stored.story->reason = entry.reason;
    }
    stored.attributes = entry.attributes;
    stored.body = entry.body;
    stored.fifo = group;
    return stored;
}

std::uint64_t Engine::session_number(const Bytes16& id, Now now) {
    if (const Session* session = sessions_.find(id)) {
        return session->number;
    }
    if (sessions_.size() >= limits::kSessionsMax) {
        sessions_.close_oldest();
    }
    commit(SessionOpened{next_session_, id}, now);
    return next_session_ - 1;
}

std::uint32_t Engine::note_base(const Caller& caller) {
    const Session* session = sessions_.find(caller.session);
    const Note* note = session == nullptr ? nullptr : Sessions::note_of(*session, caller.request);
    return note == nullptr ? 0 : note->entries();
}

void Engine::note(const Caller& caller, std::uint32_t base, std::vector<ResultRun> results,
                  Now now) {
    Noted noted{session_number(caller.session, now), caller.request, caller.hash, base,
                std::move(results)};
    for (ResultRun& run : noted.results) {
        run.reason.clear();
    }
    commit(noted, now);
}

void Engine::run(const Caller& caller, const dialogue::Send& send, Now now) {
    Queue* queue = find_target(send.queue);
    if (queue == nullptr) {
        return refuse(caller, no_queue(send.queue));
    }
    const auto refused = fault_in_send(*queue);
    std::size_t i = note_base(caller);
    if (refused && i == 0) {
        return refuse(caller, refused->code, refused->reason);
    }
    queue->advance(now.broker);
    std::vector<ResultRun> all;
    if (i > 0) {
        all = Sessions::note_of(*sessions_.find(caller.session), caller.request)->results;
    }
    // As many entries at a time as fit one frame, with the note that says they were done.
    while (i < send.entries.size()) {
        std::size_t bytes = kNoteBytes;
        std::size_t end = i;
        while (
            end < send.entries.size() &&
            (end == i || bytes + most_bytes(*queue, send.entries[end]) <= log_.group_bytes_max())) {
            bytes += most_bytes(*queue, send.entries[end]);
            ++end;
        }
        log_.begin_group(std::min(bytes, log_.group_bytes_max()));
        std::vector<ResultRun> results;
        const auto base = static_cast<std::uint32_t>(i);
        bool stored_any = false;
        for (; i < end; ++i) {
            if (!refused && queue->kind() == QueueKind::topic) {
                const std::uint64_t before = next_message_;
                add_result(results, publish(*queue, send.entries[i], now));
                stored_any = stored_any || next_message_ != before;
                continue;
            }
            if (auto fault = refused ? refused : fault_in_entry(*queue, send.entries[i])) {
                add_result(results, {fault->code, 1, {}, std::move(fault->reason)});
                continue;
            }
            const auto group = make_group(send.entries[i], queue->kind(), now);
            const Stored stored = make_stored(*queue, send.entries[i], group, now);
            if (const auto first = repeated(*queue, stored.fifo, now)) {
                add_result(results, {Code::ok, 1, *first, {}});
                queue->count_dedup_hit();
                continue;
            }
            add_result(results, {Code::ok, 1, stored.number, {}});
            commit(stored, now);
            stored_any = true;
        }
        // A request that stores nothing leaves no trace; one that goes on leaves all of its own.
        if (stored_any || base > 0 || end < send.entries.size()) {
            note(caller, base, results, now);
        }
        for (ResultRun& run : results) {
            add_result(all, std::move(run));
        }
    }
    answer(caller, dialogue::SendReply{std::move(all)});
}

}  // namespace esteira::engine
