// What a series is made from, and the check of everything that comes from outside.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "synthesis/calibration.hpp"
#include "synthesis/catalogue.hpp"

namespace auxeira::synthesis {

enum class Trend { improving, declining, stable, volatile_ };

using Uuid = std::array<std::uint8_t, 16>;

inline constexpr std::int64_t microseconds_a_day = 86'400'000'000;

// The input as it came; an absent value is one that was NULL.
struct Request {
    std::optional<std::string_view> user_type;
    std::optional<std::string_view> data_type;
    std::optional<std::int64_t> count;
    std::optional<std::int64_t> time_range_days;
    std::optional<double> variance;
    std::optional<std::string_view> trend;
    std::uint64_t seed = 0;
    std::int64_t as_of = 0; // microseconds since 1970-01-01 00:00 UTC
    Uuid org{};
    std::optional<std::string_view> stage, industry, region, business_model; // none of them need be given
    std::optional<double> missing_rate = 0, late_rate = 0, restatement_rate = 0, shock_rate = 0;
};

// What is drawn where it is not given. An industry or region that the calibration does not know is `other`.
struct Profile {
    std::optional<Stage> stage;
    std::optional<Industry> industry;
    std::optional<Region> region;
    std::optional<BusinessModel> business_model;
};

// How reporting goes wrong, and how often something happens to the company. All 0 by default.
struct Disturbance {
    double missing_rate = 0;     // the share of points that are never reported
    double late_rate = 0;        // the share reported up to 20 days after their time
    double restatement_rate = 0; // the share whose first report differed
    double shock_rate = 0;       // sudden changes of level in a window, on average; up to 10
};

// A checked request: the same Config gives the same series, byte for byte, anywhere.
struct Config {
    UserType user_type;
    std::int32_t count;           // 1 to 1,000,000 points
    std::int32_t time_range_days; // 1 to 36,500; the last point is at as_of, the first this long before
    double variance;              // 0 to 1; the noise has the log standard deviation variance/sqrt(3)
    Trend trend;
    std::uint64_t seed; // all 64 bits count, and 0 is a seed like any other
    std::int64_t as_of;
    Uuid org; // part of the key of every stream
    Profile profile{};
    Disturbance disturbance{};
};

// Throws one Rejection that names every fault; a path is the name of the parameter, as in
// `variance: 1.5 is outside 0 to 1`.
Config check(const Request& request);

// `improving` and so on.
std::string_view name_of(Trend trend) noexcept;

} // namespace auxeira::synthesis
