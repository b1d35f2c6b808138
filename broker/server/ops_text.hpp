#pragma once

#include "broker/server/ops.hpp"
#include "common/cli/json_text.hpp"

// How values look in the answers of the ops socket.
namespace esteira::broker {

using cli::json_of;

Json json_of(const dialogue::Attributes& pairs);
dialogue::Attributes attributes_of(const Json& pairs);

OpsRefusal refusal_of(const dialogue::Refused& refused);

}  // namespace esteira::broker
