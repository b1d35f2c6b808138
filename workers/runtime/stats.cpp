#include "workers/runtime/stats.hpp"

#include <nlohmann/json.hpp>

#include "common/logging/logging.hpp"

namespace esteira::runtime {

void Stats::count(const std::vector<Outcome>& outcomes) {
    for (const Outcome& outcome : outcomes) {
        switch (outcome.verdict) {
            case Verdict::done:
                ++done;
                break;
            case Verdict::retry:
                ++retried;
                break;
            case Verdict::dead:
                ++dead;
                break;
            case Verdict::hand_back:
                ++handed_back;
                break;
        }
        sent_on += outcome.sends.size();
    }
}

double quantile_ms(const metrics::Histogram& histogram, double share) {
    constexpr double kMillis = 1000;
    if (histogram.count() == 0) {
        return 0;
    }
    const double wanted = share * static_cast<double>(histogram.count());
    const auto bounds = histogram.bounds();
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        if (static_cast<double>(histogram.at_most(i)) >= wanted) {
            return kMillis * bounds[i];
        }
    }
    return kMillis * bounds.back();
}

void log_stats(std::string_view event, const Stats& stats) {
    std::string counters;
    for (const Counter& counter : stats.counters) {
        counters += std::string(counters.empty() ? "" : " ") + std::string(counter.name) + "=" +
                    std::to_string(counter.value);
    }
    logging::info(event, {{"batches", stats.batches},
                          {"handled", stats.handled()},
                          {"done", stats.done},
                          {"retried", stats.retried},
                          {"dead", stats.dead},
                          {"sent_on", stats.sent_on},
                          {"handed_back", stats.handed_back},
                          {"stale", stats.stale},
                          {"refused", stats.refused},
                          {"batch_p50_ms", quantile_ms(stats.batch_seconds, 0.5)},
                          {"batch_p99_ms", quantile_ms(stats.batch_seconds, 0.99)},
                          {"counters", counters}});
}

std::string to_json(const Stats& stats, std::string_view ending) {
    nlohmann::ordered_json counters = nlohmann::ordered_json::object();
    for (const Counter& counter : stats.counters) {
        counters[std::string(counter.name)] = counter.value;
    }
    return nlohmann::ordered_json{{"ending", ending},
                                  {"batches", stats.batches},
                                  {"handled", stats.handled()},
                                  {"done", stats.done},
                                  {"retried", stats.retried},
                                  {"dead", stats.dead},
                                  {"sent_on", stats.sent_on},
                                  {"handed_back", stats.handed_back},
                                  {"stale", stats.stale},
                                  {"refused", stats.refused},
                                  {"batch_p50_ms", quantile_ms(stats.batch_seconds, 0.5)},
                                  {"batch_p99_ms", quantile_ms(stats.batch_seconds, 0.99)},
                                  {"counters", counters}}
        .dump();
}

}  // namespace esteira::runtime
