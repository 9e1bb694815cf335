#include "synthesis/reporting.hpp"

#include <algorithm>

namespace auxeira::synthesis {

namespace {

// A block of random bits for each point, and beyond all points those of the shocks.
constexpr std::uint64_t shocks_begin = std::uint64_t{1} << 40;
constexpr std::uint64_t corrections_begin = std::uint64_t{1} << 41;

} // namespace

Reporting::Reporting(const Config& config, std::uint64_t key)
    : stream_(key), last_(config.count - 1), as_of_(config.as_of),
      missing_(to_fixed(config.disturbance.missing_rate)), late_(to_fixed(config.disturbance.late_rate)),
      restated_(to_fixed(config.disturbance.restatement_rate)) {
    const std::int64_t shocks = poisson(to_fixed(config.disturbance.shock_rate), stream_.bits(shocks_begin));
    for (std::int64_t j = 1; j <= shocks; ++j) {
        const Block bits = stream_.block(shocks_begin + static_cast<std::uint64_t>(j));
        const Fixed size = to_fixed(0.3) + uniform(bits[1]) / 2; // by a fifth to a half
        shocks_.push_back({uniform(bits[0]), bits[2] % 3 == 0 ? size : -size});
    }
    std::ranges::sort(shocks_, {}, &Shock::position);
}

bool Reporting::is_missing(std::int64_t index) const noexcept {
    if (missing_ == 0 || index == last_) return false;
    return uniform(stream_.block(static_cast<std::uint64_t>(index))[0]) < missing_;
}

std::int64_t Reporting::reported_at(std::int64_t index, std::int64_t time) const noexcept {
    if (late_ == 0) return time;
    const Block bits = stream_.block(static_cast<std::uint64_t>(index));
    if (uniform(bits[1]) >= late_) return time;
    constexpr std::int64_t latest = 20 * microseconds_a_day;
    const auto lag = static_cast<std::int64_t>((static_cast<Wide>(latest) * bits[2]) >> 32) + 1;
    return std::min(time + lag, as_of_);
}

bool Reporting::is_restated(std::int64_t index) const noexcept {
    if (restated_ == 0) return false;
    return uniform(stream_.block(static_cast<std::uint64_t>(index))[3]) < restated_;
}

std::int64_t Reporting::first_factor(std::int64_t index, std::size_t column) const noexcept {
    const std::uint64_t position = corrections_begin + (static_cast<std::uint64_t>(index) << 8) + column;
    return (std::int64_t{1} << 32) + (stream_.normal(position) / 20 >> (fraction_bits - 32));
}

Fixed Reporting::shock(Fixed position) noexcept {
    while (next_ < shocks_.size() && shocks_[next_].position <= position)
        shifted_ += shocks_[next_++].size;
    return shifted_;
}

} // namespace auxeira::synthesis
