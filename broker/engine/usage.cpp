#include "broker/engine/usage.hpp"

#include <algorithm>

#include "common/base/check.hpp"
#include "common/base/mutant.hpp"

namespace esteira::engine {

void Usage::add(Place place) {
    Chunk& chunk = chunks_[place.at.chunk];
    ++messages_;
    if (place.at == last_) {
        if (chunk.shared.empty() || chunk.shared.back().slot != place.at.slot) {
            chunk.shared.push_back({place.at.slot, 1});
            ++chunk.shared_live;
        }
        ++chunk.shared.back().holders;
        return;
    }
    last_ = place.at;
    ++chunk.records;
    chunk.bytes += place.size;
    bytes_ += place.size;
}

const Usage::Shared* Usage::shared_in(const Chunk& chunk, std::uint32_t slot) {
    const auto at = std::lower_bound(chunk.shared.begin(), chunk.shared.end(), slot,
                                     [](const Shared& s, std::uint32_t n) { return s.slot < n; });
    return at == chunk.shared.end() || at->slot != slot ? nullptr : &*at;
}

// Counts one holder less.
bool Usage::still_held(Chunk& chunk, std::uint32_t slot) {
    auto* shared = const_cast<Shared*>(shared_in(chunk, slot));
    if (shared == nullptr) {
        return false;
    }
    if (mutant(Mutant::shared_body_dropped_early)) {
        const bool dropped_before = shared->holders == 0;
        shared->holders = 0;
        return dropped_before;
    }
    if (--shared->holders > 0) {
        return true;
    }
    if (--chunk.shared_live == 0) {
        chunk.shared = {};
    }
    return false;
}

bool Usage::is_shared(Position at) const {
    const auto chunk = chunks_.find(at.chunk);
    const Shared* shared = chunk == chunks_.end() ? nullptr : shared_in(chunk->second, at.slot);
    return shared != nullptr && shared->holders > 0;
}

void Usage::drop(Place place) {
    --messages_;
    const auto at = chunks_.find(place.at.chunk);
    if (at == chunks_.end() && mutant(Mutant::shared_body_dropped_early)) {
        return;
    }
    ESTEIRA_CHECK(at != chunks_.end());
    Chunk& chunk = at->second;
    if (still_held(chunk, place.at.slot)) {
        return;
    }
    bytes_ -= place.size;
    chunk.bytes -= place.size;
    if (--chunk.records == 0) {
        chunks_.erase(at);
    }
}

}  // namespace esteira::engine
