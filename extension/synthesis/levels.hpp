// Where the metrics of a series start, and how they stand among other organizations.
#pragma once

#include "synthesis/draws.hpp"

namespace auxeira::synthesis {

// In standard deviations: the level, and the strength of the trend.
struct Standing {
    Fixed level, growth;
};

// Drawn for a metric; in part that of the metric that it goes with.
Standing draw_standing(std::uint64_t key) noexcept;
Standing mix(const Motion& motion, const Standing& own, const Standing& other) noexcept;

// A metric that may be negative moves in its distance from the minimum: 1 + IRR is log-normal, not the IRR.
double origin_of(const Metric& metric) noexcept;

// log2 of the level's distance from the origin.
Fixed level_of(const Metric& metric, Fixed standing) noexcept;

} // namespace auxeira::synthesis
