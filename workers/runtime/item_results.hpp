#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "workers/runtime/handler.hpp"

namespace esteira::runtime {

// What becomes of the items of one batch, where a message may hold several. A bad item is split off
// into a dead letter that holds it alone, under the message's origin and its place ("<origin>/3");
// its neighbours have their effect. A message of bad items alone is buried whole.
class ItemResults {
public:
    explicit ItemResults(std::span<const Delivery> batch)
        : batch_(batch), progress_(batch.size()) {}

    // The body as a whole cannot be read.
    void unreadable(std::size_t delivery, std::string reason) {
        progress_[delivery].unreadable = std::move(reason);
    }
    // There is one more item in a body; gives its place there.
    std::size_t add(std::size_t delivery) { return progress_[delivery].items++; }
    void refuse(std::size_t delivery, std::size_t index, std::string item, std::string reason) {
        progress_[delivery].refused.push_back({index, std::move(item), std::move(reason)});
    }

    std::uint64_t refused() const;
    std::size_t refused_of(std::size_t delivery) const {
        return progress_[delivery].refused.size();
    }
    // Of those of a delivery, the first that was refused.
    const std::string& first_reason(std::size_t delivery) const {
        return progress_[delivery].refused.front().reason;
    }
    // One for each delivery, in their order. Once.
    std::vector<Outcome> take();

private:
    struct Refused {
        std::size_t index = 0;
        std::string body;
        std::string reason;
    };
    struct Progress {
        std::optional<std::string> unreadable;
        std::size_t items = 0;
        std::vector<Refused> refused;
    };
    static Outcome outcome(const Delivery& delivery, Progress progress);

    std::span<const Delivery> batch_;
    std::vector<Progress> progress_;
};

}  // namespace esteira::runtime
