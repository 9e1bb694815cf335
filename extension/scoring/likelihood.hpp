// What a total means: where it stands among others, and how likely success is.
#pragma once

#include <cstdint>

namespace auxeira::scoring {

// Percentile 0 to 100 of a raw total in the reference population, normal with mean 55 and standard
// deviation 15.
double reference_percentile(double raw);

// How a startup stands in its cohort, itself excluded: of `size` others, `below` have a lower total and
// `equal` the same.
struct Cohort {
    std::int64_t size, below, equal;
};

// The empirical percentile of the cohort, shrunk towards the reference as if 30 more startups stood there, so
// that small cohorts do not shout: (n * p_emp + 30 * p_ref) / (n + 30), from 1 to 99, one decimal.
double percentile(double raw, const Cohort& cohort);

// The Python original's percentile, from its total alone: 5 to 95.
int percentile_v1(int total);

// The Python original's probability of success: total / 100 * 0.8, three decimals.
double success_probability_v1(int total);

// The probability of the outcome whose base rate (above 0, below 1) is given, by default a next priced round
// within 24 months. Logistic in the raw total, 0.45 per 10 points from the reference mean: a prior, until
// outcomes were seen to fit it to. Not rounded.
double success_probability(double raw, double base_rate);

} // namespace auxeira::scoring
