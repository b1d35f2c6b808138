// What the clients of a simulated broker do.
#include <algorithm>

#include "tests/simulation/life.hpp"

namespace esteira::simulation {

using dialogue::Verdict;
using Kind = Asked::Kind;

std::uint32_t Life::draw_visibility() {
    return draw_.below(parameters_.visibility_seconds_max + 1);
}

Rules Life::draw_rules(Slot slot) {
    Rules rules;
    rules.visibility_seconds = std::max(draw_visibility(), 1U);
    rules.delay_seconds = parameters_.delays && draw_.chance(300) ? draw_.from_to(1, 30) : 0;
    if (parameters_.short_retention) {
        rules.retention_seconds = draw_.from_to(60, 600);
    }
    if (slot < kFirstDeadLetters && parameters_.dead_letters && draw_.chance(700)) {
        rules.dead_letters = draw_dead_letters(is_fifo(slot));
        rules.max_receives = draw_.chance(200) ? 0 : draw_.from_to(1, 5);
    }
    if (is_subscriber(slot) && rules.dead_letters != kNoSlot) {
        rules.dead_letters = dead_letters_of_subscriber(slot);
        rules.max_receives = rules.dead_letters == kNoSlot ? 0 : rules.max_receives;
    }
    rules.retry_base_ms = draw_.from_to(1, 5'000);
    rules.retry_max_ms = draw_.from_to(1'000, 60'000);
    rules.messages_max = parameters_.caps && draw_.chance(500) ? draw_.from_to(3, 40) : 0;
    rules.sends_paused = parameters_.pauses != 0 && draw_.chance(parameters_.pauses / 2);
    rules.receives_paused = parameters_.pauses != 0 && draw_.chance(parameters_.pauses);
    if (is_fifo(slot)) {
        rules.fifo = true;
        rules.content_based = draw_.chance(400);
        rules.by_group = draw_.chance(300);
    }
    return rules;
}

Model::Message Life::draw_message() {
    Model::Message message;
    message.bytes = draw_.from_to(kBodyBytesLeast, parameters_.body_bytes_max);
    message.with_attributes = draw_.chance(150);
    if (parameters_.delays && draw_.chance(200)) {
        message.delay = Millis{draw_.below(60'000)};
    }
    if (draw_.chance(100)) {
        message.origin = "origin-" + std::to_string(draw_.below(1000));
    }
    return message;
}

MessageId Life::new_message(Slot slot) {
    Model::Message message = draw_message();
    put_in_group(slot, message);
    const MessageId id = world_.model().ask_to_send(slot, message, world_.now());
    if (message.dedup.empty() && is_fifo(slot)) {
        bodies_.push_back(world_.model().body_of(id));
    }
    return id;
}

void Life::send(Clients::Session& session, Slot slot) {
    if (!usable(slot)) {
        return;
    }
    auto* asked = clients_.make(session, Kind::send, slot, draw_.any());
    for (std::uint32_t i = draw_.from_to(1, parameters_.entries_max); i > 0; --i) {
        asked->ids.push_back(new_message(slot));
    }
    say("sends " + std::to_string(asked->ids.front()) + ".." + std::to_string(asked->ids.back()) +
        " to " + name_of(slot) + " as request " + std::to_string(asked->number) + " of " +
        std::to_string(asked->session));
    clients_.execute(asked);
}

// Once more after each start: what is there already is so. One after the other, since copies are
// numbered in the order of subscribing.
void Life::subscribe_all() {
    engine::Engine& engine = world_.engine();
    subscribed_ =
        parameters_.subscribers > 0 && engine.create_topic(kTopic, {}, world_.now()).has_value();
    for (const Slot slot : subscribers()) {
        subscribed_ =
            subscribed_ &&
            engine.subscribe(kTopic, name_of(slot), filter_of(slot), world_.now()).has_value();
    }
}

bool Life::is_subscriber(Slot slot) const {
    return slot < parameters_.subscribers || (parameters_.fifo_subscriber && slot == kFirstFifo);
}

std::vector<Slot> Life::subscribers() const {
    std::vector<Slot> slots;
    for (Slot slot = 0; slot < kSlots; ++slot) {
        if (is_subscriber(slot)) {
            slots.push_back(slot);
        }
    }
    return slots;
}

bool Life::may_publish() const {
    const auto slots = subscribers();
    return subscribed_ && !slots.empty() &&
           std::all_of(slots.begin(), slots.end(), [&](Slot slot) { return usable(slot); });
}

void Life::publish(Clients::Session& session) {
    auto* asked = clients_.make(session, Kind::send, 0, draw_.any());
    asked->to_topic = true;
    for (std::uint32_t i = draw_.from_to(1, parameters_.entries_max); i > 0; --i) {
        Model::Message message = draw_message();
        message.with_attributes = draw_.chance(500);
        if (parameters_.fifo_subscriber) {
            put_in_group(kFirstFifo, message);
            message.content = 0;
            if (message.dedup.empty()) {
                message.dedup = "new-" + std::to_string(world_.model().message_count());
            }
        }
        asked->ids.push_back(
            world_.model().ask_to_publish(std::move(message), subscribers(), world_.now()));
        const std::uint32_t copies = world_.model().message(asked->ids.back()).copies;
        counters_.add(Sometimes::published_to_several, copies > 1);
    }
    say("publishes " + std::to_string(asked->ids.front()) + ".. as request " +
        std::to_string(asked->number) + " of " + std::to_string(asked->session));
    clients_.execute(asked);
}

Asked* Life::make_receive(Clients::Session& session, Slot slot) {
    auto* asked = clients_.make(session, Kind::receive, slot, draw_.any());
    asked->asking.count = draw_.chance(parameters_.greedy) ? draw_.from_to(5, 60) : 1;
    if (draw_.chance(500)) {
        asked->asking.visibility = std::chrono::seconds(draw_visibility());
    }
    if (parameters_.long_polls && draw_.chance(400)) {
        asked->wait = Millis{draw_.from_to(1, 20'000)};
        if (parameters_.windows != 0 && draw_.chance(parameters_.windows)) {
            asked->asking.count = std::max(asked->asking.count, draw_.from_to(2, 8));
            asked->asking.min = draw_.from_to(2, asked->asking.count);
        }
    }
    // An id is for a few receives, of whoever it is.
    constexpr std::uint32_t kUsesOfAttempt = 4;
    if (is_fifo(slot) && parameters_.attempts != 0 && draw_.chance(parameters_.attempts)) {
        asked->asking.attempt =
            "attempt-" + std::to_string((attempts_made_ + draw_.below(2)) / kUsesOfAttempt);
        ++attempts_made_;
    }
    return asked;
}

void Life::receive(Clients::Session& session, Slot slot) {
    if (!usable(slot)) {
        return;
    }
    auto* asked = make_receive(session, slot);
    say("receives of " + name_of(slot) + " as request " + std::to_string(asked->number) + " of " +
        std::to_string(asked->session));
    clients_.execute(asked);
}

Judgement Life::judge(const Holding& holding) {
    Judgement judgement;
    judgement.slot = holding.slot;
    judgement.receipt = holding.receipt;
    judgement.delivered = holding.delivered;
    judgement.count = holding.receipt.count;
    if (draw_.chance(400)) {
        judgement.index = draw_.below(holding.receipt.count);
        judgement.count = draw_.from_to(1, holding.receipt.count - judgement.index);
    }
    const std::uint32_t kind = draw_.below(100);
    judgement.verdict = kind < 45   ? Verdict::done
                        : kind < 60 ? Verdict::retry
                        : kind < 75 ? Verdict::dead
                        : kind < 85 ? Verdict::hand_back
                                    : Verdict::visibility;
    if (judgement.verdict == Verdict::visibility ||
        (judgement.verdict == Verdict::retry && draw_.chance(500))) {
        judgement.delay = Millis{draw_.chance(200) ? 0 : draw_.below(60'000)};
    }
    if (draw_.chance(500)) {
        judgement.reason = "reason " + std::to_string(draw_.below(100));
    }
    if (judgement.verdict == Verdict::dead) {
        judgement.reason = "dead " + std::to_string(draw_.below(100));
    }
    if (judgement.count == 1 && draw_.chance(200)) {
        for (std::uint32_t i = draw_.from_to(1, 3); i > 0; --i) {
            const Slot slot = draw_slot();
            if (usable(slot)) {
                judgement.sends.emplace_back(slot, new_message(slot));
            }
        }
    }
    return judgement;
}

void Life::settle(Clients::Session& session) {
    const auto& holdings = clients_.holdings();
    if (holdings.empty()) {
        return;
    }
    auto* asked = clients_.make(session, Kind::settle, 0, draw_.any());
    for (std::uint32_t i = draw_.from_to(1, 3); i > 0; --i) {
        // The newest ones mostly; old ones are stale more often than not.
        const std::size_t back = draw_.below(
            draw_.chance(700) ? std::min<std::size_t>(holdings.size(), 3) : holdings.size());
        const Judgement judgement = judge(holdings[holdings.size() - 1 - back]);
        say("settles " + std::string(to_string(judgement.verdict)) + " message " +
            std::to_string(judgement.delivered[judgement.index]) + " and " +
            std::to_string(judgement.count - 1) + " more as request " +
            std::to_string(asked->number) + " of " + std::to_string(asked->session));
        asked->judgements.push_back(judgement);
    }
    const Slot slot = draw_slot();
    if (draw_.chance(200) && usable(slot)) {
        asked->next = make_receive(session, slot);
        asked->next->hash = asked->hash;
        say("and asks for more of " + name_of(slot));
    }
    clients_.execute(asked);
}

void Life::hello(Clients::Session& session, bool leaving) {
    auto* asked = clients_.make(session, Kind::hello, 0, draw_.any());
    asked->leaving = leaving;
    say(std::to_string(asked->session) + (asked->leaving ? " leaves" : " says hello"));
    clients_.execute(asked);
}

void Life::beat(Clients::Session& session) {
    auto* asked = clients_.make(session, Kind::beat, 0, draw_.any());
    const auto& holdings = clients_.holdings();
    if (!holdings.empty()) {
        const Holding& holding =
            holdings[holdings.size() - 1 - draw_.below(std::min<std::size_t>(holdings.size(), 4))];
        asked->receipt = holding.receipt;
        asked->started = holding.delivered;
    }
    clients_.execute(asked);
}

// A worker is at work on all that it may hold.
void Life::start_all(Clients::Session& session) {
    const auto& holdings = clients_.holdings();
    for (std::size_t i = holdings.size() - std::min<std::size_t>(holdings.size(), 8);
         i < holdings.size(); ++i) {
        auto* asked = clients_.make(session, Kind::beat, 0, draw_.any());
        asked->receipt = holdings[i].receipt;
        asked->started = holdings[i].delivered;
        clients_.execute(asked);
    }
}

void Life::repeat(Clients::Session& session) {
    if (session.history.empty()) {
        return;
    }
    Asked* const asked =
        session.history[session.history.size() - 1 - draw_.below(session.history.size())];
    const bool remembered =
        asked->kind == Kind::send || asked->kind == Kind::receive || asked->kind == Kind::settle;
    const bool in_window = asked->number + limits::kSessionRequestsKept > session.next_number + 1;
    const bool surely_out = asked->number + limits::kSessionRequestsKept <= session.newest_noted;
    const bool is_next = asked->kind == Kind::receive && asked->first_asked == Time{};
    if (!remembered || (!in_window && !surely_out) ||
        (surely_out && (asked->next || clients_.waits_for(asked))) || is_next) {
        return;
    }
    const bool usable_now = asked->kind == Kind::settle ? !asked->next || usable(asked->next->slot)
                            : asked->to_topic           ? may_publish()
                                                        : usable(asked->slot);
    const auto may_send = [&](MessageId id) { return world_.model().may_ask_again(id); };
    const bool sends_usable =
        std::all_of(asked->ids.begin(), asked->ids.end(), may_send) &&
        std::all_of(asked->judgements.begin(), asked->judgements.end(), [&](const Judgement& j) {
            return std::all_of(j.sends.begin(), j.sends.end(), [&](const auto& send) {
                return usable(send.first) && may_send(send.second);
            });
        });
    if (!usable_now || !sends_usable) {
        return;
    }
    const bool other = asked->noted && in_window && draw_.chance(150);
    say("repeats request " + std::to_string(asked->number) + " of " +
        std::to_string(asked->session) + (other ? " as another one" : ""));
    clients_.execute(asked, other);
}

void Life::administer() {
    const Slot slot = draw_slot();
    if (administered_ >> slot & 1U) {
        return;
    }
    const auto& known = world_.model().queue(slot);
    if (known.unsure()) {
        return;
    }
    Clients::Session& session = clients_.session(0);
    Kind kind = Kind::create;
    if (known.there) {
        const std::uint32_t which = draw_.below(100);
        kind = which < 60 ? Kind::set : which < 80 ? Kind::purge : Kind::remove;
        if (kind == Kind::remove && is_subscriber(slot)) {
            kind = Kind::purge;  // Its subscription would go with it.
        }
    }
    auto* asked = clients_.make(session, kind, slot, draw_.any());
    asked->rules = draw_rules(slot);
    administered_ |= 1U << slot;
    say("administers " + name_of(slot) + ", kind " + std::to_string(static_cast<int>(kind)));
    clients_.execute(asked);
}

}  // namespace esteira::simulation
