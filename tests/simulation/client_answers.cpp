// What clients make of answers.
#include <algorithm>

#include "common/base/overloaded.hpp"
#include "tests/simulation/client.hpp"

namespace esteira::simulation {

using dialogue::Code;
using Kind = Asked::Kind;

namespace {

template <class Reply>
const Reply& expect_reply(const dialogue::Answer& answer) {
    const auto* reply = std::get_if<Reply>(&answer);
    if (reply == nullptr) {
        const auto* refused = std::get_if<dialogue::Refused>(&answer);
        throw Violation("an answer of another kind: " +
                        (refused == nullptr ? std::to_string(answer.index())
                                            : to_string(refused->code) + (": " + refused->reason)));
    }
    return *reply;
}

std::vector<std::pair<Code, std::uint64_t>> by_entry(
    const std::vector<dialogue::ResultRun>& results) {
    std::vector<std::pair<Code, std::uint64_t>> entries;
    for (const dialogue::ResultRun& run : results) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
            entries.emplace_back(run.code, run.first.value == 0 ? 0 : run.first.value + i);
        }
    }
    return entries;
}

std::string listed(const std::vector<MessageId>& ids) {
    std::string text;
    for (const MessageId id : ids) {
        text += " " + std::to_string(id);
    }
    return text;
}

}  // namespace

void Clients::answered(std::vector<engine::Answered>& answers) {
    Model& model = world_.model();
    receiving_ = waiting();
    model.turn_decided(world_.now(), receiving_);
    for (const auto& happened : std::exchange(direct_, {})) {
        happened(true);
    }
    for (const engine::Answered& answer : answers) {
        const auto at = expected_.find({answer.ticket, answer.response.number});
        if (at == expected_.end()) {
            throw Violation("an answer that nobody waits for, to request " +
                            std::to_string(answer.response.number));
        }
        const Expected expected = at->second;
        expected_.erase(at);
        take(expected, answer.response.answer);
    }
    // What was moved by an answer may have been too old where it came to.
    model.turn_decided(world_.now(), receiving_);
    std::erase_if(expected_, [](const auto& entry) { return entry.second.superseded; });
    for (auto& [key, expected] : expected_) {
        if (expected.asked->kind != Kind::receive || expected.asked->wait <= Millis{0}) {
            throw Violation("request " + std::to_string(key.second) + " is not answered");
        }
        expected.parked = true;
        expected.expired = false;  // It was still remembered, and waits.
        if (world_.now().broker >= expected.asked->waits_until) {
            throw Violation("request " + std::to_string(key.second) +
                            " waits longer than it asked to");
        }
        model.received_nothing(expected.asked->slot, most_wanted(expected.asked->slot),
                               world_.now());
    }
    leaving_.clear();
    bodies_.clear();
    texts_.clear();
}

void Clients::note(Asked& asked) {
    asked.noted = true;
    if (Session* session = session_of(asked)) {
        session->newest_noted = std::max(session->newest_noted, asked.number);
    }
}

// True when that was all.
bool Clients::take_refusal(Asked& asked, const dialogue::Refused& refused) {
    const Code code = refused.code;
    Model& model = world_.model();
    counters_.add(Sometimes::disk_full_refusal, code == Code::disk_full);
    counters_.add(Sometimes::queue_full_refusal, code == Code::queue_full);
    if (code == Code::disk_full && !world_.was_full()) {
        throw Violation("sends are refused for a disk that has room");
    }
    if (asked.kind == Kind::send) {
        if (asked.noted) {
            throw Violation("a request that was answered is refused now: " + refused.reason);
        }
        if (code == Code::paused) {
            model.check_sends_paused(asked.ids);
        }
        for (const MessageId id : asked.ids) {
            model.not_sent(id);
        }
        return true;
    }
    if (asked.kind == Kind::receive && code == Code::no_such_queue) {
        return true;
    }
    const bool look = asked.kind == Kind::look || asked.kind == Kind::set ||
                      asked.kind == Kind::remove || asked.kind == Kind::purge;
    if (look && code == Code::no_such_queue) {
        model.queue_seen(asked.slot, nullptr);
        return true;
    }
    const bool sets = asked.kind == Kind::create || asked.kind == Kind::set;
    if (sets && code == Code::conflict && model.may_lack(asked.rules.dead_letters)) {
        // One that was asked before may have been done then.
        if (!asked.ever_unknown) {
            model.queue_not_set(asked.slot);
        }
        return true;
    }
    throw Violation("refused: " + std::string(to_string(code)) + ": " + refused.reason);
}

