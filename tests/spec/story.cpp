#include "tests/spec/story.hpp"

namespace esteira::spec {

std::string story_of(HistoryBlock block, WallTime began) {
    const History history = unpack_history(block).value();
    const auto seconds = [&](WallTime t) {
        return t == WallTime{} ? "" : std::to_string(((t - began).count() + 500) / 1000) + "s";
    };
    std::string text;
    if (history.buried_by != BuriedBy::nobody) {
        text += std::string("buried=") + to_string(history.buried_by) +
                " of=" + std::string(history.source) + " at=" + seconds(history.buried_at) + " ";
    }
    if (history.edited_at != WallTime{}) {
        text += "edited=" + seconds(history.edited_at) + " ";
    }
    text += std::to_string(history.total) + ":";
    for (const Attempt& attempt : history.attempts) {
        text += std::string(" ") + to_string(attempt.end) + "@" + seconds(attempt.leased_at) + "-" +
                seconds(attempt.ended_at);
        if (!attempt.worker.empty()) {
            text += "," + std::string(attempt.worker) + "/" + std::string(attempt.pool) + "/" +
                    std::string(attempt.host);
        }
        if (!attempt.reason.empty()) {
            text += "," + std::string(attempt.reason);
        }
    }
    return text;
}

}  // namespace esteira::spec
