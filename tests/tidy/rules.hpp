#pragma once

#include <string>
#include <vector>

// The house rules that a compiler does not know. Each takes one file and names what breaks it, so
// that every rule can be shown a file that must not pass.
namespace esteira::tidy {

struct Source {
    std::string path;  // From the root: "broker/engine/queue.cpp"
    std::vector<std::string> lines;
};

// One complaint a line: "path:line: why".
using Complaints = std::vector<std::string>;

// Folders include only what ARCHITECTURE.md's direction allows.
Complaints wrong_includes(const Source& source);

// Words that a pure room must not know: clocks, sockets, files, logs.
Complaints impurities(const Source& source);

// The wire's library stays in common/wire.
Complaints stray_msgpack(const Source& source);

// At most 400 lines of at most 100 columns; headers open with #pragma once; names in snake_case.
Complaints wrong_shape(const Source& source);

// Owners are values or unique_ptr.
Complaints shared_ownership(const Source& source);

// Marks that stand for work nobody does.
Complaints open_marks(const Source& source);

// The line without its comment and without what stands in quotes.
std::string code_of(const std::string& line);

}  // namespace esteira::tidy
