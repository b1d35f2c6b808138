#include "common/base/history.hpp"

#include <algorithm>
#include <iterator>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"

namespace esteira {

namespace {

constexpr std::size_t kHeadBytes = 4 + 8 + 1 + 8 + 2;
constexpr std::size_t kAttemptBytes = 8 + 8 + 1 + 4 * 2;
constexpr std::size_t kReasonBytesMax = 200;  // The last one stands in full beside the block.

static_assert(kHeadBytes + limits::kQueueNameBytesMax + kAttemptBytes + 3 * limits::kNameBytesMax +
                  kReasonBytesMax <=
              kHistoryBytesMax);

// At most `most` bytes, and no half of a character at the end.
std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) {
        return text;
    }
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) {
        --most;
    }
    return text.substr(0, most);
}

void put_text(ByteWriter& out, std::string_view text) {
    out.put(static_cast<std::uint16_t>(text.size()));
    out.put_bytes(as_bytes(text));
}

void put_wall(ByteWriter& out, WallTime t) {
    out.put(static_cast<std::int64_t>(t.time_since_epoch().count()));
}

std::string_view get_text(ByteReader& in) { return in.get_text(in.get<std::uint16_t>()); }
WallTime get_wall(ByteReader& in) { return WallTime{Millis{in.get<std::int64_t>()}}; }

template <class Enum>
Enum get_enum(ByteReader& in) {
    const auto value = in.get<Enum>();
    if (value > Enum::last_) {
        in.fail();
    }
    return value;
}

std::size_t size_of(const Attempt& attempt) {
    return kAttemptBytes + attempt.worker.size() + attempt.pool.size() + attempt.host.size() +
           attempt.reason.size();
}

Attempt cut(Attempt attempt) {
    attempt.worker = cut(attempt.worker, limits::kNameBytesMax);
    attempt.pool = cut(attempt.pool, limits::kNameBytesMax);
    attempt.host = cut(attempt.host, limits::kNameBytesMax);
    attempt.reason = cut(attempt.reason, kReasonBytesMax);
    return attempt;
}

}  // namespace

std::string pack_history(const History& history) {
    if (history.total == 0 && history.attempts.empty() && history.buried_at == WallTime{} &&
        history.edited_at == WallTime{}) {
        return {};
    }
    const std::string_view source = cut(history.source, limits::kQueueNameBytesMax);
    std::size_t size = kHeadBytes + source.size();
    std::vector<Attempt> kept;  // The newest first.
    for (auto at = history.attempts.rbegin(); at != history.attempts.rend(); ++at) {
        const Attempt attempt = cut(*at);
        if (kept.size() == kAttemptsKept || size + size_of(attempt) > kHistoryBytesMax) {
            break;
        }
        size += size_of(attempt);
        kept.push_back(attempt);
    }
    std::string block(size, '\0');
    ByteWriter out(std::as_writable_bytes(std::span(block)));
    out.put(history.total);
    put_wall(out, history.buried_at);
    out.put(history.buried_by);
    put_wall(out, history.edited_at);
    put_text(out, source);
    for (auto at = kept.rbegin(); at != kept.rend(); ++at) {
        put_wall(out, at->leased_at);
        put_wall(out, at->ended_at);
        out.put(at->end);
        put_text(out, at->worker);
        put_text(out, at->pool);
        put_text(out, at->host);
        put_text(out, at->reason);
    }
    return block;
}

std::optional<History> unpack_history(HistoryBlock block) {
    History history;
    if (block.empty()) {
        return history;
    }
    ByteReader in(block);
    history.total = in.get<std::uint32_t>();
    history.buried_at = get_wall(in);
    history.buried_by = get_enum<BuriedBy>(in);
    history.edited_at = get_wall(in);
    history.source = get_text(in);
    while (in.ok() && !in.at_end()) {
        Attempt attempt;
        attempt.leased_at = get_wall(in);
        attempt.ended_at = get_wall(in);
        attempt.end = get_enum<AttemptEnd>(in);
        attempt.worker = get_text(in);
        attempt.pool = get_text(in);
        attempt.host = get_text(in);
        attempt.reason = get_text(in);
        history.attempts.push_back(attempt);
    }
    if (!in.ok() || history.attempts.size() > kAttemptsKept) {
        return std::nullopt;
    }
    return history;
}

void add_attempt(History& history, const Attempt& attempt) {
    const auto given_back = [](const Attempt& a) { return a.end == AttemptEnd::handed_back; };
    auto& attempts = history.attempts;
    if (!attempts.empty() && attempts.back().end == AttemptEnd::running) {
        attempts.pop_back();
    }
    history.total += attempt.end == AttemptEnd::running ? 0 : 1;
    if (!attempts.empty() && given_back(attempts.back()) && given_back(attempt)) {
        attempts.pop_back();
    }
    attempts.push_back(attempt);
    if (attempts.size() > kAttemptsKept) {
        attempts.erase(attempts.begin());
    }
}

History joined(History earlier, const History& later) {
    if (!earlier.attempts.empty() && earlier.attempts.back().end == AttemptEnd::running) {
        earlier.attempts.pop_back();
    }
    const std::uint32_t total = earlier.total + later.total;
    for (const Attempt& attempt : later.attempts) {
        add_attempt(earlier, attempt);
    }
    earlier.total = total;
    earlier.edited_at = std::max(earlier.edited_at, later.edited_at);
    if (later.buried_by != BuriedBy::nobody) {
        earlier.buried_at = later.buried_at;
        earlier.buried_by = later.buried_by;
        earlier.source = later.source;
    }
    return earlier;
}

const char* to_string(AttemptEnd end) {
    constexpr const char* kNames[] = {"running", "retried",  "timed_out",  "worker_dead",
                                      "crashed", "rejected", "handed_back"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(AttemptEnd::last_) + 1);
    return kNames[static_cast<std::size_t>(end)];
}

const char* to_string(BuriedBy by) {
    constexpr const char* kNames[] = {"", "rejected", "max_receives", "worker_crash"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(BuriedBy::last_) + 1);
    return kNames[static_cast<std::size_t>(by)];
}

}  // namespace esteira
