#include <random>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/wire/codec.hpp"
#include "tests/common/wire/samples.hpp"

// Every sample cut at every length and with every byte changed to every other: what comes out is a
// precise refusal or a value that can be written again. Runs under the sanitizers.
namespace esteira::wire {

namespace {

std::string encoded(const auto& value) {
    Buffer buffer;
    encode(value, buffer);
    return std::string(as_text(buffer.bytes()));
}

// The frame as heap memory of exactly its size, so that reading beyond it is seen.
template <class Decode>
auto decode_exact(Decode decode, std::string_view frame) {
    const std::vector<std::byte> exact(as_bytes(frame).begin(), as_bytes(frame).end());
    const auto result = decode(std::span<const std::byte>(exact));
    if (result) {
        const std::string again = encoded(result.value());
        EXPECT_TRUE(decode(as_bytes(again)));
        return std::pair(true, test::describe(result.value()));
    }
    EXPECT_NE(result.error().refused.code, dialogue::Code::ok);
    EXPECT_NE(result.error().refused.reason.find("(at byte "), std::string::npos);
    return std::pair(false, result.error().refused.reason);
}

template <class Samples, class Decode>
void expect_nothing_crashes(const Samples& samples, Decode decode) {
    for (const auto& [name, value] : samples) {
        SCOPED_TRACE(name);
        const std::string frame = encoded(value);
        for (std::size_t length = 0; length < frame.size(); ++length) {
            EXPECT_FALSE(decode_exact(decode, std::string_view(frame).substr(0, length)).first)
                << "cut at " << length;
        }
        EXPECT_FALSE(decode_exact(decode, frame + '\0').first) << "a byte behind the end";
        for (std::size_t at = 0; at < frame.size(); ++at) {
            for (int change = 1; change < 256; ++change) {
                std::string broken = frame;
                broken[at] = static_cast<char>(static_cast<unsigned char>(broken[at]) ^ change);
                decode_exact(decode, broken);
            }
        }
    }
}

}  // namespace

TEST(WireCorpus, ABrokenRequestIsRefusedAndNothingCrashes) {
    expect_nothing_crashes(test::sample_requests(), decode_request);
}

TEST(WireCorpus, ABrokenResponseIsRefusedAndNothingCrashes) {
    expect_nothing_crashes(test::sample_responses(), decode_response);
}

TEST(WireCorpus, RandomBytesAreRefusedAndNothingCrashes) {
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        std::string frame(random() % 64, '\0');
        for (char& c : frame) {
            c = static_cast<char>(random());
        }
        decode_exact(decode_request, frame);
        decode_exact(decode_response, frame);
    }
}

}  // namespace esteira::wire
