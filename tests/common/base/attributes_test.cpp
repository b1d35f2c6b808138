#include "common/base/attributes.hpp"

#include <gtest/gtest.h>

#include "common/base/bytes.hpp"
#include "common/base/limits.hpp"

namespace esteira {

namespace {

std::vector<std::byte> block_of(std::string_view name, std::string_view type,
                                std::string_view value) {
    const std::vector<Attribute> attributes = {{name, type, as_bytes(value)}};
    return pack_attributes(attributes);
}

bool accepted(std::string_view name, std::string_view type, std::string_view value) {
    return unpack_attributes(block_of(name, type, value)).has_value();
}

}  // namespace

TEST(Attributes, ComeBackAsTheyWere) {
    const std::vector<Attribute> written = {
        {"loja", "String", as_bytes("centro")},
        {"peso", "Number.kg", as_bytes("12.5")},
        {"foto", "Binary", as_bytes(std::string_view("\0", 1))}};
    const auto block = pack_attributes(written);
    const auto read = unpack_attributes(block);
    ASSERT_TRUE(read);
    ASSERT_EQ(read.value().size(), written.size());
    for (std::size_t i = 0; i < written.size(); ++i) {
        EXPECT_EQ(read.value()[i].name, written[i].name);
        EXPECT_EQ(read.value()[i].type, written[i].type);
        EXPECT_EQ(as_text(read.value()[i].value), as_text(written[i].value));
    }
    EXPECT_TRUE(unpack_attributes({}).value().empty());
}

TEST(Attributes, ABlockCutAnywhereIsRefused) {
    const auto block = block_of("loja", "String", "centro");
    for (std::size_t length = 1; length < block.size(); ++length) {
        EXPECT_FALSE(unpack_attributes(std::span(block).first(length))) << length;
    }
}

TEST(Attributes, NamesAndTypesAreThoseOfSqs) {
    EXPECT_TRUE(accepted("a.b_c-9", "String", "x"));
    EXPECT_TRUE(accepted(std::string(256, 'a'), "Number.label", "1"));
    EXPECT_TRUE(accepted("awsome", "Binary", "x"));
    for (const std::string& name :
         {std::string(), std::string(257, 'a'), std::string("a b"), std::string(".a"),
          std::string("a."), std::string("a..b"), std::string("AWS.a"), std::string("aws.a"),
          std::string("Amazon.a"), std::string("\xC3\xA7")}) {
        EXPECT_FALSE(accepted(name, "String", "x")) << name;
    }
    for (const char* type : {"", "string", "Text", "Strings"}) {
        EXPECT_FALSE(accepted("a", type, "x")) << type;
    }
    EXPECT_FALSE(accepted("a", "String", ""));
}

TEST(Attributes, AreAtMostTenAndEachNameOnce) {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i <= limits::kAttributesMax; ++i) {
        names.push_back("name" + std::to_string(i));
    }
    std::vector<Attribute> attributes;
    for (const std::string& name : names) {
        attributes.push_back({name, "String", as_bytes("x")});
    }
    EXPECT_FALSE(unpack_attributes(pack_attributes(attributes)));
    attributes.pop_back();
    EXPECT_TRUE(unpack_attributes(pack_attributes(attributes)));
    attributes.back().name = attributes.front().name;
    EXPECT_FALSE(unpack_attributes(pack_attributes(attributes)));
}

TEST(Attributes, CountTheBytesOfNamesTypesAndValues) {
    const std::vector<Attribute> attributes = {{"loja", "String", as_bytes("centro")},
                                               {"peso", "Number", as_bytes("1")}};
    EXPECT_EQ(attribute_bytes(pack_attributes(attributes)), 4U + 6 + 6 + 4 + 6 + 1);
    EXPECT_EQ(attribute_bytes({}), 0U);
}

}  // namespace esteira
