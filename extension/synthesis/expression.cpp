#include "synthesis/expression.hpp"

#include <algorithm>
#include <array>
#include <cfloat>
#include <charconv>
#include <cmath>

#include "rejection.hpp"

namespace auxeira::synthesis {

namespace {

// Every step is rounded to a double of its own, as docs of auxeira.check_template() promise.
static_assert(std::numeric_limits<double>::is_iec559 && FLT_EVAL_METHOD == 0);

constexpr double infinity = std::numeric_limits<double>::infinity();

double rounded(double value, double unit) noexcept {
    return std::round(value * unit) / unit;
}

// --- Bounds ----------------------------------------------------------------------------------------------

// Of the products or quotients of the ends; zero times infinity bounds nothing.
Interval hull(std::array<double, 4> ends) noexcept {
    if (std::any_of(ends.begin(), ends.end(), [](double end) { return std::isnan(end); })) return {};
    const auto [low, high] = std::minmax_element(ends.begin(), ends.end());
    return {*low, *high};
}

Interval add(Interval a, Interval b) noexcept {
    return {a.low + b.low, a.high + b.high};
}
Interval negate(Interval a) noexcept {
    return {-a.high, -a.low};
}
Interval subtract(Interval a, Interval b) noexcept {
    return add(a, negate(b));
}
Interval multiply(Interval a, Interval b) noexcept {
    return hull({a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high});
}
Interval divide(Interval a, Interval b) noexcept {
    if (b.low <= 0 && b.high >= 0) return {};
    return hull({a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high});
}
Interval round_to(Interval a, double unit) noexcept {
    return {rounded(a.low, unit), rounded(a.high, unit)};
}
Interval least(Interval a, Interval b) noexcept {
    return {std::min(a.low, b.low), std::min(a.high, b.high)};
}
Interval greatest(Interval a, Interval b) noexcept {
    return {std::max(a.low, b.low), std::max(a.high, b.high)};
}

// --- Values with a bound of their rounding error
// ------------------------------------------------------------

struct Measured {
    double value, error;
};

// Half a unit in the last place of a result, and the room that second-order terms take.
double rounding_of(double value) noexcept {
    return std::abs(value) * std::numeric_limits<double>::epsilon();
}
Measured measured(double value, double error) noexcept {
    return {value, error + rounding_of(value)};
}
Measured add(Measured a, Measured b) noexcept {
    return measured(a.value + b.value, a.error + b.error);
}
Measured negate(Measured a) noexcept {
    return {-a.value, a.error};
}
Measured subtract(Measured a, Measured b) noexcept {
    return add(a, negate(b));
}
Measured multiply(Measured a, Measured b) noexcept {
    return measured(a.value * b.value,
                    std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error);
}
Measured divide(Measured a, Measured b) noexcept {
    const double quotient = a.value / b.value;
    const double divisor = std::max(std::abs(b.value) - b.error, 0.0);
    return measured(quotient, (a.error + std::abs(quotient) * b.error) / divisor);
}
// Two numbers on either side of a half are rounded apart.
Measured round_to(Measured a, double unit) noexcept {
    const double result = rounded(a.value, unit);
    const bool is_sure = rounded(a.value - a.error, unit) == rounded(a.value + a.error, unit);
    return {result, is_sure ? rounding_of(result) : 1 / unit};
}
Measured least(Measured a, Measured b) noexcept {
    return {std::min(a.value, b.value), std::max(a.error, b.error)};
}
Measured greatest(Measured a, Measured b) noexcept {
    return {std::max(a.value, b.value), std::max(a.error, b.error)};
}

// --- Values -----------------------------------------------------------------------------------------------

double add(double a, double b) noexcept {
    return a + b;
}
double negate(double a) noexcept {
    return -a;
}
double subtract(double a, double b) noexcept {
    return a - b;
}
double multiply(double a, double b) noexcept {
    return a * b;
}
double divide(double a, double b) noexcept {
    return a / b;
}
double round_to(double a, double unit) noexcept {
    return rounded(a, unit);
}
// What is not a number must not be lost in a comparison.
double least(double a, double b) noexcept {
    return std::isnan(a) || a < b ? a : b;
}
double greatest(double a, double b) noexcept {
    return std::isnan(a) || a > b ? a : b;
}

} // namespace

// Of two numbers.
template <typename Number>
Number Expression::combine(Operation operation, const Number& left, const Number& right) noexcept {
    switch (operation) {
    case Operation::add:
        return add(left, right);
    case Operation::subtract:
        return subtract(left, right);
    case Operation::multiply:
        return multiply(left, right);
    case Operation::divide:
        return divide(left, right);
    case Operation::min:
        return least(left, right);
    default:
        return greatest(left, right);
    }
}

template <typename Number, typename Read>
Number Expression::run(Read read) const noexcept {
    std::array<Number, stack_size> stack;
    std::size_t top = 0; // the first free place
    for (const Step& step : steps_) {
        if (step.operation == Operation::number || step.operation == Operation::metric) {
            stack[top++] = read(step);
            continue;
        }
        Number& last = stack[top - 1];
        if (step.operation == Operation::negate) {
            last = negate(last);
        } else if (step.operation == Operation::round) {
            last = round_to(last, step.number);
        } else {
            Number& left = stack[--top - 1];
            left = combine(step.operation, left, last);
        }
    }
    return stack[0];
}

double Expression::value(std::span<const double> values) const noexcept {
    return run<double>([values](const Step& step) {
        return step.operation == Operation::number ? step.number : values[step.column];
    });
}

Interval Expression::bounds(std::span<const Interval> values) const noexcept {
    return run<Interval>([values](const Step& step) {
        return step.operation == Operation::number ? Interval{step.number, step.number} : values[step.column];
    });
}

// --- Reading ----------------------------------------------------------------------------------------------

// Recursive descent. The first fault is kept, and ends the reading.
class ExpressionParser {
public:
    ExpressionParser(std::string_view text, std::span<const std::string_view> names)
        : text_(text), names_(names) {}

