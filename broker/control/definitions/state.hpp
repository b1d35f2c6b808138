#pragma once

#include "broker/control/ask.hpp"
#include "broker/control/definitions/plan.hpp"

// The two sides of a plan, and a broker as declarations, asked over the ops socket.
namespace esteira::control::definitions {

// All queues and topics of the broker.
Existing read_existing(OpsClient& ops);

// What the declarations mean: with what goes without saying, values as the broker would tell them.
// Throws Failure (configuration) that names file and line of what the broker would not take.
Wanted resolve(OpsClient& ops, const config::Definitions& declared);

// The declarations that make `existing` out of an empty broker.
config::Definitions exported(OpsClient& ops, const Existing& existing);

}  // namespace esteira::control::definitions
