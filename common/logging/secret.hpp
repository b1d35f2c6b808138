#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace esteira {

// Text that must not be seen: a connection string with a password, a key. It prints as *** and
// overwrites its bytes when it goes. The one way to the text is reveal(), which is easy to find.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view text) : text_(text) {}
    ~Secret() { wipe(); }
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    bool operator==(const Secret&) const = default;

private:
    void wipe() noexcept;

    std::string text_;
};

std::ostream& operator<<(std::ostream& out, const Secret& secret);

}  // namespace esteira
