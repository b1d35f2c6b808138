#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/ids.hpp"
#include "common/base/result.hpp"

// Batches on a producer's own disk until the broker has answered them: one file a batch, in the
// order of their numbers. A file is written whole and synced before put() returns, so what was
// taken over survives this process and the machine.
//
//   <folder>/lock            one process a folder
//   <folder>/%016x.batch     little-endian:
//       0 u8[8] magic "ESTSPL\r\n"    8 u32 version, 1      12 u32 entries of the batch
//      16 u8[16] session              32 u64 request number 40 u32 bytes of the frame
//      44 u32 crc32c of bytes 0..43 and the frame           48 the frame (common/wire/FORMAT.md)
//   <folder>/*.tmp           one that was being written; its batch was never taken over
//   <folder>/*.damaged, *.refused    set aside for people: cannot be read; the broker refused it
//
// Session and request number are those of the frame: a batch that is sent again under them does
// nothing twice, as long as the broker remembers the session.
namespace esteira::producers {

// The folder cannot be used: no rights, no space, another process has it.
struct SpoolError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Spool {
public:
    struct Batch {
        Bytes16 session{};
        std::uint64_t number = 0;
        std::uint32_t entries = 0;
        std::vector<std::byte> frame;
    };

    // Makes the folder (0700) when there is none, and takes its lock. Throws SpoolError.
    Spool(std::filesystem::path folder, std::uint64_t bytes_max);
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    // The batches that an earlier process has left, oldest first.
    const std::vector<std::uint64_t>& found() const { return found_; }
    // What that process was writing when it died, by file name. Now set aside as *.damaged.
    const std::vector<std::string>& unfinished() const { return unfinished_; }

    // Durable when it returns; gives its place in the order. Nothing when there is no room for it.
    std::optional<std::uint64_t> put(const Batch& batch);
    // The batch takes the place of another one, at once or not at all.
    void replace(std::uint64_t sequence, const Batch& batch);

    // The batch, or why its file is none; such a file is set aside, under the name that is told.
    Result<Batch, std::string> read(std::uint64_t sequence);

    void remove(std::uint64_t sequence);
    // Keeps it for people, out of the way. Gives the new name.
    std::string set_aside_refused(std::uint64_t sequence);
    // What was removed stays removed.
    void sync();

    std::uint64_t bytes() const { return bytes_; }  // Of all batches that are waiting.

private:
    struct Descriptor {
        int fd = -1;
        ~Descriptor();
    };

    std::filesystem::path path_of(std::uint64_t sequence, const char* kind = "batch") const;
    std::string set_aside(std::uint64_t sequence, const char* kind);
    void write(std::uint64_t sequence, const Batch& batch);
    std::uint64_t size_of(std::uint64_t sequence) const;
    void look_around();

    std::filesystem::path folder_;
    std::uint64_t bytes_max_;
    Descriptor directory_;
    Descriptor lock_;
    std::uint64_t next_sequence_ = 1;
    std::uint64_t bytes_ = 0;
    std::vector<std::uint64_t> found_;
    std::vector<std::string> unfinished_;
};

}  // namespace esteira::producers
