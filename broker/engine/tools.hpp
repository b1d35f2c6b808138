#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/base/dialogue.hpp"
#include "common/base/result.hpp"

// What the engine needs of others and must not include: it stays pure, and whoever makes an engine
// hands these in. Both are functions of their arguments alone.
namespace esteira::engine {

// What filters found out about the body of a message, each for the next one that looks at it.
class Findings {
public:
    virtual ~Findings() = default;
};

// A message as a filter sees it. Once one has looked at it, the body stays as it is: of what was
// found in there, only they know the meaning.
struct Candidate {
    dialogue::AttributeBlock attributes{};
    std::span<const std::byte> body{};
    std::string_view reason{};  // Why it was retried last, or buried.
    Millis age{};               // Since it was sent.
    std::uint32_t receives = 0;
    std::string_view source{};  // The queue that it was buried in.
    mutable std::unique_ptr<Findings> findings{};
};

class Filter {
public:
    virtual ~Filter() = default;
    virtual bool matches(const Candidate& candidate) const = 0;
};

class Tools {
public:
    virtual ~Tools() = default;
    // 32 raw bytes.
    virtual std::string sha256(std::span<const std::byte> bytes) const = 0;
    // The filter that `text` says, or what is wrong with it.
    virtual Result<std::unique_ptr<Filter>, std::string> filter(std::string_view text) const = 0;
};

}  // namespace esteira::engine
