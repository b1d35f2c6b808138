// Settling: verdicts on what was handed out, with the messages that they send on.
#include <algorithm>
#include <map>
#include <utility>

#include "broker/engine/attempts.hpp"
#include "broker/engine/engine.hpp"
#include "broker/engine/event_codec.hpp"
#include "broker/engine/runs.hpp"
#include "common/base/bytes.hpp"
#include "common/base/mutant.hpp"
#include "common/base/text.hpp"

namespace esteira::engine {

using dialogue::Code;
using dialogue::Refused;
using dialogue::ResultRun;
using dialogue::Verdict;
using dialogue::VerdictEntry;

namespace {

constexpr std::size_t kEventBytes = 64;  // Any event that names a run, without the runs.
constexpr std::size_t kRunBytes = 14;
constexpr std::size_t kNoteBytes = 256;

std::string_view shortened(std::string_view reason) {
    return beginning_of(reason, limits::kReasonBytesMax);
}

}  // namespace

Queue* Engine::dead_letter_queue_of(const Queue& queue) {
    const std::string& name = queue.settings().dead_letter_queue;
    return name.empty() ? nullptr : find_queue(name);
}

// Its story up to its burial. A verdict ends its last attempt; whoever was received too often has
// none that runs.
std::string Engine::buried_history(const Queue& queue, const Stored& record,
                                   const Leases::Found& found, const Burial& burial,
                                   Now now) const {
    History history = history_of(record.history, *found.held, *found.lease, now.broker, sessions_);
    if (burial.by == BuriedBy::rejected && attempt_open(*found.held, *found.lease)) {
        Attempt last = history.attempts.back();
        history.total -= last.end == AttemptEnd::running ? 0U : 1U;
        history.attempts.pop_back();
        last.end = AttemptEnd::rejected;
        last.ended_at = now.wall;
        last.reason = burial.reason;
        add_attempt(history, last);
    }
    history.buried_at = now.wall;
    history.buried_by = burial.by;
    history.source = queue.name();
    return pack_history(history);
}

// False when the dead-letter queue is gone or full: the message stays where it is.
bool Engine::bury(Queue& queue, const Picked::Message& message, const Burial& burial, Now now) {
    Queue* target = dead_letter_queue_of(queue);
    const Stored& record = message.record;
    if (target == nullptr || no_room_in(*target, 1, record.body.size())) {
        return false;
    }
    const auto found = queue.leases().find(message.returned);
    const Held& held = *found.held;
    Stored dead = record;
    dead.queue = target->number();
    dead.cause = Cause::buried;
    dead.visible_at = Time{};
    dead.age = 0;
    dead.held.reset();
    dead.replaces = Replaces{queue.number(), {}, message.returned};
    Story story = record.story.value_or(Story{});
    story.receives += held.receives;
    if (held.story) {
        story.crashes += held.story->crashes;
        if (story.first_received_at == WallTime{}) {
            story.first_received_at = held.story->first_received_at;
        }
    }
    if (story.first_received_at == WallTime{}) {
        story.first_received_at = found.lease->leased_at_wall;
    }
    story.source = queue.number();
    story.reason = shortened(burial.reason);
    dead.story = story;
    join_group(*target, dead);
    const std::string history = buried_history(queue, record, found, burial, now);
    dead.history = as_bytes(history);
    target->advance(now.broker);
    if (mutant(Mutant::burial_in_two_frames)) {
        const Removed removed{queue.number(), {{message.returned, 1}}};
        log_.begin_group(log_.group_bytes_max());
        commit(removed, now);
        dead.replaces.reset();
        log_.begin_group(log_.group_bytes_max());
    } else {
        log_.begin_group(encoded_size(dead));
    }
    commit(dead, now);
    return true;
}

ResultRun Engine::bury_all(Queue& queue, const std::vector<Numbers>& numbers,
                           std::string_view reason, Now now) {
    if (dead_letter_queue_of(queue) == nullptr) {
        return {Code::conflict, 1, {}, "queue " + queue.name() + " has no dead-letter queue"};
    }
    const Burial burial{BuriedBy::rejected, reason};
    for (const Numbers& run : numbers) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            const Place place = queue.leases().find(number).held->place;
            const auto record = read(queue, place);
            if (!record) {
                commit(SetAside{queue.number(), Gone::damaged, {{number, 1}}, {}}, now);
                continue;
            }
            if (!bury(queue, {*record, place, number, {}}, burial, now)) {
                return {Code::queue_full, 1, {}, "the dead-letter queue is full"};
            }
        }
    }
    return {};
}

