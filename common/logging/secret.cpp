#include "common/logging/secret.hpp"

#include <utility>

#include <string.h>

namespace esteira {

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
    other.wipe();  // A short string is copied by its move, and would stay behind.
}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe();
        text_ = other.text_;
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        text_ = std::move(other.text_);
        other.wipe();
    }
    return *this;
}

void Secret::wipe() noexcept {
    text_.resize(text_.capacity());  // Allocates nothing: the capacity is there.
    explicit_bzero(text_.data(), text_.size());
    text_.clear();
}

std::ostream& operator<<(std::ostream& out, const Secret& secret) {
    return out << (secret.empty() ? "" : "***");
}

}  // namespace esteira
