#include "scoring/likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "rejection.hpp"
#include "scoring/faults.hpp"
#include "scoring/rounding.hpp"

namespace auxeira::scoring {

namespace {

constexpr double reference_mean = 55;
constexpr double reference_deviation = 15;
constexpr double reference_size = 30;
constexpr double log_odds_per_ten_points = 0.45;

void check(double raw, const Cohort& cohort) {
    Faults faults;
    if (!(raw >= 0 && raw <= 100)) faults.add("raw", show(raw) + " is outside 0 to 100");
    if (cohort.below < 0) faults.add("below", "must be 0 or more");
    if (cohort.equal < 0) faults.add("equal", "must be 0 or more");
    if (faults.empty() && cohort.below + cohort.equal > cohort.size) {
        faults.add("cohort_size", "must be at least below + equal");
    }
    faults.check("invalid input for a percentile", "the cohort is counted without the startup itself");
}

} // namespace

double reference_percentile(double raw) {
    const double deviations = (raw - reference_mean) / reference_deviation;
    return 50 * std::erfc(-deviations / std::numbers::sqrt2);
}

double percentile(double raw, const Cohort& cohort) {
    check(raw, cohort);
    const auto size = static_cast<double>(cohort.size);
    // 100 * (below + equal / 2) / n, times n: a cohort of 0 needs no case of its own.
    const double below = 100.0 * static_cast<double>(cohort.below) + 50.0 * static_cast<double>(cohort.equal);
    const double shrunk = (below + reference_size * reference_percentile(raw)) / (size + reference_size);
    return round_decimals(std::clamp(shrunk, 1.0, 99.0), 1);
}

int percentile_v1(int total) {
    return std::clamp(static_cast<int>(total * 1.2), 5, 95);
}

double success_probability_v1(int total) {
    return round_decimals(total / 100.0 * 0.8, 3);
}

double success_probability(double raw, double base_rate) {
    const double base = std::log(base_rate / (1 - base_rate));
    return 1 / (1 + std::exp(-(base + log_odds_per_ten_points * (raw - reference_mean) / 10)));
}

} // namespace auxeira::scoring
