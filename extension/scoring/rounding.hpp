// Rounding to decimals as Python's round() does it.
#pragma once

#include <array>
#include <cmath>

namespace auxeira::scoring {

namespace detail {
// By correctly rounded conversion to decimal text and back.
double round_by_text(double value, int decimals);
} // namespace detail

// The double nearest to the value written with that many decimals (0 to 3). The exact binary value decides
// and a true tie goes to the even digit: 6.25 becomes 6.2, and 0.15, which is a little less, becomes 0.1.
inline double round_decimals(double value, int decimals) {
    constexpr std::array<double, 4> powers{1, 10, 100, 1000};
    const double power = powers[decimals];
    const double scaled = value * power;
    const double nearest = std::nearbyint(scaled);
    // The product is inexact, but rounding it kept its order with every half, which all are doubles up to
    // here: only one that landed on a half can have come from either side.
    const bool on_half = std::fabs(scaled - nearest) == 0.5;
    if (on_half || !(std::fabs(scaled) < 0x1p52)) return detail::round_by_text(value, decimals);
    return nearest / power;
}

} // namespace auxeira::scoring
