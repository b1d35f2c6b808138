#include "workers/supervisor/pool.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <sys/wait.h>

#include "common/cli/exit_code.hpp"
#include "common/logging/logging.hpp"

namespace esteira::supervisor {

namespace {

bool holds(const std::vector<pid_t>& pids, pid_t pid) {
    return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

}  // namespace

Pool::Pool(PoolSettings settings) : settings_(std::move(settings)) {}

std::size_t Pool::target() const { return over_ || !granted_ ? 0 : planned_.value_or(0); }

std::uint32_t Pool::count(Slot::State state) const {
    return static_cast<std::uint32_t>(std::count_if(
        slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.state == state; }));
}

bool Pool::empty() const { return count(Slot::State::empty) == slots_.size(); }

// ------------------------------------------------------------------------------------- the broker

void Pool::hear(const Orders& orders, Time now) {
    if (std::exchange(granted_, orders.granted) && !granted_) {
        logging::error("pool_refused", {{"pool", settings_.name}, {"supervisor", orders.by}});
    }
    if (!granted_) {
        return;
    }
    for (Slot& slot : slots_) {
        slot.online = slot.state != Slot::State::empty && holds(orders.online, slot.pid);
        slot.drain |= slot.state == Slot::State::running && holds(orders.drain, slot.pid);
    }
    if (std::exchange(fixed_, orders.wanted) != orders.wanted) {
        // Somebody has looked at it: what failed is worth another try.
        for (Slot& slot : slots_) {
            slot.due = Time{};
            slot.pauses.reset();
            slot.wrong_pauses.reset();
        }
    }
    plan(orders, now);
}

void Pool::plan(const Orders& orders, Time now) {
    if (!planned_) {
        planned_ = settings_.policy.workers_min;
        needed_at_ = now;
    }
    const auto at_work = static_cast<std::uint32_t>(
        std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.online; }));
    rate_.take({orders.handled, orders.visible, at_work}, now);
    const PoolView view{*planned_, orders.visible + orders.in_flight, rate_.per_worker_s(), fixed_,
                        needed_at_};
    const std::uint32_t wanted = workers_wanted(view, settings_.policy, now);
    if (wanted != *planned_) {
        logging::info("pool_resized", {{"pool", settings_.name},
                                       {"from", *planned_},
                                       {"to", wanted},
                                       {"mode", fixed_ ? "fixed" : "auto"},
                                       {"backlog", view.backlog},
                                       {"handled_per_worker_s", view.handled_per_worker_s}});
    }
    if (wanted != *planned_ || workers_needed(view, settings_.policy) >= *planned_) {
        needed_at_ = now;
    }
    planned_ = wanted;
}

// -------------------------------------------------------------------------------------- processes

void Pool::act(Time now, Hand& hand) {
    for (std::size_t i = slots_.size(); i < target(); ++i) {
        slots_.emplace_back().name = settings_.name + "-" + std::to_string(i + 1);
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        Slot& slot = slots_[i];
        if (slot.state == Slot::State::stopping && now >= slot.kill_at) {
            logging::warning("worker_killed", {{"name", slot.name}, {"pid", slot.pid}});
            hand.signal(slot.pid, SIGKILL);
            slot.kill_at = Time::max();
        } else if (slot.state == Slot::State::running && i >= target()) {
            ask_to_stop(slot, now, hand, "too_many");
        } else if (slot.state == Slot::State::empty && i < target() && now >= slot.due) {
            start(slot, now, hand);
        }
    }
    roll(now, hand);
    while (slots_.size() > target() && slots_.back().state == Slot::State::empty) {
        hand.forget(slots_.back().name);
        slots_.pop_back();
    }
}

// One after the other: the next goes when the one before is replaced and the broker knows it.
void Pool::roll(Time now, Hand& hand) {
    const bool whole = std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
        return slot.state == Slot::State::running && slot.online;
    });
    const auto next =
        std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.drain; });
    if (whole && next != slots_.end()) {
        ask_to_stop(*next, now, hand, "drain");
    }
}

