#include "broker/filters/field_values.hpp"

#include <algorithm>

#include "common/base/overloaded.hpp"
#include "common/contracts/json_scan.hpp"

namespace esteira::filters {

namespace {

// Whether one of `numbers`, which are in order, lies in `range`: if any does, so does the lowest
// of those that are not below it.
bool one_lies_in(const std::vector<Decimal>& numbers, const Between& range) {
    auto first = numbers.begin();
    if (range.low) {
        first = range.low_included ? std::lower_bound(first, numbers.end(), *range.low)
                                   : std::upper_bound(first, numbers.end(), *range.low);
    }
    return first != numbers.end() && range.holds(*first);
}

bool is(const Choice& choice, std::string_view text, bool quoted) {
    return std::visit(Overloaded{
                          [](const Anything&) { return true; },
                          [&](const Exactly& c) {
                              return c.text == text ||
                                     (!quoted && c.number && Decimal::read(text) == c.number);
                          },
                          [&](const StartsWith& c) { return text.starts_with(c.text); },
                          [&](const Between& c) {
                              const auto number = Decimal::read(text);
                              return number && c.holds(*number);
                          },
                      },
                      choice);
}

// Putting values in order costs as much as some rounds over them, and most messages are asked once.
constexpr std::size_t kAskedEach = 4;

}  // namespace

void FieldValues::add(std::string_view written) {
    if (written.starts_with('"')) {
        const std::string_view inside = written.substr(1, written.size() - 2);
        const bool escaped = inside.find('\\') != std::string_view::npos;
        quoted_.all.push_back(
            escaped ? resolved_.emplace_back(contracts::json_text(written).value_or("")) : inside);
    } else if (!written.starts_with('{') && !written.starts_with('[')) {
        plain_.all.push_back(written);
    }
}

bool FieldValues::hold(const Choice& choice) {
    if (std::holds_alternative<Anything>(choice)) {
        return true;
    }
    if (asked_ == kAskedEach) {
        return look_up(choice);
    }
    if (++asked_ == kAskedEach) {
        quoted_.sort();
        plain_.sort();
        return look_up(choice);
    }
    const auto one_is = [&](const Texts& texts, bool quoted) {
        return std::any_of(texts.all.begin(), texts.all.end(),
                           [&](std::string_view text) { return is(choice, text, quoted); });
    };
    return one_is(quoted_, true) || one_is(plain_, false);
}

bool FieldValues::look_up(const Choice& choice) const {
    return std::visit(
        Overloaded{
            [](const Anything&) { return true; },
            [&](const Exactly& c) {
                // What is a number by its type is equal to all of its value, however written.
                return quoted_.have(c.text) || plain_.have(c.text) ||
                       (c.number && std::binary_search(plain_.numbers().begin(),
                                                       plain_.numbers().end(), *c.number));
            },
            [&](const StartsWith& c) {
                return quoted_.have_start(c.text) || plain_.have_start(c.text);
            },
            [&](const Between& c) {
                return one_lies_in(plain_.numbers(), c) || one_lies_in(quoted_.numbers(), c);
            },
        },
        choice);
}

void FieldValues::Texts::sort() {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
}

bool FieldValues::Texts::have(std::string_view text) const {
    return std::binary_search(all.begin(), all.end(), text);
}

bool FieldValues::Texts::have_start(std::string_view text) const {
    const auto first = std::lower_bound(all.begin(), all.end(), text);
    return first != all.end() && first->starts_with(text);
}

const std::vector<Decimal>& FieldValues::Texts::numbers() const {
    if (!as_numbers) {
        as_numbers.emplace();
        for (const std::string_view text : all) {
            if (auto number = Decimal::read(text)) {
                as_numbers->push_back(std::move(*number));
            }
        }
        std::sort(as_numbers->begin(), as_numbers->end());
    }
    return *as_numbers;
}

}  // namespace esteira::filters
