#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace esteira::journal {

// The bytes of one segment in RAM, each at the offset that it has in the file. Frames are built
// here in place; recent bodies are read from here. Memory that was not touched, or was given back,
// costs nothing.
class Tail {
public:
    Tail(std::uint32_t chunk, std::uint32_t bytes);

    std::uint32_t chunk() const { return chunk_; }
    std::span<std::byte> bytes(std::uint32_t at, std::uint32_t size) {
        return {memory_.get() + at, size};
    }
    // Whether [at, ...) is still here.
    bool holds(std::uint32_t at) const { return at >= from_; }
    // Forgets what is below `at`.
    void give_back_below(std::uint32_t at);

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::uint32_t chunk_;
    std::uint32_t from_ = 0;
    std::uint32_t given_back_ = 0;
    std::unique_ptr<std::byte[], Free> memory_;
};

}  // namespace esteira::journal
