#include "tests/simulation/life.hpp"

#include <algorithm>
#include <utility>

namespace esteira::simulation {

namespace {
constexpr std::uint32_t kSessionsMax = 4;  // Beside the first ones.
}

Life::Life(const Parameters& parameters, Counters& counters, Trace trace)
    : parameters_(parameters),
      counters_(counters),
      trace_(std::move(trace)),
      draw_(parameters.seed),
      world_(parameters_, counters),
      clients_(world_, counters, [this](const std::string& what) { say(what); }) {}

void Life::say(const std::string& what) {
    if (trace_) {
        trace_("step " + std::to_string(step_) +
               " t=" + std::to_string(world_.now().broker.time_since_epoch().count()) + " " + what);
    }
}

Bytes16 Life::draw_id() {
    Bytes16 id{};
    for (std::byte& b : id) {
        b = static_cast<std::byte>(draw_.below(256));
    }
    return id;
}

bool Life::usable(Slot slot) const {
    // World is not const here: the model is only read.
    const auto& queue = const_cast<World&>(world_).model().queue(slot);
    return queue.there && !queue.unsure() && (administered_ >> slot & 1U) == 0;
}

bool Life::do_turn(const std::function<void()>& decide) {
    const bool alive = clients_.turn(decide);
    if (!alive) {
        say("the process died");
    }
    return alive;
}

void Life::run() {
    for (std::uint32_t i = 0; i < parameters_.sessions; ++i) {
        clients_.open_session(draw_id());
    }
    world_.start();
    for (step_ = 1; step_ <= parameters_.steps; ++step_) {
        live_one_step();
    }
    drain();
    fingerprint_ = fingerprint_ * 31 + world_.model().message_count();
}

void Life::live_one_step() {
    const Millis passed{draw_.below(parameters_.step_millis_max + 1)};
    world_.pass(passed, passed);
    if (parameters_.wall_jumps && draw_.chance(20)) {
        const std::int64_t jump = std::int64_t{draw_.below(7'200'000)} - 3'600'000;
        world_.pass(Millis{0}, Millis{draw_.chance(100) ? jump * 24 : jump});
    }
    if (!world_.alive()) {
        world_.pass(Millis{0}, Millis{draw_.below(60'000)});
        if (draw_.chance(parameters_.wall_jumps ? 50 : 5)) {
            world_.pass(Millis{0}, std::chrono::hours(3));
        }
        world_.start();
        looked_ = false;
        say("started, digest " + std::to_string(world_.digest()));
    }
    world_.arm_faults();
    if (draw_.chance(parameters_.body_flip)) {
        world_.flip_a_body();
    }
    one_turn();
    if (world_.alive() && !world_.upkeep()) {
        say("the process died of upkeep");
        clients_.nobody_answers();
    }
    if (world_.alive() && draw_.chance(parameters_.flip / 10)) {
        say("stops, and finds damage");
        world_.stop_with_damage();
        clients_.nobody_answers();
    }
    if (world_.alive()) {
        fingerprint_ = fingerprint_ * 1'000'003 + world_.digest();
    }
}

void Life::one_turn() {
    administered_ = 0;
    if (!looked_) {
        looked_ = do_turn([this] { look_at_queues(); });
        return;
    }
    do_turn([this] {
        operate();
        for (std::uint32_t i = draw_.from_to(1, parameters_.commands_max); i > 0; --i) {
            command();
        }
    });
}

// What there is, and what is missing is made; before anything else after a start.
void Life::look_at_queues() {
    Clients::Session& session = clients_.session(0);
    // From the last one on: those for dead letters are there before a queue names them.
    for (Slot slot = kSlots; slot-- > 0;) {
        const auto& known = world_.model().queue(slot);
        if (!wanted(slot)) {
            continue;
        }
        const bool make = !known.there && !known.unsure();
        auto* asked = clients_.make(session, make ? Asked::Kind::create : Asked::Kind::look, slot,
                                    draw_.any());
        if (make) {
            asked->rules = draw_rules(slot);
        }
        clients_.execute(asked);
    }
    subscribe_all();
}

void Life::start_move(Slot dead, Slot target) {
    engine::MoveCommand command;
    command.source = name_of(dead);
    command.any_source = target != kNoSlot;
    if (target != kNoSlot) {
        command.destination = name_of(target);
    }
    if (target == kNoSlot && draw_.chance(200)) {
        command.kind = engine::MoveKind::drop;
    }
    if (draw_.chance(500)) {
        command.filter = draw_.chance(500) ? "attr.id:*" : "-attr.id:*";
    }
    command.rate_milli = draw_.chance(500) ? 0 : draw_.from_to(200, 20'000);
    command.limit = draw_.chance(500) ? 0 : draw_.from_to(1, 20);
    command.dry_run = draw_.chance(200);
    say((command.kind == engine::MoveKind::drop ? "drops of " : "moves of ") + command.source +
        " with the filter '" + command.filter + "'");
    clients_.start_move(command);
}

void Life::operate() {
    if (draw_.chance(30)) {
        clients_.peek(draw_slot());
    }
    const Slot dead = draw_dead_letters(draw_dead_of_fifo());
    if (parameters_.dead_letters && draw_.chance(parameters_.admin) && usable(dead)) {
        const bool back = parameters_.subscribers > 0 || draw_.chance(500);
        const Slot target = back ? kNoSlot : draw_slot();
        const bool alike = target != kNoSlot && is_fifo(target) == is_fifo(dead);
        if (target == kNoSlot || (alike && usable(target) && target != dead)) {
            start_move(dead, target);
        }
    }
    if (world_.engine().moves().active_count() > 0 && draw_.chance(5)) {
        clients_.cancel_move(world_.engine().moves().all().front()->id);
    }
    if (draw_.chance(20)) {
        clients_.forget_waiters(2, draw_);
    }
    if (!clients_.holdings().empty() && draw_.chance(20)) {
        clients_.undeliverable(draw_.below(clients_.holdings().size()));
    }
    auto& holdings = clients_.holdings();
    while (holdings.size() > 30) {
        holdings.erase(holdings.begin() + draw_.below(holdings.size() / 2));
    }
}

void Life::command() {
    const std::size_t i = draw_.below(clients_.session_count());
    Clients::Session& session = clients_.session(i);
    const Time now = world_.now().broker;
    if (now < session.silent_until) {
        return;
    }
    if (draw_.chance(parameters_.deaths)) {
        session.silent_until = now + Millis{draw_.from_to(10'000, 30'000)};
        hello(session, false);
        return start_all(session);
    }
    if (now - session.last_used > std::chrono::minutes(10)) {
        session.history.clear();  // The broker may have closed it, and with it what it answered.
        session.newest_noted = 0;
    }
    // All of them stand in the state that every small segment opens with.
    if (sessions_made_ < kSessionsMax && draw_.chance(2)) {
        ++sessions_made_;
        clients_.replace_session(i, draw_id());
    }
    if (draw_.chance(parameters_.repeats)) {
        return repeat(session);
    }
    if (draw_.chance(parameters_.admin)) {
        return administer();
    }
    if (parameters_.workers && draw_.chance(60)) {
        return draw_.chance(600) ? beat(session) : hello(session, draw_.chance(250));
    }
    const Slot slot = draw_slot();
    const std::uint32_t kind = draw_.below(100);
    if (kind < parameters_.sends) {
        return may_publish() && draw_.chance(500) ? publish(session) : send(session, slot);
    }
    if (kind < parameters_.sends + parameters_.settles) {
        return settle(session);
    }
    receive(session, slot);
}

// Everything stops going wrong, the power fails once more, and all that is left is taken.
void Life::drain() {
    if (world_.alive()) {
        world_.count_totals();
        world_.end(true);
        clients_.nobody_answers();
    }
    world_.calm();
    parameters_.without_faults();
    world_.start();
    // What was perhaps made, or removed, is looked for first, and made if it is not there: no dead
    // letter is left without a place.
    for (int look = 0; look < 2; ++look) {
        looked_ = false;
        one_turn();
    }
    do_turn([this] { resume_all(); });
    clients_.replace_session(0, draw_id());
    clients_.drain();
}

// Nothing is paused any more.
void Life::resume_all() {
    for (Slot slot = 0; slot < kSlots; ++slot) {
        const auto& known = world_.model().queue(slot);
        if (known.there && (known.rules.sends_paused || known.rules.receives_paused)) {
            auto* asked = clients_.make(clients_.session(0), Asked::Kind::set, slot, draw_.any());
            asked->rules = known.rules;
            asked->rules.sends_paused = asked->rules.receives_paused = false;
            clients_.execute(asked);
        }
    }
}

}  // namespace esteira::simulation
