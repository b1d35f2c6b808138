#pragma once

#include <string>

#include "common/base/history.hpp"

namespace esteira::spec {

// "buried=max_receives of=tasks at=30s 2: timed_out@0s-10s by w1 in pool at here: because ..."
// with times since `began`.
std::string story_of(HistoryBlock block, WallTime began);

}  // namespace esteira::spec
