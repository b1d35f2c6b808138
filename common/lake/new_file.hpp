#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

// How files come into the lake: whole and durable, or not at all.
namespace esteira::lake {

// A file that is written beside its place, under a name that begins with a dot, and put there when
// it is whole. Every call throws std::system_error, which names the file. One thread.
class NewFile {
public:
    // Makes the folder when there is none.
    explicit NewFile(std::filesystem::path path);
    ~NewFile();  // What was not published is removed.
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(std::string_view bytes);
    std::uint64_t bytes() const;

    // Durable under its name when it returns. A file of this name that is there already is not
    // replaced: that is an error (file_exists). Returns the SHA-256 of what was written, in
    // hexadecimal.
    std::string publish();

private:
    struct Open;
    std::filesystem::path path_;
    std::filesystem::path fresh_;
    std::unique_ptr<Open> open_;
};

}  // namespace esteira::lake
