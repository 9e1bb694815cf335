// What a series is made from, and the check of everything that comes from outside.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

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
};

// Throws one Rejection that names every fault; a path is the name of the parameter, as in
// `variance: 1.5 is outside 0 to 1`.
Config check(const Request& request);

// `improving` and so on.
std::string_view name_of(Trend trend) noexcept;

} // namespace auxeira::synthesis
