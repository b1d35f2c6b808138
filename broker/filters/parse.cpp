// Takes a filter's text apart.
#include <algorithm>
#include <utility>

#include "broker/filters/filter.hpp"
#include "broker/filters/terms.hpp"
#include "common/base/text.hpp"

namespace esteira::filters {

namespace {

struct Named {
    std::string_view name;
    Subject subject;
};
constexpr Named kSubjects[] = {{"reason", Subject::reason},
                               {"age", Subject::age},
                               {"receives", Subject::receives},
                               {"source", Subject::source}};
struct Unit {
    std::string_view name;
    std::int64_t millis;
};
constexpr Unit kUnits[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

// What was found wrong first; parsing ends with it.
struct Fault {
    std::size_t at = 0;
    std::string what;
};

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<std::vector<Term>, std::string> parse() {
        if (text_.size() > kFilterBytesMax) {
            return std::string("a filter has at most 1024 bytes");
        }
        if (!is_text(text_)) {
            return std::string("a filter is UTF-8 without control characters");
        }
        std::vector<Term> terms;
        skip_blanks();
        while (!at_end() && !fault_) {
            if (terms.size() == kTermsMax) {
                return told({at_, "a filter has at most 20 terms"});
            }
            terms.push_back(term());
            skip_blanks();
        }
        if (!fault_ && terms.empty()) {
            fail(0, "a filter has at least one term");
        }
        if (fault_) {
            return told(*fault_);
        }
        return terms;
    }

private:
    bool at_end() const { return at_ == text_.size(); }
    char next() const { return at_end() ? '\0' : text_[at_]; }
    bool take(char expected) {
        const bool there = next() == expected && !at_end();
        at_ += there ? 1U : 0U;
        return there;
    }
    void skip_blanks() {
        while (take(' ')) {
        }
    }
    std::string_view take_until(std::string_view ends) {
        const std::size_t start = at_;
        at_ = std::min(text_.find_first_of(ends, at_), text_.size());
        return text_.substr(start, at_ - start);
    }
    void fail(std::size_t at, std::string what) {
        if (!fault_) {
            fault_ = Fault{at, std::move(what)};
        }
    }
    std::string told(const Fault& fault) const {
        const std::string_view before = text_.substr(0, fault.at);
        const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        });
        return "character " + std::to_string(characters + 1) + ": " + fault.what;
    }

    Term term() {
        Term term;
        term.negated = take('-');
        subject(term);
        if (!fault_ && !take(':')) {
            fail(at_, "expected a ':' and a value");
        }
        do {
            if (fault_) {
                return term;
            }
            if (term.choices.size() == kChoicesMax) {
                fail(at_, "a term has at most 64 choices");
                return term;
            }
            term.choices.push_back(choice(term.subject));
        } while (take(','));
        if (!at_end() && next() != ' ') {
            fail(at_, "expected a blank or a ',' after a value");
        }
        return term;
    }

    void subject(Term& term) {
        const std::size_t start = at_;
        const std::string_view word = take_until(".: \",");
        if (word == "attr" && take('.')) {
            term.path.emplace_back(take_until(": \","));
            if (term.path.front().empty()) {
                fail(at_, "expected the name of an attribute");
            }
            return;
        }
        if (word == "body" && take('.')) {
            term.subject = Subject::body;
            do {
                if (term.path.size() == kKeysMax) {
                    fail(at_, "a path has at most 16 keys");
                    return;
                }
                const std::size_t key_at = at_;
                term.path.push_back(next() == '"' ? quoted() : std::string(take_until(".: \",")));
                if (term.path.back().empty() && text_.substr(key_at, 1) != "\"") {
                    fail(key_at, "expected a key of the body");
                }
            } while (!fault_ && take('.'));
            return;
        }
        for (const Named& known : kSubjects) {
            if (word == known.name) {
                term.subject = known.subject;
                return;
            }
        }
        fail(start, word.empty() ? "expected a term, as attr.NAME:VALUE"
                                 : "a term begins with attr.NAME, body.KEY, reason, age, receives "
                                   "or source");
    }

