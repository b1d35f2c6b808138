#include "tests/common/wire/samples.hpp"

#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"

namespace esteira::wire::test {

using namespace dialogue;
using namespace std::chrono_literals;

namespace {

Bytes16 sixteen(unsigned first) {
    Bytes16 bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(first + i);
    }
    return bytes;
}

Request request(std::uint64_t number, Operation operation) {
    return {sixteen(0xA0), number, std::move(operation)};
}

Response response(std::uint64_t number, Answer answer) {
    return {number, 0xFEDC'BA98'7654'3210, std::move(answer)};
}

Receipt receipt(std::uint32_t count) {
    return {QueueNumber{7}, DeliveryNumber{0x0102'0304'0506}, count, sixteen(0x10)};
}

AttributeBlock block() {
    static const auto bytes = [] {
        const std::vector<Attribute> attributes = {{"loja", "String", as_bytes("centro")},
                                                   {"peso", "Number.kg", as_bytes("12.5")}};
        return pack_attributes(attributes);
    }();
    return bytes;
}

SendEntry plain(std::string_view body) {
    SendEntry entry;
    entry.body = as_bytes(body);
    return entry;
}

SendEntry full_entry() {
    return {as_bytes("corpo"), 900'000ms, block(), "0193-a/4", "grupo-1", "dedup-1", {}};
}

VerdictEntry verdict(std::uint32_t index, std::uint32_t count, Verdict kind) {
    VerdictEntry entry;
    entry.receipt = receipt(100);
    entry.index = index;
    entry.count = count;
    entry.verdict = kind;
    return entry;
}

Settle full_settle() {
    Settle settle;
    settle.verdicts.push_back(verdict(0, 96, Verdict::done));
    settle.verdicts.push_back(verdict(96, 1, Verdict::retry));
    settle.verdicts.back().delay = 60s;
    settle.verdicts.back().reason = "conexão perdida";
    settle.verdicts.push_back(verdict(97, 1, Verdict::dead));
    settle.verdicts.back().reason = "EAN inválido";
    settle.verdicts.push_back(verdict(98, 1, Verdict::done));
    settle.verdicts.back().sends.emplace_back("orders", plain("next hop"));
    settle.verdicts.back().sends.emplace_back("dlq-stock.fifo", full_entry());
    settle.verdicts.push_back(verdict(99, 1, Verdict::visibility));
    settle.verdicts.back().delay = 12h;
    settle.verdicts.push_back(verdict(0, 100, Verdict::hand_back));
    settle.next.emplace(44, Receive{"stock", 10'000, 20s, std::nullopt});
    return settle;
}

// A message of which one part went wrong.
Settle settle_with_a_dead_part() {
    Settle settle;
    settle.verdicts.push_back(verdict(7, 1, Verdict::done));
    settle.verdicts.back().sends.emplace_back("", plain("{}"));
    SendEntry& part = settle.verdicts.back().sends.back().second;
    part.origin = "0193-a/4";
    part.reason = "EAN inválido";
    return settle;
}

Settle settle_that_asks_for_a_batch() {
    Settle settle;
    settle.verdicts.push_back(verdict(0, 100, Verdict::done));
    settle.next.emplace(47, Receive{"stock", 2'000, 60s, 30s, 1'000, "try-2"});
    return settle;
}

Delivery delivery(std::uint64_t number, std::string_view body) {
    Delivery one;
    one.number = MessageNumber{number};
    one.sent_at = WallTime{1'767'225'600'123ms};
    one.first_received_at = WallTime{1'767'225'601'000ms};
    one.body = as_bytes(body);
    return one;
}

ReceiveReply full_receive() {
    ReceiveReply reply;
    reply.receipt = receipt(3);
    reply.messages.push_back(delivery(1, "um"));
    reply.messages.push_back(delivery(300, ""));
    reply.messages.push_back(delivery(0x1'0000'0000, "três"));
    Delivery& last = reply.messages.back();
    last.receives = 70'000;
    last.first_received_at = WallTime{-1ms};
    last.attributes = block();
    last.origin = "0193-b";
    last.group = "g";
    last.dedup = "d";
    last.source = "stock";
    last.reason = "EAN inválido";
    last.crashes = 3;
    return reply;
}

// Of a FIFO queue.
ReceiveReply receive_in_order() {
    ReceiveReply reply;
    reply.receipt = receipt(1);
    reply.messages.push_back(delivery(8, "em ordem"));
    reply.messages.back().group = "loja-7";
    reply.messages.back().dedup = "venda-1";
    reply.messages.back().sequence = 0x1'0000'0001;
    return reply;
}

// A dead letter: what happened to it comes along.
ReceiveReply receive_with_history() {
    static const std::string history = pack_history({3,
                                                     WallTime{1'767'225'700'000ms},
                                                     BuriedBy::rejected,
                                                     WallTime{},
                                                     "stock",
                                                     {{WallTime{1'767'225'600'500ms},
                                                       WallTime{1'767'225'630'500ms},
                                                       AttemptEnd::timed_out,
                                                       "upsert-stock-1",
                                                       "upsert-stock",
                                                       "nó-1",
                                                       {}},
                                                      {WallTime{1'767'225'690'000ms},
                                                       WallTime{1'767'225'700'000ms},
                                                       AttemptEnd::rejected,
                                                       {},
                                                       {},
                                                       {},
                                                       "EAN inválido"}}});
    ReceiveReply reply;
    reply.receipt = receipt(1);
    reply.messages.push_back(delivery(7, "morta"));
    reply.messages.back().receives = 4;
    reply.messages.back().source = "stock";
    reply.messages.back().history = as_bytes(history);
    return reply;
}

}  // namespace

std::vector<Sample<Request>> sample_requests() {
    const Receipt one = receipt(100);
    return {
        {"request_send", request(1, Send{"stock", {plain("um"), full_entry(), plain("")}})},
        {"request_receive", request(200, Receive{"stock", 1000, 20s, 30s})},
        {"request_receive_defaults", request(201, Receive{"stock", 1, 0ms, std::nullopt})},
        {"request_receive_window",
         request(202, Receive{"stock", 10'000, 300s, std::nullopt, 5'000, {}})},
        {"request_receive_attempt",
         request(203, Receive{"stock.fifo", 10, 20s, std::nullopt, 1, "try-1"})},
        {"request_settle", request(43, full_settle())},
        {"request_settle_window", request(46, settle_that_asks_for_a_batch())},
        {"request_settle_plain", request(2, Settle{{verdict(0, 100, Verdict::done)}, {}})},
        {"request_settle_parts", request(45, settle_with_a_dead_part())},
        {"request_hello", request(3, Hello{"worker", "upsert-stock", "nó-1", 4321, true})},
        {"request_beat", request(70'000, Beat{{{one, 0, 5}, {one, 99, 1}}})},
        {"request_create_queue",
         request(5, CreateQueue{"stock", {{"VisibilityTimeout", "30"}}, {{"time", "Preço"}}})},
        {"request_set_queue",
         request(6, SetQueue{"stock", {{"DelaySeconds", "0"}, {"Policy", ""}}})},
        {"request_set_queue_tags", request(11, SetQueue{"stock",
                                                        {{"SendsPaused", "true"}},
                                                        {{"time", "Preço"}, {"custo", ""}},
                                                        {"loja", "nó"}})},
        {"request_get_queue", request(7, GetQueue{"stock.fifo"})},
        {"request_list_queues", request(0xFFFF'FFFF'FFFF'FFFF, ListQueues{"st", "stock", 1000})},
        {"request_delete_queue", request(9, DeleteQueue{"stock"})},
        {"request_purge_queue", request(10, PurgeQueue{"stock"})},
    };
}

std::vector<Sample<Response>> sample_responses() {
    return {
        {"response_refused", response(0, Refused{Code::bad_request, "expected an integer"})},
        {"response_send", response(1, SendReply{{{Code::ok, 998, MessageNumber{123'456'789}, ""},
                                                 {Code::too_large, 2, {}, "2 MiB"}}})},
        {"response_receive", response(200, full_receive())},
        {"response_receive_history", response(11, receive_with_history())},
        {"response_receive_in_order", response(12, receive_in_order())},
        {"response_receive_nothing", response(201, ReceiveReply{})},
        {"response_settle",
         response(43, SettleReply{{{Code::ok, 5, {}, ""}, {Code::receipt_stale, 1, {}, ""}}})},
        {"response_hello", response(3, HelloReply{"0.1.0"})},
        {"response_beat", response(4, BeatReply{})},
        {"response_queue",
         response(5, QueueReply{"stock", {{"VisibilityTimeout", "30"}}, {{"time", "Preço"}}})},
        {"response_list", response(8, ListReply{{"orders", "stock"}, true})},
        {"response_done", response(9, DoneReply{1'000'000})},
    };
}

}  // namespace esteira::wire::test
