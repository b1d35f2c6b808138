#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "common/base/dialogue.hpp"
#include "workers/runtime/batch.hpp"
#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

// A message that wants more than this sent on is buried whole: one verdict is one frame of the
// journal.
inline constexpr std::size_t kSendBytesMax = 2 << 20;

// Makes outcomes fit what a broker takes: reasons are cleaned and cut, origins that are too long
// give way to a word in the reason, and a message with too many parts is buried whole.
void make_fit(std::vector<Outcome>& outcomes);

// The requests that carry the outcomes out: runs of equal verdicts as one, a verdict for each
// message with sends, within the limits of a request. Messages behind the outcomes are handed back.
// Views into `outcomes`, which were made fit.
std::deque<dialogue::Settle> settle_requests(const dialogue::Receipt& receipt,
                                             const std::vector<Outcome>& outcomes);

// For what the broker did not carry out, although the receipt is good: later again, with its
// reason. `reason` is kept by the caller.
dialogue::Settle retry_request(const dialogue::VerdictEntry& refused, std::string_view reason);

}  // namespace esteira::runtime
