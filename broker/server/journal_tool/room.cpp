#include "broker/server/journal_tool/room.hpp"

#include <filesystem>

#include "broker/journal/local/real_disk.hpp"

namespace esteira::journal_tool {

using journal::FrameKind;
using journal::InspectedFrame;

journal::LogReport inspect(const Options& options,
                           const std::function<void(const InspectedFrame&)>& each) {
    if (!std::filesystem::is_directory(std::filesystem::path(options.data) / "journal")) {
        throw cli::Failure{cli::ExitCode::not_found, "there is no journal in " + options.data};
    }
    journal::RealDisk disk(options.data, journal::RealDisk::Role::reader);
    return journal::inspect(disk, each);
}

std::optional<std::span<const std::byte>> StateParts::add(const InspectedFrame& frame) {
    if (frame.header.kind != FrameKind::state) {
        return std::nullopt;
    }
    if (frame.header.part == 0) {
        bytes_.clear();
    }
    bytes_.insert(bytes_.end(), frame.payload.begin(), frame.payload.end());
    if (frame.header.part + 1 != frame.header.parts) {
        return std::nullopt;
    }
    return bytes_;
}

std::string place_of(const InspectedFrame& frame) {
    return journal::segment_name(frame.chunk) + ":" + std::to_string(frame.at);
}

const char* to_string(journal::Verdict verdict) {
    switch (verdict) {
        case journal::Verdict::clean:
            return "clean";
        case journal::Verdict::torn:
            return "torn tail";
        case journal::Verdict::damaged:
            return "damaged";
        case journal::Verdict::unused:
            return "unused";
    }
    return "";
}

}  // namespace esteira::journal_tool
