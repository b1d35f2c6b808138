#pragma once

#include <string>
#include <string_view>

#include "broker/engine/leases.hpp"
#include "broker/engine/sessions.hpp"
#include "common/base/history.hpp"

// The attempts at a message: each delivery, by whom it was held and how it ended. Written down only
// when one has ended otherwise than by a delete, so a message that is delivered once and deleted
// costs nothing.
namespace esteira::engine {

// How a delivery ended, and when and why.
struct Ending {
    AttemptEnd end = AttemptEnd::running;
    WallTime at{};
    std::string_view reason{};
};

// Whether the last delivery of a message has not been written down: it runs, or has run out.
bool attempt_open(const Held& held, const Lease& lease);

// Writes the delivery down in the story of `held`, which is made where there is none.
void end_attempt(Held& held, const Lease& lease, const Ending& ending, const Sessions& sessions);

// The same for a delivery whose time has run out; nothing if it was written down.
void time_out(Held& held, const Lease& lease, const Sessions& sessions);

// What is known of a message: what its record says and what happened since. Views into the record
// and into `held`.
History history_of(HistoryBlock record, const Held& held);

// And a delivery that was not written down at the end: as running, or as timed out by `now`.
History history_of(HistoryBlock record, const Held& held, const Lease& lease, Time now,
                   const Sessions& sessions);

// What a record takes along that is written again while it is held: an attempt that was not written
// down is still to end, and stands as running whether its time has run out or not.
std::string carried_history(HistoryBlock record, const Held& held, const Lease& lease,
                            const Sessions& sessions);
// When the delivery began that such a record was carried along in.
std::optional<WallTime> carried_lease(HistoryBlock record);

}  // namespace esteira::engine