void Clients::take(Expected expected, const dialogue::Answer& answer) {
    Asked& asked = *expected.asked;
    Model& model = world_.model();
    const Now now = world_.now();
    const auto* refused = std::get_if<dialogue::Refused>(&answer);
    if (expected.other_hash) {
        if (refused == nullptr || refused->code != Code::request_mismatch) {
            throw Violation("another request under a known number was not refused");
        }
        counters_.add(Sometimes::mismatch_refused);
        return;
    }
    if (expected.expired) {
        if (refused != nullptr && refused->code == Code::request_expired) {
            counters_.add(Sometimes::request_expired);
            return;
        }
        // One that is still remembered may be answered as before.
        if (!asked.noted && !asked.ever_unknown && !asked.unclear) {
            throw Violation("a request older than what is remembered was not refused");
        }
    }
    if (refused != nullptr && take_refusal(asked, *refused)) {
        return;
    }
    switch (asked.kind) {
        case Kind::send:
            take_send(asked, expect_reply<dialogue::SendReply>(answer));
            break;
        case Kind::receive:
            take_receive(expected, expect_reply<dialogue::ReceiveReply>(answer));
            break;
        case Kind::settle:
            take_settle(asked, expect_reply<dialogue::SettleReply>(answer));
            break;
        case Kind::hello:
            expect_reply<dialogue::HelloReply>(answer);
            if (asked.leaving) {
                counters_.add(Sometimes::worker_left);
                model.left(asked.session, now.broker, true);
            }
            break;
        case Kind::beat:
            expect_reply<dialogue::BeatReply>(answer);
            break;
        case Kind::create:
        case Kind::set:
        case Kind::look: {
            const auto& reply = expect_reply<dialogue::QueueReply>(answer);
            model.turn_decided(now, receiving_);  // By the rules that there were until now.
            if (asked.kind == Kind::set) {
                model.delay_cut(asked.slot, asked.rules.delay_seconds, now.broker, true);
            }
            if (asked.kind != Kind::look && !asked.rules.told_by(reply.attributes)) {
                throw Violation(name_of(asked.slot) + " was not set as asked");
            }
            if (asked.kind == Kind::set && model.lacks(asked.rules.dead_letters)) {
                throw Violation(name_of(asked.slot) + " has a dead-letter queue that is not there");
            }
            model.queue_seen(asked.slot, &reply.attributes);
            break;
        }
        case Kind::remove:
        case Kind::purge:
            expect_reply<dialogue::DoneReply>(answer);
            counters_.add(Sometimes::queue_removed, asked.kind == Kind::remove);
            // Perhaps buried elsewhere before that, or buried there after it.
            model.turn_decided(now, receiving_);
            model.emptied(asked.slot, asked.kind == Kind::remove);
            model.turn_decided(now, receiving_);
            break;
    }
    asked.answered = true;
    asked.unknown = false;
}

