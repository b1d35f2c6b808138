#include "workers/runtime/postgres_policy.hpp"

#include "common/base/text.hpp"

namespace esteira::runtime {
namespace {

constexpr std::size_t kServerWordsBytesMax = 200;

std::string reason_of(const postgres::Error& error) {
    std::string reason = "PostgreSQL " + error.sqlstate();
    if (!error.column().empty()) {
        reason += " (" + error.column() + ")";
    }
    return reason + ": " + as_clean_text(error.what(), kServerWordsBytesMax);
}

}  // namespace

Outcome PostgresPolicy::judge(const postgres::Error& error) {
    switch (error.error_class()) {
        case postgres::ErrorClass::transient:
            return {Verdict::retry, reason_of(error), {}};
        case postgres::ErrorClass::data:
            return {Verdict::dead, reason_of(error), {}};
        case postgres::ErrorClass::infrastructure:
            throw Unavailable(error.what());
        case postgres::ErrorClass::configuration:
            throw Misconfigured(error.what());
        case postgres::ErrorClass::other:
            break;
    }
    if (unknown_ < kUnknownTries) {
        ++unknown_;
        throw Unavailable(reason_of(error));
    }
    return {Verdict::dead, "unknown_sqlstate: " + reason_of(error), {}};
}

}  // namespace esteira::runtime
