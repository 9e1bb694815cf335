// Metrics that have no path of their own: independent draws, and expressions over the other metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "synthesis/catalogue.hpp"
#include "synthesis/random.hpp"

namespace auxeira::synthesis {

constexpr double ten_to(int exponent) noexcept {
    double power = 1;
    for (; exponent > 0; --exponent)
        power *= 10;
    return power;
}

// A value in its unit; what is no number stays none in all that is computed from it.
constexpr double number_of(std::int64_t scaled, double unit) noexcept {
    return scaled == no_value ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(scaled) / unit;
}

// The columns of a dashboard, those that others are made of first.
std::vector<std::size_t> evaluation_order(const Dashboard& dashboard);

// A number of the metric's distribution, times 10^decimals. `trend` is log2 of what the trend makes of 1.
Wide draw(const Metric& metric, const Block& bits, Fixed trend) noexcept;

// Computes the expressions of a dashboard at each point.
class Calculator {
public:
    explicit Calculator(const Dashboard& dashboard);

    // What a metric is at this point, for the expressions that read it.
    void put(std::size_t column, std::int64_t scaled) noexcept {
        if (!values_.empty()) values_[column] = number_of(scaled, units_[column]);
    }
    // Times 10^decimals, half away from zero; `no_value` where there is no number (a division by zero).
    std::int64_t compute(std::size_t column) const noexcept;

private:
    const Dashboard& dashboard_;
    std::vector<double> values_, units_; // empty when there is no expression
};

} // namespace auxeira::synthesis
