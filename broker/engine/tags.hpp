#pragma once

#include <string>
#include <vector>

#include "common/base/dialogue.hpp"

// What people write on a queue: the broker keeps it and gives it back.
namespace esteira::engine {

// What is wrong with the tags of a queue, or nothing.
std::string fault_in_tags(const dialogue::Attributes& tags);

// Without the keys of `removed`, then with `set` beside or in the place of what there was.
dialogue::Attributes with_tags(dialogue::Attributes tags, const dialogue::Attributes& set,
                               const std::vector<std::string>& removed);

}  // namespace esteira::engine
