#include <algorithm>
#include <cstring>
#include <limits>

#include "common/base/attributes.hpp"
#include "common/base/limits.hpp"
#include "common/base/text.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/fields.hpp"
#include "common/wire/layout.hpp"

namespace esteira::wire {

namespace {

using namespace dialogue;

constexpr std::uint32_t kHeadFields = 4;  // Version, op, session, number.

// One request on its way out of a frame. What is wrong with it, the reader remembers.
class RequestReader {
public:
    explicit RequestReader(std::span<const std::byte> frame) : in_(frame) {}

    Result<Request, Malformed> read();

private:
    Operation read_operation(std::uint64_t op, std::uint32_t fields);
    Send read_send();
    Receive read_receive();
    Settle read_settle(std::uint64_t number);
    Hello read_hello();
    Beat read_beat();
    CreateQueue read_create_queue();
    SetQueue read_set_queue();
    ListQueues read_list_queues();

    SendEntry read_entry();
    void read_entry_options(SendEntry& entry);
    VerdictEntry read_verdict();
    void read_verdict_options(VerdictEntry& verdict);
    void check_verdict(const VerdictEntry& verdict);
    std::vector<std::pair<std::string_view, SendEntry>> read_verdict_sends();
    Beat::Started read_started();

    std::string_view read_queue();
    std::string_view read_name(std::size_t bytes_max, const char* rule);
    std::string_view read_id(std::size_t bytes_max, const char* rule);
    AttributeBlock read_message_attributes();
    Millis read_millis(Millis most, const char* rule);
    std::optional<Millis> read_visibility();
    // Which messages of a delivery: their index and count.
    std::pair<std::uint32_t, std::uint32_t> read_run();

    Malformed malformed(std::uint64_t number) const {
        return {number, {too_large_ ? Code::too_large : Code::bad_request, in_.reason()}};
    }

    Reader in_;
    std::uint32_t sends_ = 0;     // Of all verdicts of a settle.
    std::size_t send_bytes_ = 0;  // Bodies and attributes of the whole request.
    bool too_large_ = false;
};

Result<Request, Malformed> RequestReader::read() {
    Request request;
    const std::uint32_t fields = in_.get_array();
    if (in_.get_unsigned() != kVersion) {
        in_.fail("this broker speaks version 1");
    }
    const std::uint64_t op = in_.get_unsigned();
    const auto session = in_.get_binary();
    if (session.size() != request.session.size()) {
        in_.fail("a session has 16 bytes");
    }
    request.number = in_.get_unsigned();
    if (request.number == 0) {
        in_.fail("requests are numbered from 1");
    }
    if (fields < kHeadFields) {
        in_.fail("a request begins with version, op, session and number");
    }
    if (!in_.ok()) {
        return malformed(0);
    }
    std::memcpy(request.session.data(), session.data(), session.size());

    if (op == static_cast<std::uint64_t>(Op::settle)) {
        if (fields != kHeadFields + 2) {
            in_.fail("a settle has 2 fields");
        }
        request.operation = read_settle(request.number);
    } else {
        request.operation = read_operation(op, fields - kHeadFields);
    }
    if (in_.ok() && !in_.at_end()) {
        in_.fail("the request does not end with its array");
    }
    if (!in_.ok()) {
        return malformed(request.number);
    }
    return request;
}

Operation RequestReader::read_operation(std::uint64_t op, std::uint32_t fields) {
    const auto expect = [&](std::uint32_t count, const char* rule) {
        if (fields != count) {
            in_.fail(rule);
        }
    };
    switch (op) {
        case static_cast<std::uint64_t>(Op::send):
            expect(2, "a send has 2 fields");
            return read_send();
        case static_cast<std::uint64_t>(Op::receive):
            expect(4, "a receive has 4 fields");
            return read_receive();
        case static_cast<std::uint64_t>(Op::hello):
            expect(5, "a hello has 5 fields");
            return read_hello();
        case static_cast<std::uint64_t>(Op::beat):
            expect(1, "a beat has 1 field");
            return read_beat();
        case static_cast<std::uint64_t>(Op::create_queue):
            expect(3, "a create_queue has 3 fields");
            return read_create_queue();
        case static_cast<std::uint64_t>(Op::set_queue):
            expect(2, "a set_queue has 2 fields");
            return read_set_queue();
        case static_cast<std::uint64_t>(Op::get_queue):
            expect(1, "a get_queue has 1 field");
            return GetQueue{read_queue()};
        case static_cast<std::uint64_t>(Op::list_queues):
            expect(3, "a list_queues has 3 fields");
            return read_list_queues();
        case static_cast<std::uint64_t>(Op::delete_queue):
            expect(1, "a delete_queue has 1 field");
            return DeleteQueue{read_queue()};
        case static_cast<std::uint64_t>(Op::purge_queue):
            expect(1, "a purge_queue has 1 field");
            return PurgeQueue{read_queue()};
        default:
            in_.fail("unknown operation");
            return GetQueue{};
    }
}

// --------------------------------------------------------------------------------- operations

Send RequestReader::read_send() {
    Send send;
    send.queue = read_queue();
    constexpr auto kRule = "a send has 1 to 1000 entries";
    const std::uint32_t count = read_array_upto(in_, limits::kRequestEntriesMax, kRule);
    if (count == 0) {
        in_.fail(kRule);
    }
    send.entries.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        send.entries.push_back(read_entry());
    }
    return send;
}

Receive RequestReader::read_receive() {
    Receive receive;
    receive.queue = read_queue();
    receive.count = static_cast<std::uint32_t>(
        in_.get_between(1, limits::kReceiveCountMax, "a receive's count is 1 to 10000"));
    receive.wait = read_millis(limits::kWaitMax, "a wait is 0 to 20000 ms");
    receive.visibility = read_visibility();
    return receive;
}

Settle RequestReader::read_settle(std::uint64_t number) {
    Settle settle;
    const std::uint32_t count =
        read_array_upto(in_, limits::kRequestEntriesMax, "a settle has at most 1000 verdicts");
    settle.verdicts.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        settle.verdicts.push_back(read_verdict());
    }
    if (in_.take_nil()) {
        if (count == 0) {
            in_.fail("a settle has verdicts, or asks for the next batch");
        }
        return settle;
    }
    read_array_of(in_, 5, "an ask has 5 fields");
    const std::uint64_t ask = in_.get_unsigned();
    if (ask <= number) {
        in_.fail("the ask of a settle has a number above the settle's");
    }
    settle.next.emplace(ask, read_receive());
    return settle;
}