    Expression take_expression() {
        Expression result;
        steps_ = &result.steps_;
        sum();
        for (const Expression::Step& step : result.steps_) {
            if (step.operation == Operation::metric) result.columns_.push_back(step.column);
        }
        std::sort(result.columns_.begin(), result.columns_.end());
        result.columns_.erase(std::unique(result.columns_.begin(), result.columns_.end()),
                              result.columns_.end());
        return result;
    }

    bool take(std::string_view symbol) {
        skip_blanks();
        if (!fault_.empty() || !text_.substr(at_).starts_with(symbol)) return false;
        at_ += symbol.size();
        return true;
    }

    void expect_end() {
        skip_blanks();
        if (at_ < text_.size()) expected("an operator or the end");
    }

    void expected(std::string_view what) { fail("expected " + std::string(what) + found_here()); }
    const std::string& fault() const noexcept { return fault_; }

private:
    using Operation = Expression::Operation;

    void fail(std::string message) {
        if (fault_.empty()) fault_ = std::move(message);
        at_ = text_.size();
    }

    std::string found_here() const {
        const std::string place = " at character " + std::to_string(characters(at_) + 1);
        return at_ == text_.size() ? place + ", where it ends"
                                   : place + ", not " + quoted(text_.substr(at_, 12));
    }

    // Counted as people do, not in bytes.
    std::size_t characters(std::size_t bytes) const {
        return static_cast<std::size_t>(std::count_if(text_.begin(),
                                                      text_.begin() + static_cast<std::ptrdiff_t>(bytes),
                                                      [](char c) { return (c & 0xC0) != 0x80; }));
    }

    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n'))
            ++at_;
    }

    void push(Operation operation, double number = 0, std::size_t column = 0) {
        steps_->push_back({operation, static_cast<std::uint16_t>(column), number});
    }

    void sum() {
        product();
        while (fault_.empty()) {
            const bool adds = take("+");
            if (!adds && !take("-")) return;
            product();
            push(adds ? Operation::add : Operation::subtract);
        }
    }

    void product() {
        signed_value();
        while (fault_.empty()) {
            const bool multiplies = take("*");
            if (!multiplies && !take("/")) return;
            signed_value();
            push(multiplies ? Operation::multiply : Operation::divide);
        }
    }

    void signed_value() {
        bool negative = false;
        while (take("-"))
            negative = !negative;
        value();
        if (negative) push(Operation::negate);
    }

    void value() {
        skip_blanks();
        if (!fault_.empty()) return;
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        if ((c >= '0' && c <= '9') || c == '.') return number();
        if (is_letter(c)) return name();
        if (!take("(")) return expected("a number, a metric or \"(\"");
        inside([this] { sum(); });
    }

