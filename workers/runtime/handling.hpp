#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "workers/runtime/backoff.hpp"
#include "workers/runtime/batch.hpp"
#include "workers/runtime/handler.hpp"

// The half of a worker that calls the handler; it knows no broker.
namespace esteira::runtime {

class Exchange;

// What became of a batch. The messages behind the last outcome were not handled, or not to an end:
// they go back as if they had never been delivered, like those that are to be handed back.
struct Handled {
    enum class End { whole, unavailable, misconfigured };

    std::vector<Outcome> outcomes;
    End end = End::whole;
    std::string why{};  // When the end is not the whole.
};

// Calls the handler and, when it throws what says nothing about its store, once more for each
// message alone: those that fail again are to be retried, the others are done. Whichever way, what
// is behind a message of its group that is to be retried is handed back.
Handled handle_batch(Handler& handler, std::span<const Delivery> batch);

// Reports, from the handler's thread to the conversation's.
struct Finished {
    Batch batch;
    Handled handled;
    double seconds = 0;
    std::vector<Counter> counters;
};
struct StoreReady {};
struct StoreAway {
    std::string why;
};
struct StoreMisconfigured {
    std::string why;
};
using Report = std::variant<Finished, StoreReady, StoreAway, StoreMisconfigured>;

// Readies the handler, handles batch after batch, and readies it again after each Unavailable.
// Returns when the exchange is stopped, or after Misconfigured. `pauses` lie between two looks at a
// store that is away; they begin anew after a batch that was handled whole.
void work(Handler& handler, Exchange& exchange, Backoff pauses);

}  // namespace esteira::runtime
