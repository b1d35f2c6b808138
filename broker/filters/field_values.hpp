#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/filters/decimal.hpp"
#include "broker/filters/terms.hpp"

// All values at one path of a body, in order: a choice is looked up among them, so that what it
// costs hardly grows with their number.
namespace esteira::filters {

class FieldValues {
public:
    // A value as it is written, without blanks around; what it points to must outlive this. An
    // object or a list is there, but is no text and no number.
    void add(std::string_view written);
    // The last was added, of at least one: hold() may be asked.
    void finish();

    // Whether one of the values is what `choice` says.
    bool hold(const Choice& choice) const;

private:
    // Of one kind; each text once, in order.
    struct Texts {
        std::vector<std::string_view> all;
        // Those that read as numbers; made when a number is asked for first.
        mutable std::optional<std::vector<Decimal>> as_numbers;

        void sort();
        bool have(std::string_view text) const;
        bool have_start(std::string_view text) const;
        const std::vector<Decimal>& numbers() const;
    };

    Texts quoted_;
    Texts plain_;                       // Numbers, true, false and null.
    std::deque<std::string> resolved_;  // Texts that were written with escapes.
};

}  // namespace esteira::filters
