#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/wire/codec.hpp"
#include "tests/common/wire/samples.hpp"

// Version 1 is read and written for ever as it was on its first day. When a field is added, a new
// sample is: `ESTEIRA_WRITE_GOLDEN=1 wire_test` writes the files that are missing, and never
// another.
namespace esteira::wire {

namespace {

std::string path_of(const std::string& name) {
    return std::string(ESTEIRA_SOURCE_DIR) + "/tests/golden/wire_v1/" + name;
}

std::string file(const std::string& name) {
    std::ifstream in(path_of(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_if_missing(const std::string& name, std::string_view content) {
    if (std::getenv("ESTEIRA_WRITE_GOLDEN") == nullptr || std::ifstream(path_of(name)).good()) {
        return;
    }
    std::ofstream(path_of(name), std::ios::binary) << content;
}

template <class Value>
std::string encoded(const Value& value) {
    Buffer buffer;
    encode(value, buffer);
    return std::string(as_text(buffer.bytes()));
}

auto decode(const dialogue::Request&, std::string_view bytes) {
    return decode_request(as_bytes(bytes));
}
auto decode(const dialogue::Response&, std::string_view bytes) {
    return decode_response(as_bytes(bytes));
}

template <class Samples>
void expect_golden(const Samples& samples) {
    for (const auto& [name, value] : samples) {
        SCOPED_TRACE(name);
        write_if_missing(name + ".bin", encoded(value));
        write_if_missing(name + ".txt", test::describe(value));

        const std::string golden = file(name + ".bin");
        EXPECT_EQ(encoded(value), golden);
        const auto decoded = decode(value, golden);
        if (!decoded) {
            ADD_FAILURE() << decoded.error().refused.reason;
            continue;
        }
        EXPECT_EQ(test::describe(decoded.value()), file(name + ".txt"));
        EXPECT_EQ(encoded(decoded.value()), golden);
    }
}

}  // namespace

TEST(WireFormat, RequestsOfVersion1AreReadAndWrittenForEver) {
    expect_golden(test::sample_requests());
}

TEST(WireFormat, ResponsesOfVersion1AreReadAndWrittenForEver) {
    expect_golden(test::sample_responses());
}

TEST(WireFormat, EveryOperationAndAnswerHasASample) {
    std::vector<bool> operations(std::variant_size_v<dialogue::Operation>);
    for (const auto& sample : test::sample_requests()) {
        operations[sample.value.operation.index()] = true;
    }
    EXPECT_EQ(std::count(operations.begin(), operations.end(), false), 0);
    std::vector<bool> answers(std::variant_size_v<dialogue::Answer>);
    for (const auto& sample : test::sample_responses()) {
        answers[sample.value.answer.index()] = true;
    }
    EXPECT_EQ(std::count(answers.begin(), answers.end(), false), 0);
}

}  // namespace esteira::wire
