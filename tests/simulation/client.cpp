#include "tests/simulation/client.hpp"

#include <algorithm>

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"
#include "common/base/overloaded.hpp"

namespace esteira::simulation {

using Kind = Asked::Kind;

Clients::Session& Clients::open_session(Bytes16 id) {
    Session& session = sessions_.emplace_back();
    session.known = world_.model().new_session();
    session.id = id;
    session.last_used = world_.now().broker;
    return session;
}

void Clients::replace_session(std::size_t i, Bytes16 id) {
    sessions_[i] = Session{};
    sessions_[i].known = world_.model().new_session();
    sessions_[i].id = id;
    sessions_[i].last_used = world_.now().broker;
}

Asked* Clients::make(Session& session, Kind kind, Slot slot, std::uint64_t hash) {
    constexpr std::size_t kHistory = 100;
    Asked* const asked = &requests_.emplace_back();
    asked->kind = kind;
    asked->slot = slot;
    asked->session = session.known;
    asked->session_id = session.id;
    asked->number = session.next_number++;
    asked->hash = hash;
    session.history.push_back(asked);
    if (session.history.size() > kHistory) {
        session.history.pop_front();
    }
    return asked;
}

bool Clients::turn(const std::function<void()>& decide) {
    const bool alive =
        world_.turn(decide, [this](std::vector<engine::Answered>& answers) { answered(answers); });
    if (!alive) {
        nobody_answers();
    }
    return alive;
}

void Clients::drain() {
    constexpr int kRounds = 200;
    for (int round = 0; round < kRounds; ++round) {
        world_.pass(std::chrono::minutes(round < 20 ? 1 : 30), Millis{0});
        holdings_.clear();
        turn([this] {
            for (Slot slot = 0; slot < kSlots; ++slot) {
                if (!world_.model().queue(slot).there) {
                    continue;
                }
                auto* asked = make(session(0), Kind::receive, slot, ticket_);
                asked->asking.count = 100;
                asked->asking.visibility = std::chrono::seconds(5);
                execute(asked);
            }
        });
        turn([this] {
            for (const Holding& holding : holdings_) {
                auto* asked = make(session(0), Kind::settle, holding.slot, ticket_);
                asked->judgements.push_back({holding.slot,
                                             holding.receipt,
                                             holding.delivered,
                                             0,
                                             holding.receipt.count,
                                             dialogue::Verdict::done,
                                             {},
                                             {},
                                             {}});
                execute(asked);
            }
        });
        const auto& names = world_.engine().queue_names();
        if (std::all_of(names.begin(), names.end(), [this](const auto& queue) {
                return world_.engine().find_queue(queue.first)->messages() == 0;
            })) {
            return world_.model().check_drained();
        }
    }
    throw Violation("the queues could not be drained");
}

// ---------------------------------------------------------------------------------- requests

dialogue::SendEntry Clients::build_entry(MessageId id) {
    const Model::Message& m = world_.model().message(id);
    auto& body = bodies_.emplace_back(m.bytes);
    fill_body(world_.model().body_of(id), body);
    dialogue::SendEntry entry;
    entry.body = body;
    entry.delay = m.delay;
    entry.origin = m.origin;
    entry.group = m.group;
    entry.dedup = m.dedup;
    if (m.with_attributes) {
        const std::string_view value = keep(std::to_string(world_.model().body_of(id)));
        const Attribute attribute{"id", "Number", as_bytes(value)};
        entry.attributes = bodies_.emplace_back(pack_attributes(std::span(&attribute, 1)));
    }
    return entry;
}

dialogue::Operation Clients::build(const Asked& asked) {
    const std::string_view name = keep(name_of(asked.slot));
    const auto receive = [&](const Asked& a) {
        return dialogue::Receive{keep(name_of(a.slot)), a.asking.count, a.wait,
                                 a.asking.visibility,   a.asking.min,   a.asking.attempt};
    };
    switch (asked.kind) {
        case Kind::send: {
            dialogue::Send send{asked.to_topic ? kTopic : name, {}};
            for (const MessageId id : asked.ids) {
                send.entries.push_back(build_entry(id));
            }
            return send;
        }
        case Kind::receive:
            return receive(asked);
        case Kind::settle: {
            dialogue::Settle settle;
            for (const Judgement& j : asked.judgements) {
                dialogue::VerdictEntry entry{j.receipt, j.index,        j.count, j.verdict,
                                             j.delay,   keep(j.reason), {}};
                for (const auto& [slot, id] : j.sends) {
                    entry.sends.emplace_back(keep(name_of(slot)), build_entry(id));
                }
                settle.verdicts.push_back(std::move(entry));
            }
            if (asked.next) {
                settle.next = {asked.next->number, receive(*asked.next)};
            }
            return settle;
        }
        case Kind::hello:
            return dialogue::Hello{"simulated", "pool", "here", 7, asked.leaving};
        case Kind::beat:
            return dialogue::Beat{{{asked.receipt, 0, asked.receipt.count}}};
        case Kind::create:
            return dialogue::CreateQueue{name, asked.rules.attributes(), {}};
        case Kind::set:
            return dialogue::SetQueue{name, asked.rules.attributes()};
        case Kind::look:
            return dialogue::GetQueue{name};
        case Kind::remove:
            return dialogue::DeleteQueue{name};
        case Kind::purge:
            return dialogue::PurgeQueue{name};
    }
    return dialogue::GetQueue{name};
}

// What the model has to know before the broker decides.
void Clients::prepare_model(Asked& asked) {
    const Now now = world_.now();
    Model& model = world_.model();
    const bool first = asked.first_asked == Time{};
    if (first) {
        asked.first_asked = now.broker;
    }
    model.session_seen(asked.session, now.broker);
    const auto again = [&](MessageId id) {
        if (!first && !asked.noted) {
            model.asked_again(id, now);
        }
    };
    switch (asked.kind) {
        case Kind::send:
            for (const MessageId id : asked.ids) {
                again(id);
            }
            break;
        case Kind::receive:
            asked.asking.repeated = !first;
            prepare_receive(asked);
            break;
        case Kind::settle:
            for (const Judgement& j : asked.judgements) {
                for (const auto& [slot, id] : j.sends) {
                    again(id);
                }
            }
            if (asked.next) {
                prepare_model(*asked.next);
            }
            break;
        case Kind::hello:
            if (asked.leaving) {
                leaving_.insert(asked.session);
            } else {
                model.session_works(asked.session);
            }
            break;
        case Kind::beat:
            model.beat(asked.started);
            break;
        case Kind::create:
        case Kind::set:
            model.queue_perhaps_set(asked.slot, asked.rules);
            break;
        case Kind::remove:
            model.queue_perhaps_gone(asked.slot);
            break;
        case Kind::look:
        case Kind::purge:
            break;
    }
}

void Clients::prepare_receive(Asked& asked) {
    Model::Asking& asking = asked.asking;
    asking.slot = asked.slot;
    asking.session = asked.session;
    asking.first_asked = asked.first_asked;
    const Time until = world_.now().broker + asked.wait;
    asking.waits_until = asked.waits_until == Time{} ? until : std::min(asking.waits_until, until);
    asked.waits_until = std::max(asked.waits_until, until);
    if (asking.attempt.empty()) {
        return;
    }
    // What others were perhaps given under the same attempt, it may be given.
    auto& askers = attempts_[{asked.slot, asking.attempt}];
    for (const Asked* other : askers) {
        if (other != &asked && other->ever_unknown) {
            asking.repeated = true;
            asking.first_asked = std::min(asking.first_asked, other->first_asked);
            asking.sent_after = std::min(asking.sent_after, other->asking.sent_after);
            asking.hidden_least = std::min(asking.hidden_least, other->asking.hidden_least);
            asking.receives_most = std::max(asking.receives_most, other->asking.receives_most);
        }
    }
    askers.insert(&asked);
}

Clients::Session* Clients::session_of(const Asked& asked) {
    const auto at = std::find_if(sessions_.begin(), sessions_.end(),
                                 [&](const Session& s) { return s.known == asked.session; });
    return at == sessions_.end() ? nullptr : &*at;
}

void Clients::expect_answer(Asked* asked, Expected expected) {
    for (auto& [key, earlier] : expected_) {
        earlier.superseded |= earlier.asked == asked && !expected.other_hash && !expected.expired;
    }
    expected_[{ticket_, asked->number}] = std::move(expected);
}

void Clients::execute(Asked* asked, bool other_hash) {
    ++ticket_;
    Session* session = session_of(*asked);
    const bool remembered =
        asked->kind == Kind::send || asked->kind == Kind::receive || asked->kind == Kind::settle;
    const bool expired = remembered && session != nullptr &&
                         asked->number + limits::kSessionRequestsKept <= session->newest_noted;
    if (!other_hash) {
        prepare_model(*asked);
        if (asked->next) {
            expect_answer(asked->next, {asked->next, false, false, false, false});
        }
    }
    world_.model().session_seen(asked->session, world_.now().broker);
    expect_answer(asked, {asked, other_hash, expired, false, false});
    if (session != nullptr) {
        session->last_used = world_.now().broker;
    }
    const std::uint64_t hash = other_hash ? asked->hash + 1 : asked->hash;
    world_.engine().execute(ticket_, {asked->session_id, asked->number, build(*asked)}, hash,
                            world_.now());
}

// ------------------------------------------------------------------------------ without answers

// Nobody waits for a task: what it may have done by now, World tells the model in each turn.
void Clients::start_move(const engine::MoveCommand& command) {
    (void)world_.engine().start_move(command, world_.now());
}

void Clients::cancel_move(std::uint64_t id) { (void)world_.engine().cancel_move(id, world_.now()); }

void Clients::undeliverable(std::size_t holding) {
    const Holding held = holdings_[holding];
    const Time now = world_.now().broker;
    world_.engine().undeliverable(held.receipt, world_.now());
    counters_.add(Sometimes::undelivered);
    say_("delivery " + std::to_string(held.receipt.first.value) + " never arrived");
    direct_.push_back([this, held, now](bool surely) {
        world_.model().undelivered(held.slot, held.receipt, held.delivered, now, surely);
    });
    holdings_.erase(holdings_.begin() + static_cast<std::ptrdiff_t>(holding));
}

void Clients::peek(Slot slot) {
    const auto seen = world_.engine().peek(name_of(slot), 20, "", world_.now());
    if (!seen) {
        return;
    }
    for (const engine::Peeked& message : seen.value()) {
        world_.model().peeked(slot, {message.body, message.number.value, message.origin},
                              message.phase == engine::Peeked::Phase::visible, world_.now().broker);
    }
}

// Receivers that went away while they waited.
void Clients::forget_waiters(std::uint32_t one_in, Draw& draw) {
    std::erase_if(expected_, [&](const auto& entry) {
        if (!entry.second.parked || draw.below(one_in) != 0) {
            return false;
        }
        world_.engine().forget_waiter(entry.first.first);
        entry.second.asked->unknown = false;
        return true;
    });
}

bool Clients::waits_for(const Asked* asked) const {
    return std::any_of(expected_.begin(), expected_.end(),
                       [&](const auto& entry) { return entry.second.asked == asked; });
}

// The largest batch that somebody waits for: who stands at the front may be the one.
std::uint32_t Clients::most_wanted(Slot slot) const {
    std::uint32_t most = 1;
    for (const auto& [key, expected] : expected_) {
        if (expected.asked->kind == Kind::receive && expected.asked->slot == slot) {
            most = std::max(most, expected.asked->asking.min);
        }
    }
    return most;
}

std::uint32_t Clients::waiting() const {
    std::uint32_t slots = 0;
    for (const auto& [key, expected] : expected_) {
        if (expected.asked->kind == Kind::receive) {
            slots |= 1U << expected.asked->slot;
        }
    }
    return slots;
}

}  // namespace esteira::simulation
