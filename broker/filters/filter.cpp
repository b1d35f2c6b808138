// Looks at messages with a filter's terms.
#include "broker/filters/filter.hpp"

#include <algorithm>
#include <utility>

#include "broker/filters/json_fields.hpp"
#include "broker/filters/terms.hpp"
#include "common/base/attributes.hpp"
#include "common/base/bytes.hpp"
#include "common/base/overloaded.hpp"

namespace esteira::filters {

namespace {

// One value of a message: its text, and what it is as a number.
struct Value {
    std::string_view text;
    std::optional<Decimal> number;
    bool is_number = false;  // By its type: equal to what has the same value, however written.
};

bool holds(const Choice& choice, const Value& value) {
    return std::visit(Overloaded{
                          [](const Anything&) { return true; },
                          [&](const Exactly& c) {
                              return c.text == value.text ||
                                     (value.is_number && c.number && value.number == c.number);
                          },
                          [&](const StartsWith& c) { return value.text.starts_with(c.text); },
                          [&](const Between& c) { return value.number && c.holds(*value.number); },
                      },
                      choice);
}

bool any_choice(const Term& term, const Value& value) {
    return std::any_of(term.choices.begin(), term.choices.end(),
                       [&](const Choice& choice) { return holds(choice, value); });
}

bool takes_anything(const Term& term) {
    return std::any_of(term.choices.begin(), term.choices.end(), [](const Choice& choice) {
        return std::holds_alternative<Anything>(choice);
    });
}

Value number_value(std::string_view text) { return {text, Decimal::read(text), true}; }

bool attribute_holds(const Term& term, dialogue::AttributeBlock block) {
    const auto attributes = unpack_attributes(block);
    if (!attributes) {
        return false;
    }
    for (const Attribute& attribute : attributes.value()) {
        if (attribute.name != term.path.front()) {
            continue;
        }
        if (attribute.type.starts_with("Binary")) {
            return takes_anything(term);
        }
        const std::string_view text = as_text(attribute.value);
        return any_choice(term, {text, Decimal::read(text), attribute.type.starts_with("Number")});
    }
    return false;
}

// The body is read for the first term that asks about it, of whatever filter, and never again.
JsonFields& fields_of(const engine::Candidate& candidate) {
    auto* known = dynamic_cast<JsonFields*>(candidate.findings.get());
    if (known == nullptr) {
        auto fields = std::make_unique<JsonFields>(as_text(candidate.body));
        known = fields.get();
        candidate.findings = std::move(fields);
    }
    return *known;
}

bool body_holds(const Term& term, const engine::Candidate& candidate) {
    FieldValues* values = fields_of(candidate).at(term.path);
    return values != nullptr &&
           std::any_of(term.choices.begin(), term.choices.end(),
                       [&](const Choice& choice) { return values->hold(choice); });
}

bool contains(const Term& term, std::string_view reason) {
    return std::any_of(term.choices.begin(), term.choices.end(), [&](const Choice& choice) {
        const auto* text = std::get_if<Exactly>(&choice);
        return text == nullptr ? !reason.empty() && holds(choice, {reason, {}, false})
                               : reason.find(text->text) != std::string_view::npos;
    });
}

class TermsFilter final : public engine::Filter {
public:
    explicit TermsFilter(std::vector<Term> terms) : terms_(std::move(terms)) {
        // The body is looked at last: it costs the most.
        std::stable_partition(terms_.begin(), terms_.end(),
                              [](const Term& term) { return term.subject != Subject::body; });
    }

    bool matches(const engine::Candidate& candidate) const override {
        return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
            return holds(term, candidate) != term.negated;
        });
    }

private:
    static bool holds(const Term& term, const engine::Candidate& candidate) {
        switch (term.subject) {
            case Subject::attribute:
                return attribute_holds(term, candidate.attributes);
            case Subject::reason:
                return contains(term, candidate.reason);
            case Subject::age:
                return any_choice(term, number_value(std::to_string(candidate.age.count())));
            case Subject::receives:
                return any_choice(term, number_value(std::to_string(candidate.receives)));
            case Subject::source:
                return !candidate.source.empty() && any_choice(term, {candidate.source, {}, false});
            case Subject::body:
                return body_holds(term, candidate);
        }
        return false;
    }

    std::vector<Term> terms_;
};

}  // namespace

Result<std::unique_ptr<engine::Filter>, std::string> parse(std::string_view text) {
    auto terms = parse_terms(text);
    if (!terms) {
        return terms.error();
    }
    return std::unique_ptr<engine::Filter>(std::make_unique<TermsFilter>(std::move(terms).value()));
}

}  // namespace esteira::filters
