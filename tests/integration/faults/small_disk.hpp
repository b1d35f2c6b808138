#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/temp_folder.hpp"

// A small file system in RAM, in a mount namespace that only this process and its children see: it
// is gone with them.
namespace esteira::faults {

class SmallDisk {
public:
    // Null, with the reason in `why_not`, where this process may not mount. Call it before the
    // first thread.
    static std::unique_ptr<SmallDisk> make(std::uint64_t mib, std::string& why_not);
    ~SmallDisk();

    const std::string& path() const { return folder_.path(); }
    // A file takes all room but `left_bytes`; release() gives it back.
    void fill(std::uint64_t left_bytes);
    void release();

private:
    SmallDisk() = default;

    test::TempFolder folder_;
};

}  // namespace esteira::faults
