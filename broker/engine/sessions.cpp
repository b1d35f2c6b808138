#include "broker/engine/sessions.hpp"

#include <algorithm>
#include <tuple>

namespace esteira::engine {

std::uint32_t Note::entries() const {
    std::uint32_t sum = 0;
    for (const auto& run : results) {
        sum += run.count;
    }
    return sum;
}

std::uint64_t Note::bytes() const {
    constexpr std::uint64_t kFixedBytes = 44;
    constexpr std::uint64_t kRunBytes = 14;
    return kFixedBytes + kRunBytes * results.size();
}

Session* Sessions::find(const Bytes16& id) {
    const auto number = by_id_.find(id);
    return number == by_id_.end() ? nullptr : find(number->second);
}

Session* Sessions::find(std::uint64_t number) {
    const auto session = by_number_.find(number);
    return session == by_number_.end() ? nullptr : &session->second;
}

Session& Sessions::open(std::uint64_t number, const Bytes16& id, Time now) {
    const auto [at, inserted] = by_number_.try_emplace(number);
    ESTEIRA_CHECK(inserted);
    at->second.number = number;
    at->second.id = id;
    at->second.last_seen = now;
    by_id_[id] = number;
    return at->second;
}

void Sessions::close(std::uint64_t number) {
    const auto session = by_number_.find(number);
    if (session == by_number_.end()) {
        return;
    }
    const auto id = by_id_.find(session->second.id);
    if (id != by_id_.end() && id->second == number) {
        by_id_.erase(id);
    }
    bytes_ -= session->second.bytes;
    by_number_.erase(session);
}

void Sessions::weigh(Session& session) {
    bytes_ -= session.bytes;
    session.bytes = 0;
    for (const Note& note : session.notes) {
        session.bytes += note.request == 0 ? 0 : note.bytes();
    }
    bytes_ += session.bytes;
    const std::uint64_t number = session.number;
    while (bytes_ > limits::kSessionBytesMax && by_number_.size() > 1) {
        close_oldest(number);
    }
}

void Sessions::close_oldest(std::uint64_t except) {
    const auto rank = [except](const auto& entry) {
        const Session& session = entry.second;
        return std::tuple(entry.first == except, session.worker.has_value(), session.last_seen);
    };
    const auto oldest =
        std::min_element(by_number_.begin(), by_number_.end(),
                         [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    if (oldest != by_number_.end()) {
        close(std::uint64_t{oldest->first});
    }
}

const Note* Sessions::note_of(const Session& session, std::uint64_t request) {
    const std::size_t place = request % limits::kSessionRequestsKept;
    if (place >= session.notes.size() || session.notes[place].request != request) {
        return nullptr;
    }
    return &session.notes[place];
}

bool Sessions::expired(const Session& session, std::uint64_t request) {
    return request + limits::kSessionRequestsKept <= session.newest;
}

Note& Sessions::place_for(Session& session, std::uint64_t request, std::uint64_t hash) {
    const std::size_t place = request % limits::kSessionRequestsKept;
    if (place >= session.notes.size()) {
        session.notes.resize(place + 1);
    }
    session.newest = std::max(session.newest, request);
    Note& note = session.notes[place];
    if (note.request != request) {
        note.results.clear();
        note.count = 0;
        note.request = request;
    }
    note.hash = hash;
    return note;
}

const Worker* Sessions::worker_of(std::uint64_t number) const {
    const auto session = by_number_.find(number);
    if (session == by_number_.end()) {
        return nullptr;
    }
    const Session& found = session->second;
    return found.worker ? &*found.worker : found.former ? &*found.former : nullptr;
}

std::vector<std::uint64_t> Sessions::idle(Time now) const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, session] : by_number_) {
        if (!session.worker && now - session.last_seen > limits::kSessionIdleMax) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

void Sessions::for_each(const std::function<void(const Session&)>& visit) const {
    for (const auto& [number, session] : by_number_) {
        visit(session);
    }
}

}  // namespace esteira::engine
