#pragma once

#include <cstddef>

#include "broker/control/definitions/plan.hpp"
#include "broker/control/ops_client.hpp"

// A plan as people and as programs read it.
namespace esteira::control::definitions {

// As in a diff: + made, ~ changed, - removed, ! in the way.
std::string text_of(const Step& step);
std::string text_of(const Conflict& conflict);
std::string text_of(const Item& item);

// "2 to create, 1 to change, 0 to remove"
std::string summary_of(const Plan& plan);

// {"steps":[..],"conflicts":[..],"left_alone":[..]}; of an apply, each step with what became of it:
// "done", "failed" or "not_done".
Json json_of(const Plan& plan);
Json json_of(const Plan& plan, std::size_t done, bool failed);

}  // namespace esteira::control::definitions