Hello RequestReader::read_hello() {
    Hello hello;
    constexpr auto kRule = "the names of a hello have at most 128 bytes of text";
    hello.name = read_name(limits::kNameBytesMax, kRule);
    hello.pool = read_name(limits::kNameBytesMax, kRule);
    hello.host = read_name(limits::kNameBytesMax, kRule);
    hello.pid = static_cast<std::uint32_t>(in_.get_between(
        0, std::numeric_limits<std::uint32_t>::max(), "a process id is 0 to 4294967295"));
    hello.leaving = in_.get_bool();
    return hello;
}

Beat RequestReader::read_beat() {
    Beat beat;
    const std::uint32_t count =
        read_array_upto(in_, limits::kRequestEntriesMax, "a beat has at most 1000 entries");
    beat.started.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        beat.started.push_back(read_started());
    }
    return beat;
}

Beat::Started RequestReader::read_started() {
    read_array_of(in_, 3, "an entry of a beat has 3 fields");
    Beat::Started started;
    started.receipt = read_receipt(in_);
    std::tie(started.index, started.count) = read_run();
    return started;
}

CreateQueue RequestReader::read_create_queue() {
    CreateQueue create;
    create.name = read_queue();
    create.attributes = read_attributes(in_);
    create.tags = read_attributes(in_);
    if (create.tags.size() > limits::kTagsMax) {
        in_.fail("a queue has at most 50 tags");
    }
    return create;
}

SetQueue RequestReader::read_set_queue() {
    SetQueue set;
    set.name = read_queue();
    set.attributes = read_attributes(in_);
    return set;
}

ListQueues RequestReader::read_list_queues() {
    ListQueues list;
    constexpr auto kRule = "a prefix or a name has at most 80 bytes of text";
    list.prefix = read_name(limits::kQueueNameBytesMax, kRule);
    list.after = read_name(limits::kQueueNameBytesMax, kRule);
    list.count = static_cast<std::uint32_t>(in_.get_between(1, 1000, "a page has 1 to 1000 names"));
    return list;
}

// ------------------------------------------------------------------------------------ entries

