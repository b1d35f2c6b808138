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
    by_number_.erase(session);
}

void Sessions::close_oldest() {
    const auto oldest =
        std::min_element(by_number_.begin(), by_number_.end(), [](const auto& a, const auto& b) {
            const bool a_works = a.second.worker.has_value();
            const bool b_works = b.second.worker.has_value();
            return std::tie(a_works, a.second.last_seen) < std::tie(b_works, b.second.last_seen);
        });
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
