#include <cstring>
#include <limits>

#include "common/base/limits.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/entries.hpp"
#include "common/wire/fields.hpp"
#include "common/wire/layout.hpp"

namespace esteira::wire {

namespace {

using namespace dialogue;

constexpr std::uint32_t kHeadFields = 4;  // Version, op, session, number.

// One request on its way out of a frame. What is wrong with it, the reader remembers.
class RequestReader {
public:
    explicit RequestReader(std::span<const std::byte> frame) : in_(frame), entries_(in_) {}

    Result<Request, Malformed> read();

private:
    Operation read_operation(std::uint64_t op, std::uint32_t fields);
    Send read_send();
    Receive read_receive(bool has_options);
    Settle read_settle(std::uint64_t number);
    Hello read_hello();
    Beat read_beat();
    CreateQueue read_create_queue();
    SetQueue read_set_queue(bool has_tags);
    ListQueues read_list_queues();

    Malformed malformed(std::uint64_t number) const {
        return {number, {entries_.too_large() ? Code::too_large : Code::bad_request, in_.reason()}};
    }

    Reader in_;
    EntryReader entries_;
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
            if (fields != 4 && fields != 5) {
                in_.fail("a receive has 4 or 5 fields");
            }
            return read_receive(fields == 5);
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
            if (fields != 2 && fields != 4) {
                in_.fail("a set_queue has 2 or 4 fields");
            }
            return read_set_queue(fields == 4);
        case static_cast<std::uint64_t>(Op::get_queue):
            expect(1, "a get_queue has 1 field");
            return GetQueue{read_queue_name(in_)};
        case static_cast<std::uint64_t>(Op::list_queues):
            expect(3, "a list_queues has 3 fields");
            return read_list_queues();
        case static_cast<std::uint64_t>(Op::delete_queue):
            expect(1, "a delete_queue has 1 field");
            return DeleteQueue{read_queue_name(in_)};
        case static_cast<std::uint64_t>(Op::purge_queue):
            expect(1, "a purge_queue has 1 field");
            return PurgeQueue{read_queue_name(in_)};
        default:
            in_.fail("unknown operation");
            return GetQueue{};
    }
}

// --------------------------------------------------------------------------------- operations

Send RequestReader::read_send() {
    Send send;
    send.queue = read_queue_name(in_);
    constexpr auto kRule = "a send has 1 to 1000 entries";
    const std::uint32_t count = read_array_upto(in_, limits::kRequestEntriesMax, kRule);
    if (count == 0) {
        in_.fail(kRule);
    }
    send.entries.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        send.entries.push_back(entries_.read_entry());
    }
    return send;
}

Receive RequestReader::read_receive(bool has_options) {
    Receive receive;
    receive.queue = read_queue_name(in_);
    receive.count = in_.get_between(1, limits::kReceiveCountMax, "a receive's count is 1 to 10000");
    receive.wait = read_millis(in_, limits::kWindowMax, "a wait is 0 to 300000 ms");
    receive.visibility = read_visibility(in_);
    if (!has_options) {
        return receive;
    }
    for (KeyedMap map(in_); map.next();) {
        switch (static_cast<ReceiveKey>(map.key())) {
            case ReceiveKey::min:
                receive.min =
                    in_.get_between(1, receive.count, "a receive's min is 1 to its count");
                break;
            case ReceiveKey::attempt:
                receive.attempt = read_id(in_, limits::kAttemptBytesMax,
                                          "an attempt has 1 to 128 visible ASCII characters");
                break;
            default:
                in_.fail("unknown key of a receive");
        }
    }
    return receive;
}

Settle RequestReader::read_settle(std::uint64_t number) {
    Settle settle;
    const std::uint32_t count =
        read_array_upto(in_, limits::kRequestEntriesMax, "a settle has at most 1000 verdicts");
    settle.verdicts.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        settle.verdicts.push_back(entries_.read_verdict());
    }
    if (in_.take_nil()) {
        if (count == 0) {
            in_.fail("a settle has verdicts, or asks for the next batch");
        }
        return settle;
    }
    const std::uint32_t fields = in_.get_array();
    if (fields != 5 && fields != 6) {
        in_.fail("an ask has 5 or 6 fields");
    }
    const std::uint64_t ask = in_.get_unsigned();
    if (ask <= number) {
        in_.fail("the ask of a settle has a number above the settle's");
    }
    settle.next.emplace(ask, read_receive(fields == 6));
    return settle;
}

Hello RequestReader::read_hello() {
    Hello hello;
    constexpr auto kRule = "the names of a hello have at most 128 bytes of text";
    hello.name = read_name(in_, limits::kNameBytesMax, kRule);
    hello.pool = read_name(in_, limits::kNameBytesMax, kRule);
    hello.host = read_name(in_, limits::kNameBytesMax, kRule);
    hello.pid = in_.get_between(0, std::numeric_limits<std::uint32_t>::max(),
                                "a process id is 0 to 4294967295");
    hello.leaving = in_.get_bool();
    return hello;
}

Beat RequestReader::read_beat() {
    Beat beat;
    const std::uint32_t count =
        read_array_upto(in_, limits::kRequestEntriesMax, "a beat has at most 1000 entries");
    beat.started.reserve(count);
    for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
        beat.started.push_back(entries_.read_started());
    }
    return beat;
}

CreateQueue RequestReader::read_create_queue() {
    CreateQueue create;
    create.name = read_queue_name(in_);
    create.attributes = read_attributes(in_);
    create.tags = read_attributes(in_);
    if (create.tags.size() > limits::kTagsMax) {
        in_.fail("a queue has at most 50 tags");
    }
    return create;
}

SetQueue RequestReader::read_set_queue(bool has_tags) {
    SetQueue set;
    set.name = read_queue_name(in_);
    set.attributes = read_attributes(in_);
    if (!has_tags) {
        return set;
    }
    constexpr auto kRule = "at most 50 tags are set or removed at once";
    set.tags = read_attributes(in_);
    if (set.tags.size() > limits::kTagsMax) {
        in_.fail(kRule);
    }
    const std::uint32_t removed = read_array_upto(in_, limits::kTagsMax, kRule);
    for (std::uint32_t i = 0; i < removed && in_.ok(); ++i) {
        set.tags_removed.emplace_back(read_name(in_, limits::kQueueAttributeNameBytesMax,
                                                "a tag's key has at most 256 bytes of text"));
    }
    return set;
}

ListQueues RequestReader::read_list_queues() {
    ListQueues list;
    constexpr auto kRule = "a prefix or a name has at most 80 bytes of text";
    list.prefix = read_name(in_, limits::kQueueNameBytesMax, kRule);
    list.after = read_name(in_, limits::kQueueNameBytesMax, kRule);
    list.count = in_.get_between(1, 1000, "a page has 1 to 1000 names");
    return list;
}

}  // namespace

Result<Request, Malformed> decode_request(std::span<const std::byte> frame) {
    return RequestReader(frame).read();
}

}  // namespace esteira::wire
