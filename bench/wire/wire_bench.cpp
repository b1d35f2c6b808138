#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

#include "common/base/bytes.hpp"
#include "common/wire/codec.hpp"

// What the codec costs per message, alone on one core. One JSON line for each frame:
//
//   send_10     a request with 10 bodies of 200 bytes
//   reply_100   a receive's answer with 100 bodies of 200 bytes
//   settle_100  a request with 100 verdicts, one for each message
namespace {

using namespace esteira;
using namespace esteira::dialogue;

const std::string kBody(200, 'x');

Request send_10() {
    Send send{"stock", {}};
    for (int i = 0; i < 10; ++i) {
        send.entries.emplace_back().body = as_bytes(kBody);
    }
    return {Bytes16{}, 123'456, std::move(send)};
}

Response reply_100() {
    ReceiveReply reply;
    reply.receipt.count = 100;
    for (std::uint64_t i = 0; i < 100; ++i) {
        Delivery& delivery = reply.messages.emplace_back();
        delivery.number = MessageNumber{1'000'000 + i};
        delivery.sent_at = WallTime{Millis{1'767'225'600'000 + static_cast<std::int64_t>(i)}};
        delivery.body = as_bytes(kBody);
    }
    return {123'456, 77, std::move(reply)};
}

Request settle_100() {
    Settle settle;
    for (std::uint32_t i = 0; i < 100; ++i) {
        VerdictEntry& verdict = settle.verdicts.emplace_back();
        verdict.receipt.count = 100;
        verdict.index = i;
    }
    return {Bytes16{}, 123'456, std::move(settle)};
}

double ns_of(std::uint32_t messages, const std::function<void()>& once) {
    using SteadyClock = std::chrono::steady_clock;
    constexpr auto kLong = std::chrono::milliseconds(300);
    constexpr int kRounds = 1000;
    std::uint64_t done = 0;
    const auto start = SteadyClock::now();
    while (SteadyClock::now() - start < kLong) {
        for (int i = 0; i < kRounds; ++i) {
            once();
        }
        done += kRounds;
    }
    const std::chrono::duration<double, std::nano> spent = SteadyClock::now() - start;
    return spent.count() / static_cast<double>(done) / messages;
}

template <class Value, class Decode>
void measure(const char* load, const Value& value, std::uint32_t messages, Decode decode) {
    wire::Buffer buffer;
    const double encode_ns = ns_of(messages, [&] {
        buffer.clear();
        encode(value, buffer);
    });
    std::size_t accepted = 0;
    const double decode_ns =
        ns_of(messages, [&] { accepted += decode(buffer.bytes()).has_value() ? 1U : 0U; });
    std::printf(
        "{\"bench\":\"wire\",\"load\":\"%s\",\"frame_bytes\":%zu,"
        "\"encode_ns_per_message\":%.1f,\"decode_ns_per_message\":%.1f,\"ok\":%s}\n",
        load, buffer.bytes().size(), encode_ns, decode_ns, accepted > 0 ? "true" : "false");
}

}  // namespace

int main() {
    measure("send_10", send_10(), 10, wire::decode_request);
    measure("reply_100", reply_100(), 100, wire::decode_response);
    measure("settle_100", settle_100(), 100, wire::decode_request);
    return 0;
}
