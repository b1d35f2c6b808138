#pragma once

#include <string>
#include <vector>

#include "common/base/dialogue.hpp"

// One sample of every operation and answer, and values as text, one field a line.
namespace esteira::wire::test {

template <class Value>
struct Sample {
    std::string name;  // Of its golden files.
    Value value;
};

std::vector<Sample<dialogue::Request>> sample_requests();
std::vector<Sample<dialogue::Response>> sample_responses();

std::string describe(const dialogue::Request& request);
std::string describe(const dialogue::Response& response);

}  // namespace esteira::wire::test