void Clients::take_send(Asked& asked, const dialogue::SendReply& reply) {
    const auto results = by_entry(reply.results);
    if (results.size() != asked.ids.size()) {
        throw Violation("a send of " + std::to_string(asked.ids.size()) + " entries has " +
                        std::to_string(results.size()) + " results");
    }
    if (asked.noted) {
        if (results != asked.results) {
            throw Violation("a repeated send is answered in another way");
        }
        counters_.add(asked.over_restart ? Sometimes::repeat_answered_after_restart
                                         : Sometimes::repeat_answered_alike);
        return;
    }
    if (asked.unclear && results == asked.results) {
        return;  // It is known again, or repeats the same ones.
    }
    bool any = false;
    const std::uint64_t newest = newest_number_;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const auto [code, number] = results[i];
        counters_.add(Sometimes::queue_full_refusal, code == Code::queue_full);
        if (code != Code::ok) {
            if (code == Code::paused) {
                world_.model().check_sends_paused({asked.ids[i]});
            }
            world_.model().not_sent(asked.ids[i]);
            continue;
        }
        if (number == 0) {
            throw Violation("a message that was sent has no number");
        }
        if (world_.model().message(asked.ids[i]).sent == Model::Message::Sent::no) {
            // The same request was refused as a whole a moment ago, in this very turn.
            world_.model().asked_again(asked.ids[i], world_.now());
        }
        if (!asked.ever_unknown && !asked.unclear) {
            world_.model().check_sends_go({asked.ids[i]});
        }
        newest_number_ = std::max(newest_number_, number);
        const Time first = asked.unknown ? asked.first_asked : world_.now().broker;
        const auto came =
            world_.model().answered_send(asked.ids[i], number, first, world_.now().broker);
        any |= came == Model::Came::stored;
        // Whether the broker knows the request again depends on what it was.
        asked.unclear |= came == Model::Came::either;
        say_("message " + std::to_string(asked.ids[i]) +
             (came == Model::Came::stored      ? " is number "
              : came == Model::Came::duplicate ? " repeats number "
                                               : " is or repeats number ") +
             std::to_string(number));
    }
    if (asked.unknown && any) {
        const bool before = newest_number_ == newest;  // Others were sent since.
        counters_.add(before ? Sometimes::repeat_of_unknown_had_happened
                             : Sometimes::repeat_of_unknown_was_new);
    }
    asked.results = results;
    if (any) {
        note(asked);
    }
    // One that sends nothing is remembered all the same if it took several frames.
    asked.unclear |= !any && (results.size() > 1 || asked.to_topic);
}

void Clients::take_receive(const Expected& expected, const dialogue::ReceiveReply& reply) {
    Asked& asked = *expected.asked;
    Model& model = world_.model();
    const Now now = world_.now();
    if (reply.messages.empty()) {
        // One who does not wait stands behind those who do.
        const bool others = (waiting() >> asked.slot & 1U) != 0;
        if ((expected.parked || !others) && !leaving_.contains(asked.session)) {
            model.received_nothing(asked.slot, most_wanted(asked.slot), now);
            model.check_attempt(asked.asking, {}, now);
        }
        return;
    }
    counters_.add(Sometimes::long_poll_answered, expected.parked);
    const std::uint64_t first = reply.receipt.first.value;
    const bool same = std::any_of(holdings_.begin(), holdings_.end(), [&](const Holding& holding) {
        return holding.receipt.first.value == first;
    });
    // What another request was given is no answer of this one's, and is not remembered as such.
    const bool its_own =
        asked.asking.attempt.empty() || (!model.was_told(reply.receipt) && !asked.asking.repeated);
    Holding holding{asked.slot, reply.receipt, model.received(asked.asking, reply, now)};
    say_("request " + std::to_string(asked.number) + " of " + std::to_string(asked.session) +
         " is given" + listed(holding.delivered) + " as deliveries from " +
         std::to_string(holding.receipt.first.value) + " on");
    if (!same) {
        holdings_.push_back(std::move(holding));
    }
    if (its_own) {
        note(asked);
    } else {
        asked.unclear = true;
    }
}

void Clients::take_settle(Asked& asked, const dialogue::SettleReply& reply) {
    const auto results = by_entry(reply.results);
    if (results.size() != asked.judgements.size()) {
        throw Violation("a settle of " + std::to_string(asked.judgements.size()) +
                        " verdicts has " + std::to_string(results.size()) + " results");
    }
    if (asked.noted) {
        if (results != asked.results) {
            throw Violation("a repeated settle is answered in another way");
        }
        counters_.add(asked.over_restart ? Sometimes::repeat_answered_after_restart
                                         : Sometimes::repeat_answered_alike);
        return;
    }
    const Now now = world_.now();
    for (std::size_t i = 0; i < results.size(); ++i) {
        const Code code = results[i].first;
        counters_.add(Sometimes::stale_receipt_refused, code == Code::receipt_stale);
        say_("verdict " + std::to_string(i) + " of request " + std::to_string(asked.number) +
             " of " + std::to_string(asked.session) + ": " + to_string(code));
        if (asked.unknown) {
            world_.model().settled_late(asked.judgements[i], code, asked.first_asked, now.broker);
        } else {
            world_.model().settled(asked.judgements[i], code, now);
        }
    }
    asked.results = results;
    note(asked);
}

}  // namespace esteira::simulation
