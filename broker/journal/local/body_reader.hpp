#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "broker/journal/local/disk.hpp"
#include "common/base/ids.hpp"

namespace esteira::journal {

// Reads of bytes that have left RAM. Messages are mostly leased in the order in which they were
// written: reads that follow each other fetch more and more, up to 256 KiB, of what comes behind
// them, and it is served from memory until the turn ends. A read out of turn fetches its own bytes.
class BodyReader {
public:
    explicit BodyReader(Disk& disk) : disk_(disk) {}

    // What read() returned before is not valid any more.
    void begin_turn();

    // `end`: of the chunk's log. Empty when the device cannot read all of it.
    std::span<const std::byte> read(Position at, std::uint32_t size, std::uint32_t end);
    void read_ahead(Position at, std::uint32_t size);

    // The file of the chunk goes away.
    void forget(std::uint32_t chunk);

    std::uint64_t disk_reads() const { return disk_reads_; }
    std::uint64_t disk_bytes() const { return disk_bytes_; }

private:
    struct Block {
        std::uint32_t chunk = 0;
        std::uint32_t from = 0;
        std::uint32_t size = 0;
        std::uint32_t room = 0;
        std::unique_ptr<std::byte[]> bytes;
    };
    struct Handle {
        std::uint32_t chunk = 0;
        std::uint64_t last_use = 0;
        File file;
        std::uint32_t read_upto = 0;  // Where the last read of it ended.
        std::uint32_t ahead = 0;      // How much that was.
    };

    Handle& handle_of(std::uint32_t chunk);
    static std::uint32_t with_what_follows(Handle& handle, std::uint32_t from, std::uint32_t size);
    Block take_buffer(std::uint32_t size);

    Disk& disk_;
    std::vector<Block> blocks_;   // Of this turn.
    std::vector<Block> singles_;  // Of this turn, one record each.
    std::vector<Block> unused_;   // Kept for the next one.
    std::vector<Handle> handles_;
    std::uint64_t uses_ = 0;
    std::uint64_t disk_reads_ = 0;
    std::uint64_t disk_bytes_ = 0;
};

}  // namespace esteira::journal
