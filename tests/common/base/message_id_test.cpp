#include <gtest/gtest.h>

#include "common/base/dialogue.hpp"

namespace esteira::dialogue {

TEST(MessageId, IsAUuidOfVersion8WithBrokerAndNumber) {
    EXPECT_EQ(message_id(0x0123'4567'89AB'CDEF, MessageNumber{1}),
              "01234567-89ab-8def-8000-000000000001");
    EXPECT_EQ(message_id(0xFFFF'FFFF'FFFF'FFFF, MessageNumber{0x1234'5678'9ABC'DEF0}),
              "ffffffff-ffff-8fff-9234-56789abcdef0");
    EXPECT_EQ(message_id(0, MessageNumber{0}), "00000000-0000-8000-8000-000000000000");
    for (const MessageNumber number : {MessageNumber{1}, MessageNumber{0x1234'5678'9ABC'DEF0}}) {
        EXPECT_EQ(message_number(42, message_id(42, number)), number);
        EXPECT_EQ(message_number(43, message_id(42, number)), std::nullopt);
    }
    for (const char* none :
         {"", "x", "00000000-0000-802a-8000-00000000000", "00000000-0000-802A-8000-000000000001",
          "00000000-0000-802a-8000-0000000000011", "00000000-0000-802a-8000-00000000000\xff"}) {
        EXPECT_EQ(message_number(42, none), std::nullopt) << none;
    }
}

TEST(MessageId, DiffersForEveryNumber) {
    EXPECT_NE(message_id(5, MessageNumber{1}), message_id(5, MessageNumber{2}));
    EXPECT_NE(message_id(5, MessageNumber{1}), message_id(6, MessageNumber{1}));
}

}  // namespace esteira::dialogue