void Pool::start(Slot& slot, Time now, Hand& hand) {
    const Start start = hand.start(settings_.name, slot.name);
    slot.held = start.result == Start::Result::held;
    switch (start.result) {
        case Start::Result::started:
            slot.state = Slot::State::running;
            slot.pid = start.pid;
            slot.online = slot.drain = slot.wrong = false;
            slot.started_at = now;
            logging::info("worker_started", {{"name", slot.name}, {"pid", slot.pid}});
            return;
        case Start::Result::held:
            return;  // Its end wakes us.
        case Start::Result::refused:
            slot.wrong = true;
            slot.due = now + slot.wrong_pauses.next();
            logging::error("worker_not_started", {{"name", slot.name}, {"reason", start.why}});
            return;
    }
}

void Pool::ask_to_stop(Slot& slot, Time now, Hand& hand, std::string_view why) {
    logging::info("worker_asked_to_stop",
                  {{"name", slot.name}, {"pid", slot.pid}, {"why", std::string(why)}});
    slot.state = Slot::State::stopping;
    slot.drain = false;
    slot.kill_at = now + settings_.drain + kKillAfter;
    hand.signal(slot.pid, SIGTERM);
}

bool Pool::ended(pid_t pid, int status, Time now, Hand& hand) {
    const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) {
        return s.state != Slot::State::empty && s.pid == pid;
    });
    if (slot == slots_.end()) {
        return false;
    }
    const bool asked = std::exchange(slot->state, Slot::State::empty) == Slot::State::stopping;
    slot->online = slot->drain = false;
    slot->pid = 0;
    if (asked) {
        logging::info("worker_stopped", {{"name", slot->name}, {"pid", pid}});
        slot->due = Time{};
        hand.forget(slot->name);
    } else {
        note_ended(*slot, status, now);
    }
    return true;
}

void Pool::note_ended(Slot& slot, int status, Time now) {
    ++restarts_;
    const Millis ran = now - slot.started_at;
    if (ran >= kQuiet) {
        slot.pauses.reset();
        slot.wrong_pauses.reset();
    }
    slot.wrong =
        WIFEXITED(status) && WEXITSTATUS(status) == cli::number(cli::ExitCode::configuration);
    const Millis pause = slot.wrong ? slot.wrong_pauses.next() : slot.pauses.next();
    slot.due = now + pause;
    logging::error(slot.wrong ? "worker_misconfigured" : "worker_ended",
                   {{"name", slot.name},
                    {"code", WIFEXITED(status) ? WEXITSTATUS(status) : -1},
                    {"signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0},
                    {"ran_ms", ran.count()},
                    {"again_in_ms", pause.count()}});
}

void Pool::stop(Time now, Hand& hand) {
    over_ = true;
    act(now, hand);
}

void Pool::stop_at_once(Time now, Hand& hand) {
    over_ = true;
    for (Slot& slot : slots_) {
        if (slot.state != Slot::State::empty) {
            hand.signal(slot.pid, SIGTERM);  // Its second one: it hands back what it holds.
            slot.state = Slot::State::stopping;
            slot.kill_at = now + kHasteMax;
        }
    }
}

Time Pool::next_due() const {
    Time due = Time::max();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].state == Slot::State::stopping) {
            due = std::min(due, slots_[i].kill_at);
        } else if (slots_[i].state == Slot::State::empty && i < target() && !slots_[i].held) {
            due = std::min(due, slots_[i].due);
        }
    }
    return due;
}

Pool::Told Pool::told() const {
    Told told;
    told.wanted = static_cast<std::uint32_t>(target());
    told.running = count(Slot::State::running);
    told.stopping = count(Slot::State::stopping);
    told.waiting = count(Slot::State::empty);
    told.restarts = restarts_;
    told.fixed = fixed_;
    const bool wrong = std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
        return slot.state == Slot::State::empty && slot.wrong;
    });
    const bool pausing = std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
        return slot.state == Slot::State::empty && slot.due > Time{};
    });
    const bool draining =
        std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.drain; });
    if (!granted_) {
        told.state = "refused";
    } else if (wrong) {
        told.state = "misconfigured";
    } else if (pausing) {
        told.state = "failing";
    } else if (!planned_ || told.running != told.wanted || told.stopping > 0 || draining) {
        told.state = "changing";
    } else {
        told.state = "steady";
    }
    return told;
}

}  // namespace esteira::supervisor
