#pragma once

#include <memory>

#include "tests/spec/script.hpp"

namespace esteira::spec {

// A broker of its own over ZeroMQ, in real time. For scripts that say `# live`: knows no `again`,
// no `totals` and no topics. One thread for one door.
std::unique_ptr<Door> make_live_door();

}  // namespace esteira::spec
