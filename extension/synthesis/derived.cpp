#include "synthesis/derived.hpp"

#include <algorithm>
#include <cmath>

#include "synthesis/draws.hpp"
#include "synthesis/expression.hpp"

namespace auxeira::synthesis {

namespace {

constexpr int level_bits = 20; // of the numbers of a template

std::size_t column_of(const Dashboard& dashboard, std::string_view name) noexcept {
    const auto found = std::find_if(dashboard.metrics.begin(), dashboard.metrics.end(),
                                    [&](const Metric& metric) { return metric.name == name; });
    return static_cast<std::size_t>(found - dashboard.metrics.begin());
}

std::vector<std::size_t> inputs_of(const Dashboard& dashboard, const Metric& metric) {
    std::vector<std::size_t> inputs;
    const Motion& motion = metric.motion;
    if (motion.expression != nullptr) inputs = motion.expression->columns();
    for (const std::string_view name : {motion.of, motion.by, motion.with}) {
        if (!name.empty()) inputs.push_back(column_of(dashboard, name));
    }
    for (std::size_t column = 0; motion.rule == Rule::mean && column < dashboard.metrics.size(); ++column) {
        if (dashboard.metrics[column].motion.averaged) inputs.push_back(column);
    }
    return inputs;
}

void place(const Dashboard& dashboard, std::size_t column, std::vector<char>& is_placed,
           std::vector<std::size_t>& order) {
    if (is_placed[column]) return;
    is_placed[column] = true;
    for (const std::size_t input : inputs_of(dashboard, dashboard.metrics[column]))
        place(dashboard, input, is_placed, order);
    order.push_back(column);
}

std::int64_t level_of(double value) noexcept {
    return std::llround(value * static_cast<double>(std::int64_t{1} << level_bits));
}

// Between low and high: 2.5 standard deviations on either side of the middle are there.
Fixed place_of(Distribution distribution, std::uint32_t bits) noexcept {
    if (distribution == Distribution::uniform) return uniform(bits);
    if (distribution == Distribution::constant) return 0;
    return one / 2 + normal(bits) / 5;
}

// In 2^-20, not negative numbers only for the log-normal distribution.
Wide drawn_number(const Metric& metric, std::uint32_t bits) noexcept {
    const std::int64_t low = level_of(metric.low), high = level_of(metric.high);
    const Fixed at = place_of(metric.distribution, bits);
    if (metric.distribution == Distribution::lognormal) {
        const Fixed bottom = log2(low);
        return wide_exp2(bottom + multiply(log2(high) - bottom, at));
    }
    return low + ((static_cast<Wide>(high - low) * at) >> fraction_bits);
}

// A Poisson number whose mean is in 2^-20; of a large mean the normal number that it is close to.
Wide count_around(Wide mean, const Block& bits) noexcept {
    if (mean <= 0) return 0;
    if (mean < Wide{16384} << level_bits) {
        return poisson(static_cast<Fixed>(mean << (fraction_bits - level_bits)),
                       static_cast<std::uint64_t>(bits[1]) << 32 | bits[0]);
    }
    const Wide deviation = square_root(static_cast<UnsignedWide>(mean) << level_bits);
    return (mean + ((deviation * normal(bits[1])) >> fraction_bits)) >> level_bits;
}

} // namespace

std::vector<std::size_t> evaluation_order(const Dashboard& dashboard) {
    std::vector<std::size_t> order;
    std::vector<char> is_placed(dashboard.metrics.size() + 1, false);
    is_placed.back() = true; // a metric that is not there
    for (std::size_t column = 0; column < dashboard.metrics.size(); ++column)
        place(dashboard, column, is_placed, order);
    return order;
}

Wide draw(const Metric& metric, const Block& bits, Fixed trend) noexcept {
    constexpr int factor_bits = 32;
    const Wide unit = static_cast<Wide>(ten_to(metric.decimals));
    const Wide factor = exp2(trend + factor_bits * one);
    const Wide moved = (drawn_number(metric, bits[0]) * factor) >> factor_bits;
    if (metric.distribution == Distribution::poisson) return count_around(moved, bits) * unit;
    const Wide scaled = moved * unit;
    const Wide half = Wide{1} << (level_bits - 1);
    return scaled < 0 ? -((half - scaled) >> level_bits) : (scaled + half) >> level_bits;
}

Calculator::Calculator(const Dashboard& dashboard) : dashboard_(dashboard) {
    const bool computes =
        std::any_of(dashboard.metrics.begin(), dashboard.metrics.end(),
                    [](const Metric& each) { return each.motion.rule == Rule::expression; });
    if (!computes) return;
    values_.resize(dashboard.metrics.size());
    for (const Metric& metric : dashboard.metrics)
        units_.push_back(ten_to(metric.decimals));
}

std::int64_t Calculator::compute(std::size_t column) const noexcept {
    constexpr double most = 4e18; // more than is let through
    const double scaled = dashboard_.metrics[column].motion.expression->value(values_) * units_[column];
    return std::isfinite(scaled) ? std::llround(std::clamp(scaled, -most, most)) : no_value;
}

} // namespace auxeira::synthesis
