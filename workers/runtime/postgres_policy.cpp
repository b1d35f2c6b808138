#include "workers/runtime/postgres_policy.hpp"

#include "common/base/text.hpp"

namespace esteira::runtime {
namespace {

constexpr std::size_t kServerWordsBytesMax = 200;

std::string reason_of(const postgres::Error& error) {
    if (error.sqlstate().empty()) {
        return error.what();  // Our own words, which begin with PostgreSQL.
    }
    std::string reason = "PostgreSQL " + error.sqlstate();
    if (!error.column().empty()) {
        reason += " (" + error.column() + ")";
    }
    return reason + ": " + as_clean_text(error.what(), kServerWordsBytesMax);
}

}  // namespace

std::string PostgresPolicy::judge(const postgres::Error& error) {
    switch (error.error_class()) {
        case postgres::ErrorClass::data:
            return reason_of(error);
        case postgres::ErrorClass::transient:
        case postgres::ErrorClass::infrastructure:
            throw Unavailable(reason_of(error));
        case postgres::ErrorClass::configuration:
            throw Misconfigured(error.what());
        case postgres::ErrorClass::other:
            break;
    }
    if (unknown_ < kUnknownTries) {
        ++unknown_;
        throw Unavailable(reason_of(error));
    }
    return "unknown_sqlstate: " + reason_of(error);
}

}  // namespace esteira::runtime
