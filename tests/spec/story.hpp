#pragma once

#include <string>

#include "common/base/history.hpp"

namespace esteira::spec {

// "buried=max_receives of=tasks at=30s 2: timed_out@0s-10s,w1/pool/here retried@12s-14s,why",
// times since `began`, the number counting all that ended.
std::string story_of(HistoryBlock block, WallTime began);

}  // namespace esteira::spec
