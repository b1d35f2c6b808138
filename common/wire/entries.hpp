#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/dialogue.hpp"
#include "common/wire/reader.hpp"

namespace esteira::wire {

// The entries of one request: messages to send, verdicts, signs of life. Keeps count over all of
// them, for the limits of a request as a whole.
class EntryReader {
public:
    explicit EntryReader(Reader& in) : in_(in) {}

    dialogue::SendEntry read_entry();
    dialogue::VerdictEntry read_verdict();
    dialogue::Beat::Started read_started();

    // Whether the reader failed because all bodies together are too large.
    bool too_large() const { return too_large_; }

private:
    void read_entry_options(dialogue::SendEntry& entry);
    void read_verdict_options(dialogue::VerdictEntry& verdict);
    void check_verdict(const dialogue::VerdictEntry& verdict);
    std::vector<std::pair<std::string_view, dialogue::SendEntry>> read_verdict_sends();

    Reader& in_;
    std::uint32_t sends_ = 0;     // Of all verdicts of a settle.
    std::size_t send_bytes_ = 0;  // Bodies and attributes of the whole request.
    bool too_large_ = false;
};

}  // namespace esteira::wire