void Engine::retry(Queue& queue, const std::vector<Numbers>& numbers, const VerdictEntry& entry,
                   Now now) {
    const std::string_view reason = shortened(entry.reason);
    if (entry.delay) {
        commit(
            Rescheduled{queue.number(), Return::retry, now.broker + *entry.delay, reason, numbers},
            now);
        return;
    }
    for (const Numbers& run : numbers) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            const DeliveryNumber number{run.first.value + i};
            const std::uint32_t receives = queue.leases().find(number).held->receives;
            const Millis wait = backoff(queue.settings(), receives, number.value);
            commit(
                Rescheduled{
                    queue.number(), Return::retry, now.broker + wait, reason, {{number, 1}}},
                now);
        }
    }
}

// Checks all that a verdict sends on before the first of them is stored: each for itself, and that
// its queue has room for them together.
std::optional<Refused> Engine::send_on(const Queue& from, const VerdictEntry& entry, Now now) {
    Queue* const dead_letters = dead_letter_queue_of(from);
    std::map<QueueNumber, std::pair<std::uint64_t, std::uint64_t>> promised;  // Messages, bytes.
    const auto no_room_for = [&](const Queue& queue, const dialogue::SendEntry& send) {
        auto& [messages, bytes] = promised[queue.number()];
        return no_room_in(queue, ++messages, bytes += send.body.size());
    };
    const auto target_of = [&](std::string_view name) {
        return name.empty() ? dead_letters : find_target(name);
    };
    std::vector<Fan> fans;  // Of what goes to a topic.
    for (const auto& [name, send] : entry.sends) {
        const Queue* queue = target_of(name);
        if (queue == nullptr && name.empty()) {
            return Refused{Code::conflict, "queue " + from.name() + " has no dead-letter queue"};
        }
        if (queue == nullptr) {
            return no_queue(name);
        }
        if (auto fault = fault_in_send(*queue)) {
            return fault;
        }
        if (auto fault = fault_in_entry(*queue, send)) {
            return fault;
        }
        if (queue->kind() != QueueKind::topic) {
            if (auto full = no_room_for(*queue, send)) {
                return full;
            }
            continue;
        }
        auto fan = receivers_of(*queue, send, now);
        if (!fan) {
            return fan.error();
        }
        fans.push_back(std::move(fan).value());
        for (const Queue* receiver : fans.back().queues) {
            if (auto full = no_room_for(*receiver, send)) {
                return full;
            }
        }
    }
    auto next_fan = fans.begin();
    for (const auto& [name, send] : entry.sends) {
        Queue& queue = *target_of(name);
        queue.advance(now.broker);
        if (queue.kind() == QueueKind::topic) {
            Fan& fan = *next_fan++;
            if (drop_repeated(fan, now)) {
                continue;
            }
            for (Stored& copy : fan_out(queue, send, fan, now)) {
                copy.cause = Cause::split_off;
                commit(copy, now);
            }
            continue;
        }
        Stored stored = make_stored(queue, send, make_group(send, queue.kind(), now), now);
        if (repeated(queue, stored.fifo, now)) {
            queue.count_dedup_hit();
            continue;
        }
        std::string history;
        stored.cause = Cause::split_off;
        if (&queue == dead_letters) {
            Story story;
            story.source = from.number();
            story.reason = shortened(send.reason.empty() ? entry.reason : send.reason);
            stored.story = story;
            history = pack_history({0, now.wall, BuriedBy::rejected, {}, from.name(), {}});
            stored.history = as_bytes(history);
        }
        commit(stored, now);
    }
    return std::nullopt;
}

// The most bytes that a verdict can add to the log.
std::size_t Engine::estimate(const VerdictEntry& entry) {
    std::size_t bytes = kEventBytes + kRunBytes + entry.reason.size() +
                        std::size_t{entry.count} * (kEventBytes + entry.reason.size());
    for (const auto& [name, send] : entry.sends) {
        const Queue* topic = find_topic(name);
        bytes += topic == nullptr ? most_bytes_of(send) : most_bytes_of_publication(*topic, send);
    }
    const auto queue = queues_.find(entry.receipt.queue);
    if (entry.verdict != Verdict::dead || queue == queues_.end()) {
        return bytes;
    }
    for (std::uint64_t i = 0; i < entry.count; ++i) {
        const auto found =
            queue->second->leases().find({entry.receipt.first.value + entry.index + i});
        if (found) {
            bytes += found.held->place.size + kStoredSectionsMax + kHistoryBytesMax;
        }
    }
    return bytes;
}

