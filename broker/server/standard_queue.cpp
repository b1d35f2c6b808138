#include "broker/server/standard_queue.hpp"

#include <algorithm>

#include "broker/engine/settings.hpp"

namespace esteira::broker {

namespace {

constexpr std::string_view kDeadLetterPrefix = "dlq-";
constexpr const char* kFifoQueue = "FifoQueue";
constexpr const char* kMaxReceivesStandard = "5";
// Dead letters are for people, who may come back from a holiday.
const std::string kDeadLetterRetention =
    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limits::kRetentionMax).count());

}  // namespace

StandardQueue standard_queue(std::string_view name, dialogue::Attributes given, bool with_dlq) {
    const auto has = [&](std::string_view key) {
        return std::any_of(given.begin(), given.end(),
                           [&](const auto& pair) { return pair.first == key; });
    };
    StandardQueue queue;
    const bool fifo = engine::is_fifo_name(name);
    if (fifo && !has(kFifoQueue)) {
        given.emplace_back(kFifoQueue, "true");
    }
    if (with_dlq && !name.starts_with(kDeadLetterPrefix) && !has("DeadLetterQueue")) {
        queue.dead_letter_queue = std::string(kDeadLetterPrefix) + std::string(name);
        queue.dead_attributes = {{"MessageRetentionPeriod", kDeadLetterRetention}};
        if (fifo) {
            queue.dead_attributes.emplace_back(kFifoQueue, "true");
        }
        given.emplace_back("DeadLetterQueue", queue.dead_letter_queue);
        if (!has("MaxReceives")) {
            given.emplace_back("MaxReceives", kMaxReceivesStandard);
        }
    }
    queue.attributes = std::move(given);
    return queue;
}

}  // namespace esteira::broker
