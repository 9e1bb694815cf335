// Arithmetic over the metrics of one point, as templates write it: `round(revenue / customers, 2)`. Parsed
// once into steps for a stack, evaluated in IEEE double with nothing fused or reordered: the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::synthesis {

// Where the value of an expression may lie.
struct Interval {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
};

// Numbers, names, + - * / with the usual precedence, parentheses, round(x) or round(x, digits), min and max
// of two or more.
class Expression {
public:
    static constexpr std::size_t longest = 1000; // bytes of text
    static constexpr int deepest = 32;           // parentheses inside one another

    struct Parsed;
    // A name stands for its position among `names`.
    static Parsed parse(std::string_view text, std::span<const std::string_view> names);
    // Whether the name means something else in an expression.
    static bool is_reserved(std::string_view name) noexcept;

    // The columns that are read, each once, lowest first.
    const std::vector<std::size_t>& columns() const noexcept { return columns_; }

    // The value; infinite or not a number where there is none (a division by zero). One value for each name.
    double value(std::span<const double> values) const noexcept;
    // The bounds of the value, given those of what is read.
    Interval bounds(std::span<const Interval> values) const noexcept;

private:
    friend class ExpressionParser;
    friend class Condition;

    enum class Operation : std::uint8_t {
        number,
        metric,
        add,
        subtract,
        multiply,
        divide,
        negate,
        round,
        min,
        max
    };
    struct Step {
        Operation operation;
        std::uint16_t column; // of a metric
        double number;        // a constant; of round 10^digits
    };
    // More than the deepest expression needs: each parenthesis leaves at most two numbers waiting.
    static constexpr std::size_t stack_size = 3 * deepest + 8;

    template <typename Number>
    static Number combine(Operation operation, const Number& left, const Number& right) noexcept;
    template <typename Number, typename Read>
    Number run(Read read) const noexcept;

    std::vector<Step> steps_;
    std::vector<std::size_t> columns_;
};

// The expression, or what is wrong with the text and at which character.
struct Expression::Parsed {
    std::optional<Expression> expression;
    std::string fault;
};

// Two expressions and how they compare: `mrr * 12 = arr`, `active <= total`, `total >= active`.
class Condition {
public:
    struct Parsed;
    static Parsed parse(std::string_view text, std::span<const std::string_view> names);

    // Whether it holds within the tolerance and the rounding errors of the arithmetic, which are kept count
    // of.
    bool holds(std::span<const double> values, double tolerance) const noexcept;
    std::vector<std::size_t> columns() const;

private:
    enum class Relation : std::uint8_t { equal, at_most, at_least };

    Expression left_, right_;
    Relation relation_ = Relation::equal;
};

struct Condition::Parsed {
    std::optional<Condition> condition;
    std::string fault;
};

} // namespace auxeira::synthesis
