#include <limits>

#include "common/base/limits.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/fields.hpp"
#include "common/wire/layout.hpp"

namespace esteira::wire {

namespace {

using namespace dialogue;

constexpr std::uint32_t kHeadFields = 4;  // Version, number, broker, kind.
constexpr std::uint32_t kWordMax = std::numeric_limits<std::uint32_t>::max();

std::uint32_t read_word(Reader& in, const char* rule) { return in.get_between(0, kWordMax, rule); }

Code read_code(Reader& in) {
    return static_cast<Code>(
        in.get_between(0, std::numeric_limits<std::uint16_t>::max(), "a code is 0 to 65535"));
}

WallTime read_time(Reader& in) { return WallTime{Millis{in.get_signed()}}; }

Refused read_refused(Reader& in) {
    Refused refused;
    refused.code = read_code(in);
    refused.reason = in.get_text();
    return refused;
}

ResultRun read_run(Reader& in) {
    ResultRun run;
    constexpr auto kRule = "a run counts from 1 to 1000";
    const auto read_count = [&] {
        run.count = in.get_between(1, limits::kRequestEntriesMax, kRule);
    };
    if (in.next_is_integer()) {
        read_count();
        return run;
    }
    const std::uint32_t fields = in.get_array();
    read_count();
    if (fields == 2) {
        run.first = MessageNumber{in.get_unsigned()};
    } else if (fields == 3) {
        run.code = read_code(in);
        run.reason = in.get_text();
    } else {
        in.fail("a run has 1 to 3 fields");
    }
    return run;
}

std::vector<ResultRun> read_runs(Reader& in) {
    std::vector<ResultRun> runs;
    const std::uint32_t count =
        read_array_upto(in, limits::kRequestEntriesMax, "at most 1000 runs");
    runs.reserve(count);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        runs.push_back(read_run(in));
    }
    return runs;
}

void read_delivery_options(Reader& in, Delivery& delivery) {
    for (KeyedMap map(in); map.next();) {
        switch (static_cast<DeliveryKey>(map.key())) {
            case DeliveryKey::first_received_at:
                delivery.first_received_at = read_time(in);
                break;
            case DeliveryKey::attributes:
                delivery.attributes = in.get_binary();
                break;
            case DeliveryKey::origin:
                delivery.origin = in.get_text();
                break;
            case DeliveryKey::group:
                delivery.group = in.get_text();
                break;
            case DeliveryKey::dedup:
                delivery.dedup = in.get_text();
                break;
            case DeliveryKey::source:
                delivery.source = in.get_text();
                break;
            case DeliveryKey::reason:
                delivery.reason = in.get_text();
                break;
            case DeliveryKey::crashes:
                delivery.crashes = read_word(in, "crashes are 0 to 4294967295");
                break;
            case DeliveryKey::sequence:
                delivery.sequence = in.get_unsigned();
                break;
            case DeliveryKey::history:
                delivery.history = in.get_binary();
                if (!unpack_history(delivery.history)) {
                    in.fail("a history that is none");
                }
                break;
            default:
                in.skip();
        }
    }
}

void read_delivery(Reader& in, Delivery& delivery) {
    constexpr std::uint32_t kShort = 4;
    const std::uint32_t fields = in.get_array();
    if (fields != kShort && fields != kShort + 1) {
        in.fail("a delivery has 4 or 5 fields");
    }
    delivery.number = MessageNumber{in.get_unsigned()};
    delivery.receives = read_word(in, "receives are 0 to 4294967295");
    delivery.sent_at = read_time(in);
    delivery.body = in.get_binary();
    if (fields > kShort) {
        read_delivery_options(in, delivery);
    }
}

ReceiveReply read_receive(Reader& in) {
    ReceiveReply reply;
    if (!in.take_nil()) {
        reply.receipt = read_receipt(in);
    }
    const WallTime first_received_at = read_time(in);
    const std::uint32_t count =
        read_array_upto(in, limits::kReceiveCountMax, "at most 10000 deliveries");
    if (count != reply.receipt.count) {
        in.fail("the receipt counts as many as were delivered");
    }
    if (!in.ok()) {
        return reply;
    }
    reply.messages.resize(count);
    for (Delivery& delivery : reply.messages) {
        delivery.first_received_at = first_received_at;
        read_delivery(in, delivery);
        if (!in.ok()) {
            break;
        }
    }
    return reply;
}

QueueReply read_queue(Reader& in) {
    QueueReply reply;
    reply.name = in.get_text();
    reply.attributes = read_attributes(in);
    reply.tags = read_attributes(in);
    return reply;
}

ListReply read_list(Reader& in) {
    ListReply reply;
    const std::uint32_t count = read_array_upto(in, limits::kQueuesMax, "at most 10000 names");
    reply.names.reserve(count);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        reply.names.emplace_back(in.get_text());
    }
    reply.more = in.get_bool();
    return reply;
}

Answer read_answer(Reader& in, std::uint64_t kind, std::uint32_t fields) {
    const auto expect = [&](std::uint32_t count) {
        if (fields != count) {
            in.fail("an answer with another number of fields");
        }
    };
    switch (kind) {
        case static_cast<std::uint64_t>(Kind::refused):
            expect(2);
            return read_refused(in);
        case static_cast<std::uint64_t>(Kind::send):
            expect(1);
            return SendReply{read_runs(in)};
        case static_cast<std::uint64_t>(Kind::receive):
            expect(3);
            return read_receive(in);
        case static_cast<std::uint64_t>(Kind::settle):
            expect(1);
            return SettleReply{read_runs(in)};
        case static_cast<std::uint64_t>(Kind::hello):
            expect(1);
            return HelloReply{std::string(in.get_text())};
        case static_cast<std::uint64_t>(Kind::beat):
            expect(0);
            return BeatReply{};
        case static_cast<std::uint64_t>(Kind::queue):
            expect(3);
            return read_queue(in);
        case static_cast<std::uint64_t>(Kind::list):
            expect(2);
            return read_list(in);
        case static_cast<std::uint64_t>(Kind::done):
            expect(1);
            return DoneReply{in.get_unsigned()};
        default:
            in.fail("unknown kind of answer");
            return BeatReply{};
    }
}

}  // namespace

Result<Response, Malformed> decode_response(std::span<const std::byte> frame) {
    Reader in(frame);
    const auto malformed = [&](std::uint64_t number) {
        return Malformed{number, {Code::bad_request, in.reason()}};
    };
    Response response;
    const std::uint32_t fields = in.get_array();
    if (in.get_unsigned() != kVersion) {
        in.fail("this client speaks version 1");
    }
    response.number = in.get_unsigned();
    response.broker = in.get_unsigned();
    const std::uint64_t kind = in.get_unsigned();
    if (fields < kHeadFields) {
        in.fail("a response begins with version, number, broker, kind");
    }
    if (!in.ok()) {
        return malformed(0);
    }
    response.answer = read_answer(in, kind, fields - kHeadFields);
    if (in.ok() && !in.at_end()) {
        in.fail("the response does not end with its array");
    }
    if (!in.ok()) {
        return malformed(response.number);
    }
    return response;
}

}  // namespace esteira::wire
