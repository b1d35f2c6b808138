#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/filters/decimal.hpp"
#include "broker/filters/terms.hpp"

// All values at one path of a body. The first few choices are held against each of them; if more
// come, the values are put in order and a choice is looked up, so that what it costs hardly grows
// with their number.
namespace esteira::filters {

class FieldValues {
public:
    // A value as it is written, without blanks around; what it points to must outlive this. An
    // object or a list is there, but is no text and no number. All are added before hold() is
    // asked.
    void add(std::string_view written);

    // Whether one of the values, of which there is at least one, is what `choice` says.
    bool hold(const Choice& choice);

private:
    // Of one kind; once sorted, each text once. Nothing is looked up before.
    struct Texts {
        std::vector<std::string_view> all;
        // Those that read as numbers; made when a number is asked for first.
        mutable std::optional<std::vector<Decimal>> as_numbers;

        void sort();
        bool have(std::string_view text) const;
        bool have_start(std::string_view text) const;
        const std::vector<Decimal>& numbers() const;
    };

    bool look_up(const Choice& choice) const;

    std::size_t asked_ = 0;  // How many choices so far.
    Texts quoted_;
    Texts plain_;                       // Numbers, true, false and null.
    std::deque<std::string> resolved_;  // Texts that were written with escapes.
};

}  // namespace esteira::filters
