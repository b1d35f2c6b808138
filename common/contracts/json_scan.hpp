#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A strict reader of JSON (RFC 8259) for message bodies. It exists because a business message is an
// array of items of which one may be bad: every ready-made parser gives up the whole document at a
// number out of its range, half a surrogate pair or a wrong byte, and none tells where an item
// begins and ends, as received. This one separates the two: what breaks the structure ends the
// scan, what spoils one element is that element's flaw. It never recurses, and numbers stay text.
// tests/common/contracts holds it against nlohmann::json on mutated bodies.
namespace esteira::contracts {

inline constexpr std::size_t kJsonDepthMax = 32;  // Levels of one element, itself included.

// What spoils one element but not its neighbours. The first one found is kept.
enum class JsonFlaw : std::uint8_t {
    none,
    too_deep,
    invalid_utf8,
    nul_character,
    lone_surrogate,
    duplicate_key,
};
std::string_view describe(JsonFlaw flaw);

struct JsonField {
    std::string_view key;    // Escapes resolved.
    std::string_view value;  // As written: a text has its quotes, an object its braces.
};

// One value. The views point into the scanned text or into the scanner: they hold until the next
// scan. `fields` are those of an object, in their order, and empty for anything else.
struct JsonElement {
    std::string_view text;
    JsonFlaw flaw = JsonFlaw::none;
    std::vector<JsonField> fields;

    bool is_object() const { return text.starts_with('{'); }
};

class JsonScanner {
public:
    explicit JsonScanner(std::string_view text) : text_(text) {}

    // The next character that is not a blank, 0 at the end. Does not take it.
    char peek();
    // Nothing but blanks is left.
    bool at_end() { return peek() == '\0' && at_ == text_.size(); }
    // Takes `expected` if it is the next character that is not a blank.
    bool take(char expected);
    // Reads one whole value. False: not JSON, and error() says what and where; the scan is over.
    bool scan(JsonElement& element);

    // How many levels the value of the last scan had.
    std::size_t depth() const { return depth_; }

    std::string error() const;
    bool fail(std::string_view expected);  // Always false; for the caller's own expectations.

private:
    struct Level {
        bool object = false;
        std::size_t first_key = 0;  // In keys_.
    };

    bool begin_value();
    bool key();
    bool close();
    bool string(bool& escaped);
    bool escape();
    bool code_unit(std::uint32_t& unit);
    bool number();
    bool word(std::string_view expected);
    bool digits();
    void check_keys(std::size_t first);
    void flaw(JsonFlaw found);

    std::string_view text_;
    std::size_t at_ = 0;
    std::string_view expected_;
    JsonElement* element_ = nullptr;
    bool opened_ = false;  // The last begin_value() opened a container that is not empty.
    std::size_t field_start_ = 0;
    std::vector<Level> levels_;
    std::size_t depth_ = 0;
    std::vector<std::string_view> keys_;  // Of all open objects.
    std::deque<std::string> resolved_;    // Keys that were written with escapes.
};

// The text that a JSON string stands for; nothing if `value` is another kind. `value` must have
// come from a scan without a flaw.
std::optional<std::string> json_text(std::string_view value);

}  // namespace esteira::contracts