    std::string quoted() {
        const std::size_t start = at_++;
        std::string text;
        while (!at_end() && next() != '"') {
            if (take('\\') && next() != '"' && next() != '\\') {
                fail(at_ - 1, "in quotes a \\ is followed by \" or \\");
                return text;
            }
            text += next();
            at_ += at_end() ? 0U : 1U;
        }
        if (!take('"')) {
            fail(start, "this quote is not closed");
        }
        return text;
    }

    Choice choice(Subject subject) {
        const std::size_t start = at_;
        const bool numeric = subject == Subject::age || subject == Subject::receives;
        if (next() == '"') {
            std::string text = quoted();
            if (numeric) {
                fail(start, "a number has no quotes");
            }
            if (take('*')) {
                return StartsWith{std::move(text)};
            }
            return Exactly{std::move(text), std::nullopt};
        }
        const std::string_view word = take_until(" ,\"");
        if (word.empty()) {
            fail(start, "expected a value");
            return Anything{};
        }
        if (word.front() == '<' || word.front() == '>') {
            return bound(subject, start, word);
        }
        if (const std::size_t dots = word.find(".."); dots != std::string_view::npos) {
            Between between;
            between.low = number(subject, start, word.substr(0, dots));
            between.high = number(subject, start + dots + 2, word.substr(dots + 2));
            if (!fault_ && *between.low > *between.high) {
                fail(start, "the first number of a range is not above the second");
            }
            return between;
        }
        return plain(subject, start, word);
    }

    Choice bound(Subject subject, std::size_t start, std::string_view word) {
        const bool included = word.substr(1).starts_with('=');
        const std::size_t sign = included ? 2 : 1;
        auto limit = number(subject, start + sign, word.substr(sign));
        Between between;
        (word.front() == '<' ? between.high : between.low) = std::move(limit);
        between.low_included = between.high_included = included;
        return between;
    }

    Choice plain(Subject subject, std::size_t start, std::string_view word) {
        if (subject == Subject::age) {
            fail(start, "an age is compared, as in age:>1h or age:1h..2d");
        }
        if (subject == Subject::receives) {
            auto count = number(subject, start, word);
            return Exactly{std::string(word), std::move(count)};
        }
        if (word == "*") {
            return Anything{};
        }
        const std::size_t star = word.find('*');
        if (star == word.size() - 1) {
            return StartsWith{std::string(word.substr(0, star))};
        }
        if (star != std::string_view::npos) {
            fail(start + star, "a * stands at the end, or in quotes");
        }
        return Exactly{std::string(word), Decimal::read(word)};
    }

    std::optional<Decimal> number(Subject subject, std::size_t at, std::string_view word) {
        if (subject == Subject::reason || subject == Subject::source) {
            fail(at, "a text is not compared with a number; put < > and .. in quotes");
            return std::nullopt;
        }
        if (subject == Subject::age) {
            return duration(at, word);
        }
        auto read = Decimal::read(word);
        if (!read) {
            fail(at, "expected a number; put < > and .. in quotes when they are text");
        }
        return read;
    }

    std::optional<Decimal> duration(std::size_t at, std::string_view word) {
        const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
        for (const Unit& unit : kUnits) {
            if (digits > 0 && digits <= 9 && word.substr(digits) == unit.name) {
                std::int64_t count = 0;
                for (const char digit : word.substr(0, digits)) {
                    count = count * 10 + (digit - '0');
                }
                return Decimal::read(std::to_string(count * unit.millis));
            }
        }
        fail(at, "expected a whole number with one of the units ms, s, m, h, d");
        return std::nullopt;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<Fault> fault_;
};

}  // namespace

Result<std::vector<Term>, std::string> parse_terms(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace esteira::filters
