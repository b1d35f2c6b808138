// What clients make of answers that never come.
#include "tests/simulation/client.hpp"

namespace esteira::simulation {

using Kind = Asked::Kind;

// The turn died: what it decided may have become durable or not.
void Clients::perhaps(Asked& asked) {
    Model& model = world_.model();
    const Now now = world_.now();
    asked.unknown = asked.ever_unknown = true;
    switch (asked.kind) {
        case Kind::receive:
            model.perhaps_received(asked.asking, now);
            break;
        case Kind::settle:
            for (const Judgement& judgement : asked.judgements) {
                model.perhaps_settled(judgement, now.broker);
            }
            break;
        case Kind::hello:
            if (asked.leaving) {
                model.left(asked.session, now.broker, false);
            }
            break;
        case Kind::remove:
        case Kind::purge:
            model.perhaps_emptied(asked.slot);
            break;
        case Kind::send:
            if (asked.noted) {
                break;  // What is remembered is answered, and nothing is sent.
            }
            for (const MessageId id : asked.ids) {
                model.perhaps_sent(id, now.broker);
            }
            break;
        case Kind::set:
            model.delay_cut(asked.slot, asked.rules.delay_seconds, now.broker, false);
            break;
        case Kind::beat:
        case Kind::create:
        case Kind::look:
            break;
    }
}

void Clients::nobody_answers() {
    const std::uint32_t slots = waiting();
    // Twice: one thing may have made another possible.
    for (int round = 0; round < 2; ++round) {
        world_.model().turn_decided(world_.now(), slots);
        for (const auto& happened : direct_) {
            happened(false);
        }
        for (auto& [key, expected] : expected_) {
            if (!expected.other_hash) {
                perhaps(*expected.asked);
            }
        }
    }
    direct_.clear();
    expected_.clear();
    for (Session& session : sessions_) {
        for (Asked* asked : session.history) {
            asked->over_restart = true;
        }
    }
    leaving_.clear();
    bodies_.clear();
    texts_.clear();
}

}  // namespace esteira::simulation