SendEntry RequestReader::read_entry() {
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

void RequestReader::read_entry_options(SendEntry& entry) {
    for (KeyedMap map(in_); map.next();) {
        switch (static_cast<EntryKey>(map.key())) {
            case EntryKey::delay:
                entry.delay = read_millis(limits::kDelayMax, "a delay is 0 to 900000 ms");
                break;
            case EntryKey::attributes:
                entry.attributes = read_message_attributes();
                break;
            case EntryKey::origin:
                entry.origin = read_id(limits::kOriginBytesMax,
                                       "an origin has 1 to 128 visible ASCII characters");
                break;
            case EntryKey::group:
                entry.group = read_id(limits::kGroupBytesMax,
                                      "a group has 1 to 128 visible ASCII characters");
                break;
            case EntryKey::dedup:
                entry.dedup = read_id(limits::kGroupBytesMax,
                                      "a dedup id has 1 to 128 visible ASCII characters");
                break;
            default:
                in_.fail("unknown key of an entry");
        }
    }
}

VerdictEntry RequestReader::read_verdict() {
    constexpr std::uint32_t kShort = 4;
    constexpr auto kRule = "a verdict has 4 or 5 fields";
    VerdictEntry verdict;
    const std::uint32_t fields = in_.get_array();
    if (fields != kShort && fields != kShort + 1) {
        in_.fail(kRule);
    }
    verdict.receipt = read_receipt(in_);
    std::tie(verdict.index, verdict.count) = read_run();
    verdict.verdict = static_cast<Verdict>(in_.get_between(
        0, static_cast<std::int64_t>(Verdict::visibility), "a verdict's kind is 0 to 4"));
    if (fields > kShort) {
        read_verdict_options(verdict);
    }
    check_verdict(verdict);
    return verdict;
}

void RequestReader::read_verdict_options(VerdictEntry& verdict) {
    for (KeyedMap map(in_); map.next();) {
        switch (static_cast<VerdictKey>(map.key())) {
            case VerdictKey::delay:
                verdict.delay =
                    read_millis(limits::kVisibilityMax, "a verdict's delay is 0 to 43200000 ms");
                break;
            case VerdictKey::reason:
                verdict.reason =
                    read_name(limits::kReasonBytesMax, "a reason has at most 512 bytes of text");
                break;
            case VerdictKey::sends:
                verdict.sends = read_verdict_sends();
                break;
            default:
                in_.fail("unknown key of a verdict");
        }
    }
}

void RequestReader::check_verdict(const VerdictEntry& verdict) {
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

std::vector<std::pair<std::string_view, SendEntry>> RequestReader::read_verdict_sends() {
    constexpr auto kRule = "the verdicts of a settle have at most 1000 messages to send";
    std::vector<std::pair<std::string_view, SendEntry>> sends;
    const std::uint32_t count = read_array_upto(in_, limits::kRequestEntriesMax - sends_, kRule);
    sends_ += count;
    sends.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        read_array_of(in_, 2, "a message to send is a queue and an entry");
        const auto queue = read_queue();
        sends.emplace_back(queue, read_entry());
    }
    return sends;
}

// ------------------------------------------------------------------------------------- fields

std::string_view RequestReader::read_queue() {
    const auto name = in_.get_text();
    if (!is_queue_name(name)) {
        in_.fail("a queue's name has 1 to 80 letters, digits, _ and -, and may end in .fifo");
    }
    return name;
}

std::string_view RequestReader::read_name(std::size_t bytes_max, const char* rule) {
    const auto name = in_.get_text();
    if (name.size() > bytes_max || !is_text(name)) {
        in_.fail(rule);
    }
    return name;
}

std::string_view RequestReader::read_id(std::size_t bytes_max, const char* rule) {
    const auto id = in_.get_text();
    if (id.size() > bytes_max || !is_visible_ascii(id)) {
        in_.fail(rule);
    }
    return id;
}

AttributeBlock RequestReader::read_message_attributes() {
    const auto block = in_.get_binary();
    if (const auto attributes = unpack_attributes(block); !attributes) {
        in_.fail(attributes.error().data());
    }
    return block;
}

Millis RequestReader::read_millis(Millis most, const char* rule) {
    return Millis{in_.get_between(0, most.count(), rule)};
}

std::optional<Millis> RequestReader::read_visibility() {
    if (in_.take_nil()) {
        return std::nullopt;
    }
    return read_millis(limits::kVisibilityMax, "a visibility is 0 to 43200000 ms");
}

std::pair<std::uint32_t, std::uint32_t> RequestReader::read_run() {
    constexpr std::int64_t kMost = limits::kReceiveCountMax;
    const std::int64_t index = in_.get_between(0, kMost - 1, "an index is 0 to 9999");
    const std::int64_t count =
        in_.get_between(1, kMost - index, "a count is 1 to what a delivery can have behind index");
    return {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(count)};
}

}  // namespace

Result<Request, Malformed> decode_request(std::span<const std::byte> frame) {
    return RequestReader(frame).read();
}

}  // namespace esteira::wire
