#include "workers/supervisor/plan.hpp"

#include <algorithm>
#include <cmath>

namespace esteira::supervisor {

std::uint32_t workers_needed(const PoolView& view, const PoolPolicy& policy) {
    const auto within = [&](double workers) {
        return static_cast<std::uint32_t>(std::clamp(workers,
                                                     static_cast<double>(policy.workers_min),
                                                     static_cast<double>(policy.workers_max)));
    };
    if (view.backlog == 0) {
        return policy.workers_min;
    }
    if (view.handled_per_worker_s <= 0) {
        return within(view.workers);
    }
    const double seconds =
        static_cast<double>(std::max<std::int64_t>(1, policy.drain_target.count()));
    return within(
        std::ceil(static_cast<double>(view.backlog) / (view.handled_per_worker_s * seconds)));
}

std::uint32_t workers_wanted(const PoolView& view, const PoolPolicy& policy, Time now) {
    if (view.fixed) {
        return *view.fixed;
    }
    const std::uint32_t needed = workers_needed(view, policy);
    const bool out_of_range = view.workers > policy.workers_max;
    if (needed >= view.workers || out_of_range || now - view.needed_at >= policy.shrink_after) {
        return needed;
    }
    return view.workers;
}

}  // namespace esteira::supervisor
