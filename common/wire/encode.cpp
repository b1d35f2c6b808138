#include <algorithm>
#include <type_traits>

#include <msgpack.hpp>

#include "common/wire/codec.hpp"
#include "common/wire/layout.hpp"

namespace esteira::wire {

namespace {

using namespace dialogue;

// The values of FORMAT.md in terms of msgpack's packer, which writes straight into the buffer.
class Writer {
public:
    explicit Writer(Buffer& out) : packer_(out) {}

    template <class Size>
    void array(Size count) {
        packer_.pack_array(static_cast<std::uint32_t>(count));
    }
    template <class Size>
    void map(Size count) {
        packer_.pack_map(static_cast<std::uint32_t>(count));
    }
    template <class Number>
    requires std::is_unsigned_v<Number>
    void number(Number number) { packer_.pack_uint64(number); }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void number(Enum value) { number(static_cast<std::uint64_t>(value)); }
    void number(Millis duration) { packer_.pack_int64(duration.count()); }
    void number(WallTime time) { packer_.pack_int64(time.time_since_epoch().count()); }
    void boolean(bool value) { value ? packer_.pack_true() : packer_.pack_false(); }
    void nil() { packer_.pack_nil(); }
    void text(std::string_view text) {
        packer_.pack_str(static_cast<std::uint32_t>(text.size()));
        packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
    }
    void binary(std::span<const std::byte> bytes) {
        packer_.pack_bin(static_cast<std::uint32_t>(bytes.size()));
        packer_.pack_bin_body(reinterpret_cast<const char*>(bytes.data()),
                              static_cast<std::uint32_t>(bytes.size()));
    }
    void receipt(const Receipt& receipt) { binary(receipt_bytes(receipt)); }
    void attributes(const Attributes& attributes) {
        map(attributes.size());
        for (const auto& [name, value] : attributes) {
            text(name);
            text(value);
        }
    }
    template <class Key>
    void keyed_text(Key key, std::string_view value) {
        if (value.empty()) {
            return;
        }
        number(key);
        text(value);
    }

private:
    msgpack::packer<Buffer> packer_;
};

std::uint32_t count_of(std::initializer_list<bool> present) {
    return static_cast<std::uint32_t>(std::count(present.begin(), present.end(), true));
}

// -------------------------------------------------------------------------------------- requests

void put(Writer& out, const SendEntry& entry) {
    const std::uint32_t keys =
        count_of({entry.delay.has_value(), !entry.attributes.empty(), !entry.origin.empty(),
                  !entry.group.empty(), !entry.dedup.empty(), !entry.reason.empty()});
    if (keys == 0) {
        return out.binary(entry.body);
    }
    out.array(2U);
    out.binary(entry.body);
    out.map(keys);
    if (entry.delay.has_value()) {
        out.number(EntryKey::delay);
        out.number(*entry.delay);
    }
    if (!entry.attributes.empty()) {
        out.number(EntryKey::attributes);
        out.binary(entry.attributes);
    }
    out.keyed_text(EntryKey::origin, entry.origin);
    out.keyed_text(EntryKey::group, entry.group);
    out.keyed_text(EntryKey::dedup, entry.dedup);
    out.keyed_text(EntryKey::reason, entry.reason);
}

void put(Writer& out, const VerdictEntry& verdict) {
    const std::uint32_t keys =
        count_of({verdict.delay.has_value(), !verdict.reason.empty(), !verdict.sends.empty()});
    out.array(keys == 0 ? 4U : 5U);
    out.receipt(verdict.receipt);
    out.number(verdict.index);
    out.number(verdict.count);
    out.number(verdict.verdict);
    if (keys == 0) {
        return;
    }
    out.map(keys);
    if (verdict.delay.has_value()) {
        out.number(VerdictKey::delay);
        out.number(*verdict.delay);
    }
    out.keyed_text(VerdictKey::reason, verdict.reason);
    if (verdict.sends.empty()) {
        return;
    }
    out.number(VerdictKey::sends);
    out.array(verdict.sends.size());
    for (const auto& [queue, entry] : verdict.sends) {
        out.array(2U);
        out.text(queue);
        put(out, entry);
    }
}

std::uint32_t keys_of(const Receive& receive) {
    return count_of({receive.min > 1, !receive.attempt.empty()});
}

void put_receive(Writer& out, const Receive& receive) {
    out.text(receive.queue);
    out.number(receive.count);
    out.number(receive.wait);
    receive.visibility.has_value() ? out.number(*receive.visibility) : out.nil();
    const std::uint32_t keys = keys_of(receive);
    if (keys == 0) {
        return;
    }
    out.map(keys);
    if (receive.min > 1) {
        out.number(ReceiveKey::min);
        out.number(receive.min);
    }
    out.keyed_text(ReceiveKey::attempt, receive.attempt);
}

// Each operation: its number, how many fields it has, and the fields.
Op op_of(const Send&) { return Op::send; }
std::uint32_t fields_of(const Send&) { return 2; }
void put(Writer& out, const Send& send) {
    out.text(send.queue);
    out.array(send.entries.size());
    for (const SendEntry& entry : send.entries) {
        put(out, entry);
    }
}

Op op_of(const Receive&) { return Op::receive; }
std::uint32_t fields_of(const Receive& receive) { return keys_of(receive) == 0 ? 4 : 5; }
void put(Writer& out, const Receive& receive) { put_receive(out, receive); }

Op op_of(const Settle&) { return Op::settle; }
std::uint32_t fields_of(const Settle&) { return 2; }
void put(Writer& out, const Settle& settle) {
    out.array(settle.verdicts.size());
    for (const VerdictEntry& verdict : settle.verdicts) {
        put(out, verdict);
    }
    if (!settle.next.has_value()) {
        return out.nil();
    }
    out.array(keys_of(settle.next->second) == 0 ? 5U : 6U);
    out.number(settle.next->first);
    put_receive(out, settle.next->second);
}

Op op_of(const Hello&) { return Op::hello; }
std::uint32_t fields_of(const Hello&) { return 5; }
void put(Writer& out, const Hello& hello) {
    out.text(hello.name);
    out.text(hello.pool);
    out.text(hello.host);
    out.number(hello.pid);
    out.boolean(hello.leaving);
}

Op op_of(const Beat&) { return Op::beat; }
std::uint32_t fields_of(const Beat&) { return 1; }
void put(Writer& out, const Beat& beat) {
    out.array(beat.started.size());
    for (const Beat::Started& started : beat.started) {
        out.array(3U);
        out.receipt(started.receipt);
        out.number(started.index);
        out.number(started.count);
    }
}

Op op_of(const CreateQueue&) { return Op::create_queue; }
std::uint32_t fields_of(const CreateQueue&) { return 3; }
void put(Writer& out, const CreateQueue& create) {
    out.text(create.name);
    out.attributes(create.attributes);
    out.attributes(create.tags);
}

Op op_of(const SetQueue&) { return Op::set_queue; }
std::uint32_t fields_of(const SetQueue& set) {
    return set.tags.empty() && set.tags_removed.empty() ? 2 : 4;
}
void put(Writer& out, const SetQueue& set) {
    out.text(set.name);
    out.attributes(set.attributes);
    if (fields_of(set) == 2) {
        return;
    }
    out.attributes(set.tags);
    out.array(set.tags_removed.size());
    for (const std::string& key : set.tags_removed) {
        out.text(key);
    }
}

Op op_of(const GetQueue&) { return Op::get_queue; }
std::uint32_t fields_of(const GetQueue&) { return 1; }
void put(Writer& out, const GetQueue& get) { out.text(get.name); }

Op op_of(const ListQueues&) { return Op::list_queues; }
std::uint32_t fields_of(const ListQueues&) { return 3; }
void put(Writer& out, const ListQueues& list) {
    out.text(list.prefix);
    out.text(list.after);
    out.number(list.count);
}

Op op_of(const DeleteQueue&) { return Op::delete_queue; }
std::uint32_t fields_of(const DeleteQueue&) { return 1; }
void put(Writer& out, const DeleteQueue& del) { out.text(del.name); }

Op op_of(const PurgeQueue&) { return Op::purge_queue; }
std::uint32_t fields_of(const PurgeQueue&) { return 1; }
void put(Writer& out, const PurgeQueue& purge) { out.text(purge.name); }

// ------------------------------------------------------------------------------------- responses

void put_runs(Writer& out, const std::vector<ResultRun>& runs) {
    out.array(runs.size());
    for (const ResultRun& run : runs) {
        if (run.code != Code::ok) {
            out.array(3U);
            out.number(run.count);
            out.number(run.code);
            out.text(run.reason);
        } else if (run.first.value != 0) {
            out.array(2U);
            out.number(run.count);
            out.number(run.first.value);
        } else {
            out.number(run.count);
        }
    }
}

void put(Writer& out, const Delivery& delivery, WallTime first_received_at) {
    const bool other_time = delivery.first_received_at != first_received_at;
    const std::uint32_t keys =
        count_of({other_time, !delivery.attributes.empty(), !delivery.origin.empty(),
                  !delivery.group.empty(), !delivery.dedup.empty(), !delivery.source.empty(),
                  !delivery.reason.empty(), delivery.crashes != 0, delivery.sequence != 0,
                  !delivery.history.empty()});
    out.array(keys == 0 ? 4U : 5U);
    out.number(delivery.number.value);
    out.number(delivery.receives);
    out.number(delivery.sent_at);
    out.binary(delivery.body);
    if (keys == 0) {
        return;
    }
    out.map(keys);
    if (other_time) {
        out.number(DeliveryKey::first_received_at);
        out.number(delivery.first_received_at);
    }
    if (!delivery.attributes.empty()) {
        out.number(DeliveryKey::attributes);
        out.binary(delivery.attributes);
    }
    out.keyed_text(DeliveryKey::origin, delivery.origin);
    out.keyed_text(DeliveryKey::group, delivery.group);
    out.keyed_text(DeliveryKey::dedup, delivery.dedup);
    out.keyed_text(DeliveryKey::source, delivery.source);
    out.keyed_text(DeliveryKey::reason, delivery.reason);
    if (delivery.crashes != 0) {
        out.number(DeliveryKey::crashes);
        out.number(delivery.crashes);
    }
    if (delivery.sequence != 0) {
        out.number(DeliveryKey::sequence);
        out.number(delivery.sequence);
    }
    if (!delivery.history.empty()) {
        out.number(DeliveryKey::history);
        out.binary(delivery.history);
    }
}

Kind kind_of(const Refused&) { return Kind::refused; }
std::uint32_t fields_of(const Refused&) { return 2; }
void put(Writer& out, const Refused& refused) {
    out.number(refused.code);
    out.text(refused.reason);
}

Kind kind_of(const SendReply&) { return Kind::send; }
std::uint32_t fields_of(const SendReply&) { return 1; }
void put(Writer& out, const SendReply& reply) { put_runs(out, reply.results); }

Kind kind_of(const ReceiveReply&) { return Kind::receive; }
std::uint32_t fields_of(const ReceiveReply&) { return 3; }
void put(Writer& out, const ReceiveReply& reply) {
    // Nearly all of a batch are delivered for the first time, by this very reply.
    WallTime first_received_at{};
    if (!reply.messages.empty()) {
        first_received_at = reply.messages.front().first_received_at;
    }
    reply.messages.empty() ? out.nil() : out.receipt(reply.receipt);
    out.number(first_received_at);
    out.array(reply.messages.size());
    for (const Delivery& delivery : reply.messages) {
        put(out, delivery, first_received_at);
    }
}

Kind kind_of(const SettleReply&) { return Kind::settle; }
std::uint32_t fields_of(const SettleReply&) { return 1; }
void put(Writer& out, const SettleReply& reply) { put_runs(out, reply.results); }

Kind kind_of(const HelloReply&) { return Kind::hello; }
std::uint32_t fields_of(const HelloReply&) { return 1; }
void put(Writer& out, const HelloReply& reply) { out.text(reply.version); }

Kind kind_of(const BeatReply&) { return Kind::beat; }
std::uint32_t fields_of(const BeatReply&) { return 0; }
void put(Writer&, const BeatReply&) {}

Kind kind_of(const QueueReply&) { return Kind::queue; }
std::uint32_t fields_of(const QueueReply&) { return 3; }
void put(Writer& out, const QueueReply& reply) {
    out.text(reply.name);
    out.attributes(reply.attributes);
    out.attributes(reply.tags);
}

Kind kind_of(const ListReply&) { return Kind::list; }
std::uint32_t fields_of(const ListReply&) { return 2; }
void put(Writer& out, const ListReply& reply) {
    out.array(reply.names.size());
    for (const std::string& name : reply.names) {
        out.text(name);
    }
    out.boolean(reply.more);
}

Kind kind_of(const DoneReply&) { return Kind::done; }
std::uint32_t fields_of(const DoneReply&) { return 1; }
void put(Writer& out, const DoneReply& reply) { out.number(reply.affected); }

}  // namespace

void encode(const Request& request, Buffer& buffer) {
    Writer out(buffer);
    std::visit(
        [&](const auto& operation) {
            out.array(4 + fields_of(operation));
            out.number(kVersion);
            out.number(op_of(operation));
            out.binary(request.session);
            out.number(request.number);
            put(out, operation);
        },
        request.operation);
}

void encode(const Response& response, Buffer& buffer) {
    Writer out(buffer);
    std::visit(
        [&](const auto& answer) {
            out.array(4 + fields_of(answer));
            out.number(kVersion);
            out.number(response.number);
            out.number(response.broker);
            out.number(kind_of(answer));
            put(out, answer);
        },
        response.answer);
}

}  // namespace esteira::wire
