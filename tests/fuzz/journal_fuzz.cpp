#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "broker/engine/engine.hpp"
#include "broker/journal/local/format.hpp"
#include "broker/journal/local/local_journal.hpp"
#include "broker/server/core.hpp"
#include "common/base/bytes.hpp"
#include "tests/support/sim_disk.hpp"

// Any bytes as the only segment of a log: a start refuses it or takes it, and never crashes; what
// it took, the next start takes as well and finds the same.
namespace esteira {
namespace {

constexpr std::uint32_t kSegmentBytes = 8 << 10;

// A mutated frame would be stopped by its CRC every time, and nothing behind that would be tried.
// So frames are sealed again, at the size that their header claims.
void seal_all(std::vector<std::byte>& segment) {
    journal::SegmentHeader header;
    if (journal::decode(segment, header) != journal::HeaderState::good) {
        header = {.chunk = 1, .segment_bytes = kSegmentBytes, .epoch = 1};
        const auto sector = journal::encode(header);
        std::copy(sector.begin(), sector.end(), segment.begin());
    }
    const std::uint32_t seed = journal::seed_of(header.epoch);
    std::uint64_t batch = header.batch;
    std::uint32_t at = limits::kSectorBytes;
    while (at < kSegmentBytes) {
        const std::span<std::byte> rest = std::span(segment).subspan(at);
        if (!journal::looks_like_frame(rest)) {
            return;
        }
        ByteReader fields(rest.subspan(8, 16));
        journal::FrameHeader frame;
        frame.kind = static_cast<journal::FrameKind>(1 + fields.get<std::uint32_t>() % 3);
        frame.payload_bytes = fields.get<std::uint32_t>() % kSegmentBytes;
        frame.part = fields.get<std::uint32_t>() % 4;
        frame.parts = fields.get<std::uint32_t>() % 4;
        frame.batch = ++batch;
        frame.durable = at;
        frame.first_chunk = 1;
        if (frame.bytes() > rest.size()) {
            return;
        }
        journal::seal_frame(rest.first(frame.bytes()), frame, seed);
        at += frame.bytes();
    }
}

// Nothing: refused.
std::optional<std::uint64_t> start_on(journal::SimDisk& disk) {
    journal::LocalOptions options;
    options.segment_bytes = kSegmentBytes;
    options.frame_bytes = 2 << 10;
    options.spares_max = 1;
    options.random = [epoch = std::uint64_t{disk.calls()}]() mutable { return ++epoch; };
    journal::LocalJournal journal(disk, options);
    broker::Core core(journal, 7);
    try {
        core.recover();
    } catch (const journal::Damaged&) {
        return std::nullopt;
    } catch (const engine::BrokenLog&) {
        return std::nullopt;
    }
    return core.engine().digest();
}

}  // namespace
}  // namespace esteira

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace esteira;
    if (size < 1 || size > 1 + kSegmentBytes) {
        return 0;
    }
    std::vector<std::byte> segment(kSegmentBytes);
    std::memcpy(segment.data(), data + 1, size - 1);
    if (data[0] % 2 == 1) {
        seal_all(segment);
    }
    journal::SimDisk disk;
    disk.set_content("journal/00000001.seg", segment);
    const auto first = start_on(disk);
    if (first && start_on(disk) != first) {
        std::abort();
    }
    return 0;
}
