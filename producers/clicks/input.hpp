#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

// The bytes of a file or of stdin, unpacked on the way: what begins like gzip or zstd is that,
// whatever its name. A file of any size goes through a room of fixed size.
namespace esteira::clicks {

// The input cannot be read any further: a fault of the disk, or packed data that is cut or damaged.
struct InputError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Unpacks a stream piece by piece.
class Unpacker {
public:
    virtual ~Unpacker() = default;
    // Takes from the front of `packed` and fills `room`; gives how much it filled. 0: it needs
    // more. Throws InputError.
    virtual std::size_t unpack(std::span<const char>& packed, std::span<char> room) = 0;
    // Nothing is missing behind what was taken so far.
    virtual bool complete() const = 0;
};

// For data that begins so; none when it is not packed.
std::unique_ptr<Unpacker> unpacker_for(std::span<const char> beginning);

class Input {
public:
    // Called again and again while a pipe has nothing to read. May throw.
    using Idle = std::function<void()>;

    // "-" is stdin. Throws cli::Failure (not_found) when the file cannot be opened.
    explicit Input(const std::string& path, Idle idle = {});
    ~Input();
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    // Fills some of `room` with unpacked bytes; 0 at the end. Throws InputError.
    std::size_t read(std::span<char> room);

private:
    bool fill();

    std::string name_;
    Idle idle_;
    int fd_ = -1;
    bool own_ = false;
    std::string raw_;
    std::span<const char> packed_;  // What is left of it.
    bool looked_ = false;
    std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace esteira::clicks
