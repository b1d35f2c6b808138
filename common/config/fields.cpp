#include "common/config/fields.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "common/base/limits.hpp"

namespace esteira::config {

namespace {

constexpr std::int64_t kMibMax = 1LL << 30;  // A pebibyte; more is a slip of the finger.

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument{reason}; }

}  // namespace

std::vector<FieldRef> fields_of(Config& config) {
    std::vector<FieldRef> fields{
        {"broker.endpoint", Word{&config.broker.endpoint, {}}},
        {"broker.data", &config.broker.data},
        {"broker.ops_socket", &config.broker.ops_socket},
        {"broker.queue_mib_max", Number{&config.broker.queue_mib_max, 1, kMibMax}},
        {"broker.total_mib_max", Number{&config.broker.total_mib_max, 512, kMibMax}},
        {"broker.total_messages_max", Number{&config.broker.total_messages_max, 0, 1LL << 50}},
        {"broker.disk_free_mib_min", Number{&config.broker.disk_free_mib_min, 0, kMibMax}},
        {"postgres.url", &config.postgres.url},
        {"postgres.maintain_h", Number{&config.postgres.maintain_h, 0, 8'760}},
        {"business.zone", Word{&config.business.zone, {}}},
    };
    for (auto& [type, workers] : config.workers) {
        const std::string prefix = "workers." + type + ".";
        fields.push_back({prefix + "queue", Word{&workers.queue, {}}});
        fields.push_back(
            {prefix + "pool_min", Number{&workers.pool_min, 0, limits::kPoolWorkersMax}});
        fields.push_back(
            {prefix + "pool_max", Number{&workers.pool_max, 0, limits::kPoolWorkersMax}});
        fields.push_back({prefix + "pool_target_s", Number{&workers.pool_target_s, 1, 86'400}});
        fields.push_back({prefix + "pool_shrink_s", Number{&workers.pool_shrink_s, 1, 86'400}});
        fields.push_back({prefix + "postgres_user", Word{&workers.postgres_user, {}, true}});
        fields.push_back({prefix + "batch_max", Number{&workers.batch_max, 1, 10'000}});
        fields.push_back({prefix + "batch_min", Number{&workers.batch_min, 1, 10'000}});
        fields.push_back({prefix + "window_s", Number{&workers.window_s, 1, 300}});
        fields.push_back({prefix + "visibility_s", Number{&workers.visibility_s, 1, 43'200}});
        fields.push_back({prefix + "drain_s", Number{&workers.drain_s, 0, 3'600}});
        fields.push_back({prefix + "probe_s_max", Number{&workers.probe_s_max, 1, 3'600}});
    }
    fields.push_back({"clicks.window_s", Number{&config.clicks.window_s, 1, 3'600}});
    fields.push_back({"clicks.suspect_above", Number{&config.clicks.suspect_above, 1, 1'000'000}});
    fields.push_back({"clicks.attack_above", Number{&config.clicks.attack_above, 1, 1'000'000}});
    fields.push_back({"clicks.retention_days", Number{&config.clicks.retention_days, 1, 36'500}});
    fields.push_back({"log.level", Word{&config.log.level, {"debug", "info", "warning", "error"}}});
    return fields;
}

void set_number(const Place& place, std::int64_t number) {
    const auto* field = std::get_if<Number>(&place);
    if (field == nullptr) {
        refuse("must be text in quotes");
    }
    if (number < field->min || number > field->max) {
        refuse("must be from " + std::to_string(field->min) + " to " + std::to_string(field->max));
    }
    *field->at = number;
}

void set_text(const Place& place, const std::string& text) {
    if (text.find('\0') != std::string::npos) {
        refuse("must not hold a NUL");
    }
    if (std::holds_alternative<Number>(place)) {
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc{} || rest != end) {
            refuse("must be a whole number");
        }
        set_number(place, number);
    } else if (const auto* word = std::get_if<Word>(&place)) {
        if (text.empty() && !word->may_be_empty) {
            refuse("must not be empty");
        }
        const auto& allowed = word->allowed;
        if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
            std::string names;
            for (const std::string& name : allowed) {
                names += (names.empty() ? "" : ", ") + name;
            }
            refuse("must be one of: " + names);
        }
        *word->at = text;
    } else if (const auto* path = std::get_if<std::filesystem::path*>(&place)) {
        if (text.empty()) {
            refuse("must not be empty");
        }
        **path = text;
    } else {
        *std::get<Secret*>(place) = Secret{text};
    }
}

std::string text_of(const Place& place) {
    if (const auto* number = std::get_if<Number>(&place)) {
        return std::to_string(*number->at);
    }
    if (const auto* word = std::get_if<Word>(&place)) {
        return *word->at;
    }
    if (const auto* path = std::get_if<std::filesystem::path*>(&place)) {
        return (*path)->string();
    }
    const std::string& url = std::get<Secret*>(place)->reveal();
    return has_password(url) ? "***" : url;
}

}  // namespace esteira::config
