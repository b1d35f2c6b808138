#include "broker/journal/local/tail.hpp"

#include <new>

#include <sys/mman.h>

namespace esteira::journal {

namespace {

// One huge page: a fault a 2 MiB instead of 512 of them.
constexpr std::uint32_t kPageBytes = 2 << 20;
constexpr std::size_t kAlignment = 4096;

}  // namespace

Tail::Tail(std::uint32_t chunk, std::uint32_t bytes) : chunk_(chunk) {
    const bool large = bytes >= 2 * kPageBytes && bytes % kPageBytes == 0;
    const std::size_t unit = large ? kPageBytes : kAlignment;
    const std::size_t size = (bytes + unit - 1) / unit * unit;
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(unit, size)));
    if (memory_ == nullptr) {
        throw std::bad_alloc();
    }
    // A hint; without huge pages everything works the same.
    if (large) {
        (void)::madvise(memory_.get(), bytes, MADV_HUGEPAGE);
    }
}

void Tail::give_back_below(std::uint32_t at) {
    if (at <= from_) {
        return;
    }
    from_ = at;
    const std::uint32_t upto = at / kPageBytes * kPageBytes;
    if (upto <= given_back_) {
        return;
    }
    (void)::madvise(memory_.get() + given_back_, upto - given_back_, MADV_DONTNEED);
    given_back_ = upto;
}

}  // namespace esteira::journal
