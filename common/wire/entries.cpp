#include "common/wire/entries.hpp"

#include <tuple>

#include "common/base/limits.hpp"
#include "common/wire/fields.hpp"
#include "common/wire/layout.hpp"

namespace esteira::wire {

using namespace dialogue;

SendEntry EntryReader::read_entry() {
    SendEntry entry;
    if (in_.next_is_binary()) {
        entry.body = in_.get_binary();
    } else {
        read_array_of(in_, 2, "an entry is a body, or a body and a map");
        entry.body = in_.get_binary();
        read_entry_options(entry);
    }
    send_bytes_ += entry.body.size() + entry.attributes.size();
    if (send_bytes_ > limits::kRequestBytesMax) {
        too_large_ = in_.ok();
        in_.fail("a request has at most 8 MiB of bodies and attributes");
    }
    return entry;
}

void EntryReader::read_entry_options(SendEntry& entry) {
    for (KeyedMap map(in_); map.next();) {
        switch (static_cast<EntryKey>(map.key())) {
            case EntryKey::delay:
                entry.delay = read_millis(in_, limits::kDelayMax, "a delay is 0 to 900000 ms");
                break;
            case EntryKey::attributes:
                entry.attributes = read_message_attributes(in_);
                break;
            case EntryKey::origin:
                entry.origin = read_id(in_, limits::kOriginBytesMax,
                                       "an origin has 1 to 128 visible ASCII characters");
                break;
            case EntryKey::group:
                entry.group = read_id(in_, limits::kGroupBytesMax,
                                      "a group has 1 to 128 visible ASCII characters");
                break;
            case EntryKey::dedup:
                entry.dedup = read_id(in_, limits::kGroupBytesMax,
                                      "a dedup id has 1 to 128 visible ASCII characters");
                break;
            case EntryKey::reason:
                entry.reason = read_reason(in_);
                break;
            default:
                in_.fail("unknown key of an entry");
        }
    }
}

VerdictEntry EntryReader::read_verdict() {
    constexpr std::uint32_t kShort = 4;
    constexpr auto kRule = "a verdict has 4 or 5 fields";
    VerdictEntry verdict;
    const std::uint32_t fields = in_.get_array();
    if (fields != kShort && fields != kShort + 1) {
        in_.fail(kRule);
    }
    verdict.receipt = read_receipt(in_);
    std::tie(verdict.index, verdict.count) = read_range(in_);
    verdict.verdict = static_cast<Verdict>(in_.get_between(
        0, static_cast<std::uint32_t>(Verdict::visibility), "a verdict's kind is 0 to 4"));
    if (fields > kShort) {
        read_verdict_options(verdict);
    }
    check_verdict(verdict);
    return verdict;
}

void EntryReader::read_verdict_options(VerdictEntry& verdict) {
    for (KeyedMap map(in_); map.next();) {
        switch (static_cast<VerdictKey>(map.key())) {
            case VerdictKey::delay:
                verdict.delay = read_millis(in_, limits::kVisibilityMax,
                                            "a verdict's delay is 0 to 43200000 ms");
                break;
            case VerdictKey::reason:
                verdict.reason = read_reason(in_);
                break;
            case VerdictKey::sends:
                verdict.sends = read_verdict_sends();
                break;
            default:
                in_.fail("unknown key of a verdict");
        }
    }
}

void EntryReader::check_verdict(const VerdictEntry& verdict) {
    const bool retry = verdict.verdict == Verdict::retry;
    const bool visibility = verdict.verdict == Verdict::visibility;
    if (verdict.delay.has_value() && !retry && !visibility) {
        in_.fail("only retry and visibility have a delay");
    }
    if (visibility && !verdict.delay.has_value()) {
        in_.fail("visibility needs a delay");
    }
    if (!verdict.reason.empty() && !retry && verdict.verdict != Verdict::dead) {
        in_.fail("only retry and dead have a reason");
    }
    if (!verdict.sends.empty() && verdict.count != 1) {
        in_.fail("a verdict with messages to send is for one message");
    }
}

std::vector<std::pair<std::string_view, SendEntry>> EntryReader::read_verdict_sends() {
    constexpr auto kRule = "the verdicts of a settle have at most 1000 messages to send";
    std::vector<std::pair<std::string_view, SendEntry>> sends;
    const std::uint32_t count = read_array_upto(in_, limits::kRequestEntriesMax - sends_, kRule);
    sends_ += count;
    sends.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        read_array_of(in_, 2, "a message to send is a queue and an entry");
        const auto queue = read_target_name(in_);
        sends.emplace_back(queue, read_entry());
    }
    return sends;
}

Beat::Started EntryReader::read_started() {
    read_array_of(in_, 3, "an entry of a beat has 3 fields");
    Beat::Started started;
    started.receipt = read_receipt(in_);
    std::tie(started.index, started.count) = read_range(in_);
    return started;
}

}  // namespace esteira::wire
