#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/base/result.hpp"

// Where a run of a file goes on after it was stopped, and what of it the broker has for sure.
namespace esteira::clicks {

// A place in a file, unpacked: everything before it is done with.
struct Place {
    std::uint64_t offset = 0;
    std::uint64_t lines = 0;
    bool operator==(const Place&) const = default;
};

// Which file it is: its size and a hash of its first 64 KiB, as it stands on the disk.
struct InputIdentity {
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0;
    bool operator==(const InputIdentity&) const = default;
};
Result<InputIdentity, std::string> identify(const std::string& path);

// The place in a small file of JSON, which is replaced as a whole and synced: it is always either
// the old one or the new one.
class ResumeFile {
public:
    ResumeFile(std::string path, InputIdentity input, std::string queue)
        : path_(std::move(path)), input_(input), queue_(std::move(queue)) {}

    // Nothing when there is no file yet. The error: it is of another input or queue, or no such
    // file at all.
    Result<std::optional<Place>, std::string> load() const;
    // Throws std::runtime_error.
    void save(Place place) const;

private:
    std::string path_;
    InputIdentity input_;
    std::string queue_;
};

// Follows the batches of a run in the order of the input. The place moves on when the first of
// those that wait was taken whole; it never moves beyond one of which something was refused.
class Acknowledged {
public:
    explicit Acknowledged(Place begin) : place_(begin) {}

    // `place` is what is done with once this batch and all before it are.
    void sent(std::uint64_t tag, std::size_t entries, Place place);
    void answered(std::uint64_t tag, std::size_t entries, bool taken);

    Place place() const { return place_; }

private:
    struct Batch {
        std::uint64_t tag = 0;
        std::size_t untold = 0;
        bool refused = false;
        Place place;
    };

    Place place_;
    std::deque<Batch> batches_;
};

}  // namespace esteira::clicks
