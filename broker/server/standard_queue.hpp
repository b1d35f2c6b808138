#pragma once

#include <string>
#include <string_view>

#include "common/base/dialogue.hpp"

// What operators mean when they say no more than a queue's name.
namespace esteira::broker {

struct StandardQueue {
    dialogue::Attributes attributes;       // Those given, then what goes without saying.
    std::string dead_letter_queue;         // That is made along with it; empty: none is.
    dialogue::Attributes dead_attributes;  // And with what.
};

// A queue that loses nothing: after some receives a message goes where people find it. A name that
// begins with "dlq-" stands for itself, and one that is given as DeadLetterQueue is taken as it is.
// A name that ends with ".fifo" means a FIFO queue, whose dead letters go to one as well.
StandardQueue standard_queue(std::string_view name, dialogue::Attributes given, bool with_dlq);

}  // namespace esteira::broker