    template <typename Content>
    void inside(Content content) {
        if (++depth_ > Expression::deepest) {
            return fail("has more than " + std::to_string(Expression::deepest) +
                        " parentheses inside one another");
        }
        content();
        --depth_;
        if (fault_.empty() && !take(")")) expected("\")\"");
    }

    void number() {
        double result = 0;
        const char* const begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), result);
        if (error != std::errc()) return expected("a number");
        at_ += static_cast<std::size_t>(end - begin);
        push(Operation::number, result);
    }

    static bool is_letter(char c) noexcept {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    void name() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && (is_letter(text_[at_]) || (text_[at_] >= '0' && text_[at_] <= '9')))
            ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (Expression::is_reserved(word)) return call(word);
        const auto found = std::find(names_.begin(), names_.end(), word);
        if (found == names_.end())
            return fail("names " + quoted(word) + ", which is not a metric of the template");
        push(Operation::metric, 0, static_cast<std::size_t>(found - names_.begin()));
    }

    void call(std::string_view function) {
        if (!take("(")) return expected("\"(\"");
        if (function == "round") return inside([this] { round(); });
        inside([this, function] { extreme(function == "min" ? Operation::min : Operation::max); });
    }

    void extreme(Operation operation) {
        sum();
        if (fault_.empty() && !take(",")) return expected("\",\" and another value");
        do {
            sum();
            push(operation);
        } while (take(","));
    }

    void round() {
        sum();
        double unit = 1;
        if (take(",")) {
            skip_blanks();
            const char digit = at_ < text_.size() ? text_[at_] : '\0';
            if (digit < '0' || digit > '6') return expected("0 to 6 digits");
            for (int j = 0; j < digit - '0'; ++j)
                unit *= 10;
            ++at_;
        }
        push(Operation::round, unit);
    }

    const std::string_view text_;
    const std::span<const std::string_view> names_;
    std::vector<Expression::Step>* steps_ = nullptr;
    std::size_t at_ = 0;
    int depth_ = 0;
    std::string fault_;
};

namespace {

std::string too_long(std::string_view text) {
    if (text.size() <= Expression::longest) return {};
    return "has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(Expression::longest) +
           " are allowed";
}

} // namespace

bool Expression::is_reserved(std::string_view name) noexcept {
    return name == "round" || name == "min" || name == "max";
}

Expression::Parsed Expression::parse(std::string_view text, std::span<const std::string_view> names) {
    if (std::string fault = too_long(text); !fault.empty()) return {std::nullopt, std::move(fault)};
    ExpressionParser parser(text, names);
    Expression expression = parser.take_expression();
    parser.expect_end();
    if (!parser.fault().empty()) return {std::nullopt, parser.fault()};
    return {std::move(expression), {}};
}

Condition::Parsed Condition::parse(std::string_view text, std::span<const std::string_view> names) {
    if (std::string fault = too_long(text); !fault.empty()) return {std::nullopt, std::move(fault)};
    ExpressionParser parser(text, names);
    Condition condition;
    condition.left_ = parser.take_expression();
    if (parser.take("<=")) {
        condition.relation_ = Relation::at_most;
    } else if (parser.take(">=")) {
        condition.relation_ = Relation::at_least;
    } else if (!parser.take("=")) {
        parser.expected("an operator, \"=\", \"<=\" or \">=\"");
    }
    condition.right_ = parser.take_expression();
    parser.expect_end();
    if (!parser.fault().empty()) return {std::nullopt, parser.fault()};
    return {std::move(condition), {}};
}

bool Condition::holds(std::span<const double> values, double tolerance) const noexcept {
    const auto read = [values](const Expression::Step& step) {
        const double value =
            step.operation == Expression::Operation::number ? step.number : values[step.column];
        return measured(value, 0);
    };
    const Measured gap = subtract(left_.run<Measured>(read), right_.run<Measured>(read));
    if (!std::isfinite(gap.value)) return false;
    const double room = tolerance + gap.error;
    if (relation_ == Relation::at_most) return gap.value <= room;
    if (relation_ == Relation::at_least) return gap.value >= -room;
    return std::abs(gap.value) <= room;
}

std::vector<std::size_t> Condition::columns() const {
    std::vector<std::size_t> all;
    std::set_union(left_.columns().begin(), left_.columns().end(), right_.columns().begin(),
                   right_.columns().end(), std::back_inserter(all));
    return all;
}

} // namespace auxeira::synthesis
