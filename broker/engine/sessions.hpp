#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/engine/events.hpp"
#include "common/base/bytes.hpp"
#include "common/base/dialogue.hpp"
#include "common/base/limits.hpp"

// What the broker remembers of its clients: of each session the last requests and what they were
// answered, so that a request which is repeated after a lost answer does nothing twice.
namespace esteira::engine {

// What one request was answered. A receive's answer is the delivery; bodies are read again.
struct Note {
    std::uint64_t request = 0;  // 0: empty.
    std::uint64_t hash = 0;
    std::vector<dialogue::ResultRun> results;
    QueueNumber queue;  // Of a receive: the delivery that it was given.
    DeliveryNumber first;
    std::uint32_t count = 0;

    std::uint32_t entries() const;  // That `results` answer.
    std::uint64_t bytes() const;    // About what it adds to the state.
};

// A worker process: a session that said hello with a pool.
struct Worker {
    std::string name;
    std::string pool;
    std::string host;
    std::uint32_t pid = 0;
    Time joined_at{};
};

struct Session {
    std::uint64_t number = 0;
    Bytes16 id{};
    Time last_seen{};
    std::uint64_t newest = 0;  // The highest request number noted.
    std::vector<Note> notes;   // Request n at n % kSessionRequestsKept; grows on first use.
    std::optional<Worker> worker;
    std::optional<Worker> former;  // Who it was, after it has left: for the stories of messages.
    std::uint64_t bytes = 0;       // Of the notes.
};

class Sessions {
public:
    Session* find(const Bytes16& id);
    Session* find(std::uint64_t number);
    Session& open(std::uint64_t number, const Bytes16& id, Time now);
    void close(std::uint64_t number);
    // The one that was silent for longest makes room; a worker only when there is nobody else.
    void close_oldest(std::uint64_t except = 0);

    // The note of a request: its own if it is remembered, else null.
    static const Note* note_of(const Session& session, std::uint64_t request);
    // Whether a request is older than what is remembered.
    static bool expired(const Session& session, std::uint64_t request);
    // The place to write a request's note, emptied unless it is already this request's.
    static Note& place_for(Session& session, std::uint64_t request, std::uint64_t hash);

    // To be called when a note of `session` has changed. Others, silent for longest, are closed
    // while all notes together are more than kSessionBytesMax.
    void weigh(Session& session);

    // Idle for longer than kSessionIdleMax, and no worker.
    std::vector<std::uint64_t> idle(Time now) const;
    // Who holds what was leased to a session, or held it; null: it never said hello.
    const Worker* worker_of(std::uint64_t number) const;
    std::size_t size() const { return by_number_.size(); }
    void for_each(const std::function<void(const Session&)>& visit) const;

private:
    struct IdHash {
        std::size_t operator()(const Bytes16& id) const noexcept {
            std::size_t value = 0;
            std::memcpy(&value, id.data(), sizeof value);
            return value;
        }
    };

    std::map<std::uint64_t, Session> by_number_;
    std::unordered_map<Bytes16, std::uint64_t, IdHash> by_id_;
    std::uint64_t bytes_ = 0;
};

}  // namespace esteira::engine
