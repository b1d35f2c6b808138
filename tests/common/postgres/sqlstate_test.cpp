#include "common/postgres/sqlstate.hpp"

#include <gtest/gtest.h>

namespace esteira::postgres {
namespace {

TEST(Sqlstate, WithoutAnAnswerTheServerIsAway) {
    EXPECT_EQ(classify(""), ErrorClass::infrastructure);
}

TEST(Sqlstate, EachCodeOfThePolicyHasItsClass) {
    for (const char* code : {"40001", "40P01", "55P03", "57014"}) {
        EXPECT_EQ(classify(code), ErrorClass::transient) << code;
    }
    for (const char* code : {"08000", "08006", "08P01", "57P01", "57P02", "57P03", "53100", "53200",
                             "53300", "58030", "25006", "XX000", "XX001", "XX002"}) {
        EXPECT_EQ(classify(code), ErrorClass::infrastructure) << code;
    }
    for (const char* code : {"22001", "22003", "22007", "22008", "22021", "22P02", "22P05", "23502",
                             "23503", "23505", "23514", "21000"}) {
        EXPECT_EQ(classify(code), ErrorClass::data) << code;
    }
    for (const char* code : {"42501", "42703", "42P01", "28000", "28P01", "3D000", "3F000"}) {
        EXPECT_EQ(classify(code), ErrorClass::configuration) << code;
    }
}

TEST(Sqlstate, ARelatedCodeThatThePolicyDoesNotNameIsNotGuessed) {
    for (const char* code : {"40002", "55006", "57P04", "25P02", "23P01", "P0001", "XX003"}) {
        EXPECT_EQ(classify(code), ErrorClass::other) << code;
    }
}

}  // namespace
}  // namespace esteira::postgres
