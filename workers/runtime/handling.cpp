#include "workers/runtime/handling.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "common/base/check.hpp"
#include "workers/runtime/exchange.hpp"
#include "workers/runtime/failed_groups.hpp"

namespace esteira::runtime {
namespace {

// The outcomes of one call, or why there are none although the store is there.
Result<std::vector<Outcome>, std::string> call(Handler& handler, std::span<const Delivery> batch) {
    try {
        std::vector<Outcome> outcomes = handler.handle(batch);
        ESTEIRA_CHECK(outcomes.size() == batch.size());
        return outcomes;
    } catch (const Unavailable&) {
        throw;
    } catch (const Misconfigured&) {
        throw;
    } catch (const std::exception& error) {
        return std::string(error.what());
    } catch (...) {
        return std::string("an exception that is none");
    }
}

void require_a_cause(Outcome& outcome) {
    if (outcome.verdict == Verdict::hand_back) {
        outcome = {Verdict::retry, "handed back, but nothing of its group failed before it", {}};
    }
}

// A handler may answer for a message behind a failed one what it likes: the group goes on with the
// one that failed.
void keep_order(std::span<const Delivery> batch, std::vector<Outcome>& outcomes) {
    FailedGroups failed;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (failed.hold(batch[i])) {
            outcomes[i] = {Verdict::hand_back, {}, {}};
            continue;
        }
        require_a_cause(outcomes[i]);
        if (outcomes[i].verdict == Verdict::retry) {
            failed.add(batch[i]);
        }
    }
}

void handle_one_by_one(std::vector<Outcome>& outcomes, Handler& handler,
                       std::span<const Delivery> batch) {
    FailedGroups failed;
    for (const Delivery& one : batch) {
        if (failed.hold(one)) {
            outcomes.push_back({Verdict::hand_back, {}, {}});
            continue;
        }
        auto alone = call(handler, {&one, 1});
        outcomes.push_back(alone ? std::move(std::move(alone).value().front())
                                 : Outcome{Verdict::retry, alone.error(), {}});
        require_a_cause(outcomes.back());
        if (outcomes.back().verdict == Verdict::retry) {
            failed.add(one);
        }
    }
}

void handle_into(Handled& handled, Handler& handler, std::span<const Delivery> batch) {
    auto together = call(handler, batch);
    if (together) {
        handled.outcomes = std::move(together).value();
        keep_order(batch, handled.outcomes);
        return;
    }
    if (batch.size() == 1) {
        handled.outcomes.push_back({Verdict::retry, together.error(), {}});
        return;
    }
    handle_one_by_one(handled.outcomes, handler, batch);
}

// Nothing when the handler is ready.
std::optional<Report> ready(Handler& handler) {
    try {
        handler.start();
        return std::nullopt;
    } catch (const Misconfigured& error) {
        return StoreMisconfigured{error.what()};
    } catch (const std::exception& error) {
        return StoreAway{error.what()};
    }
}

Finished finish(Handler& handler, Batch batch) {
    const auto begun = std::chrono::steady_clock::now();
    Handled handled = handle_batch(handler, batch.deliveries());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return {std::move(batch), std::move(handled), took.count(), handler.counters()};
}

}  // namespace

Handled handle_batch(Handler& handler, std::span<const Delivery> batch) {
    Handled handled;
    try {
        handle_into(handled, handler, batch);
    } catch (const Unavailable& error) {
        handled.end = Handled::End::unavailable;
        handled.why = error.what();
    } catch (const Misconfigured& error) {
        handled.end = Handled::End::misconfigured;
        handled.why = error.what();
    }
    return handled;
}

void work(Handler& handler, Exchange& exchange, Backoff pauses) {
    bool is_ready = false;
    while (true) {
        if (!is_ready) {
            std::optional<Report> fault = ready(handler);
            is_ready = !fault.has_value();
            const bool give_up = fault && std::holds_alternative<StoreMisconfigured>(*fault);
            exchange.report(fault ? std::move(*fault) : Report(StoreReady{}));
            if (give_up || (!is_ready && !exchange.pause(pauses.next()))) {
                return;
            }
            continue;
        }
        std::optional<Batch> batch = exchange.take();
        if (!batch) {
            return;
        }
        Finished finished = finish(handler, std::move(*batch));
        const Handled::End end = finished.handled.end;
        exchange.report(std::move(finished));
        switch (end) {
            case Handled::End::whole:
                pauses.reset();
                break;
            case Handled::End::unavailable:
                is_ready = false;
                if (!exchange.pause(pauses.next())) {
                    return;
                }
                break;
            case Handled::End::misconfigured:
                return;
        }
    }
}

}  // namespace esteira::runtime
