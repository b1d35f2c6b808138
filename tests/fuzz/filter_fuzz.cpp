#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "broker/filters/filter.hpp"
#include "common/base/bytes.hpp"

// A filter up to the first line end, then a body: no crash, and the same answer twice.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace esteira;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(input.find('\n'), input.size());
    const auto filter = filters::parse(input.substr(0, end));
    if (!filter) {
        return 0;
    }
    const std::string_view body = input.substr(std::min(end + 1, input.size()));
    engine::Candidate candidate;
    candidate.attributes = as_bytes(body);
    candidate.body = as_bytes(body);
    candidate.reason = body;
    if (filter.value()->matches(candidate) != filter.value()->matches(candidate)) {
        std::abort();
    }
    return 0;
}
