#include "broker/engine/receive_attempts.hpp"

#include "broker/engine/codec_fields.hpp"
#include "common/base/limits.hpp"

namespace esteira::engine {

using namespace codec;

std::optional<Numbers> ReceiveAttempts::find(QueueNumber queue, std::string_view attempt,
                                             Time now) const {
    const auto known = known_.find({queue, std::string(attempt)});
    if (known == known_.end() || known->second.until <= now) {
        return std::nullopt;
    }
    return known->second.delivery;
}

void ReceiveAttempts::remember(QueueNumber queue, std::string_view attempt, Numbers delivery,
                               Time until) {
    const Key key{queue, std::string(attempt)};
    known_[key] = {delivery, until};
    endings_.emplace_back(until, key);
    while (endings_.size() > limits::kAttemptsKept) {
        forget_old(endings_.front().first);
    }
}

void ReceiveAttempts::forget_old(Time now) {
    while (!endings_.empty() && endings_.front().first <= now) {
        const auto known = known_.find(endings_.front().second);
        if (known != known_.end() && known->second.until <= now) {
            known_.erase(known);
        }
        endings_.pop_front();
    }
}

std::uint64_t ReceiveAttempts::digest() const {
    std::uint64_t sum = 0;
    for (const auto& [key, known] : known_) {
        sum += key.first.value * 31 + known.delivery.first.value * 1'000'003 +
               known.delivery.count * 37 +
               static_cast<std::uint64_t>(known.until.time_since_epoch().count());
    }
    return sum;
}

void ReceiveAttempts::put(StateWriter& out) const {
    if (known_.empty()) {
        return;
    }
    out.put(static_cast<std::uint32_t>(endings_.size()));
    for (const auto& [until, key] : endings_) {
        const auto known = known_.find(key);
        put_queue(out, key.first);
        put_short_text(out, key.second);
        put_time(out, until);
        const Numbers delivery = known == known_.end() ? Numbers{} : known->second.delivery;
        out.put(delivery.first.value);
        out.put(delivery.count);
    }
}

void ReceiveAttempts::load(ByteReader& in) {
    const auto count = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        const QueueNumber queue = get_queue(in);
        const std::string_view attempt = get_short_text(in);
        const Time until = get_time(in);
        const DeliveryNumber first{in.get<std::uint64_t>()};
        remember(queue, attempt, {first, in.get<std::uint32_t>()}, until);
    }
}

}  // namespace esteira::engine