ResultRun Engine::settle_one(const VerdictEntry& entry, Now now) {
    if (entry.receipt.count == 0) {
        return {Code::receipt_invalid, 1, {}, "not a receipt of here"};
    }
    if (entry.index >= entry.receipt.count || entry.count > entry.receipt.count - entry.index) {
        return {Code::receipt_invalid,
                1,
                {},
                "the receipt is for " + std::to_string(entry.receipt.count) + " messages"};
    }
    const auto at = queues_.find(entry.receipt.queue);
    if (at == queues_.end()) {
        return {Code::receipt_stale, 1, {}, "its queue is gone"};
    }
    // Half of it, and the message still there, could not be told from a verdict that never came.
    if (!entry.sends.empty() && kNoteBytes + estimate(entry) > log_.group_bytes_max()) {
        return {
            Code::too_large, 1, {}, "what a verdict sends on does not fit what is written at once"};
    }
    Queue& queue = *at->second;
    queue.advance(now.broker);
    std::vector<Numbers> numbers;
    std::uint32_t stale = 0;
    for (std::uint64_t i = 0; i < entry.count; ++i) {
        const DeliveryNumber number{entry.receipt.first.value + entry.index + i};
        const auto found = queue.leases().find(number);
        // A FIFO queue has gone on without whoever was too late.
        const bool too_late = queue.kind() == QueueKind::fifo && found &&
                              found.lease->visible_at <= now.broker &&
                              !mutant(Mutant::expired_receipt_accepted);
        const bool good = found && !too_late &&
                          (found.held->receipt_open || mutant(Mutant::stale_receipt_accepted));
        if (!good) {
            ++stale;
            continue;
        }
        if (entry.verdict == Verdict::visibility &&
            now.broker + entry.delay.value_or(Millis{0}) >
                found.lease->leased_at + limits::kVisibilityMax) {
            return {Code::bad_request, 1, {}, "a message is hidden for at most 12 h in all"};
        }
        add_number(numbers, number);
    }
    ResultRun result;
    if (stale > 0) {
        result = {Code::receipt_stale,
                  1,
                  {},
                  std::to_string(stale) + " of " + std::to_string(entry.count) +
                      " were settled, deleted, delivered again, or held past their time"};
        if (numbers.empty()) {
            return result;
        }
    }
    if (!entry.sends.empty()) {
        const Queue* dead_letters = dead_letter_queue_of(queue);
        if (entry.verdict == Verdict::dead && dead_letters == nullptr) {
            return {Code::conflict, 1, {}, "queue " + queue.name() + " has no dead-letter queue"};
        }
        // Both or neither: nothing is sent on beside a burial that then finds no room.
        if (entry.verdict == Verdict::dead &&
            no_room_in(*dead_letters, 1 + entry.sends.size(), estimate(entry))) {
            return {Code::queue_full, 1, {}, "the dead-letter queue is full"};
        }
        if (auto fault = send_on(queue, entry, now)) {
            return {fault->code, 1, {}, std::move(fault->reason)};
        }
    }
    switch (entry.verdict) {
        case Verdict::done:
            commit(Removed{queue.number(), numbers}, now);
            break;
        case Verdict::retry:
            retry(queue, numbers, entry, now);
            break;
        case Verdict::dead: {
            ResultRun buried = bury_all(queue, numbers, entry.reason, now);
            if (buried.code != Code::ok) {
                return buried;
            }
            break;
        }
        case Verdict::hand_back:
            commit(Rescheduled{queue.number(), Return::hand_back, now.broker, {}, numbers}, now);
            break;
        case Verdict::visibility:
            commit(Rescheduled{queue.number(),
                               Return::visibility,
                               now.broker + entry.delay.value_or(Millis{0}),
                               {},
                               numbers},
                   now);
            break;
    }
    return result;
}

void Engine::run(const Caller& caller, const dialogue::Settle& settle, Now now) {
    std::vector<ResultRun> all;
    std::size_t i = note_base(caller);
    if (i > 0) {
        all = Sessions::note_of(*sessions_.find(caller.session), caller.request)->results;
    }
    while (i < settle.verdicts.size()) {
        std::size_t bytes = kNoteBytes;
        std::size_t end = i;
        while (end < settle.verdicts.size()) {
            const std::size_t more = estimate(settle.verdicts[end]);
            if (end > i && bytes + more > log_.group_bytes_max()) {
                break;
            }
            bytes += more;
            ++end;
        }
        // A verdict on more bytes than a frame holds is taken message by message: each of them is
        // whole, and a repeated request finds those that were settled gone.
        log_.begin_group(std::min(bytes, log_.group_bytes_max()));
        std::vector<ResultRun> results;
        const auto base = static_cast<std::uint32_t>(i);
        for (; i < end; ++i) {
            add_result(results, settle_one(settle.verdicts[i], now));
        }
        note(caller, base, results, now);
        for (ResultRun& run : results) {
            add_result(all, std::move(run));
        }
    }
    answer(caller, dialogue::SettleReply{std::move(all)});
    if (settle.next) {
        const Caller asker{caller.ticket, caller.session, settle.next->first, caller.hash};
        const dialogue::Operation receive = settle.next->second;
        if (!answered_before(asker, receive, now)) {
            run(asker, settle.next->second, now);
        }
    }
}

}  // namespace esteira::engine
