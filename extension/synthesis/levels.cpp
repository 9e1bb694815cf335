#include "synthesis/levels.hpp"

#include <algorithm>

#include "synthesis/path.hpp"

namespace auxeira::synthesis {

namespace {

constexpr Fixed nothing = -40 * one;

// The share of the standard normal distribution below z, to about 1e-4: Abramowitz and Stegun 26.2.18.
Fixed normal_share(Fixed z) noexcept {
    const Fixed size = z < 0 ? -z : z;
    Fixed sum = 0;
    for (const double coefficient : {0.019527, 0.000344, 0.115194, 0.196854})
        sum = multiply(sum + to_fixed(coefficient), size);
    const Fixed base = one + sum;
    const Fixed square = multiply(base, base);
    const Fixed tail = divide(one / 2, multiply(square, square));
    return z < 0 ? tail : one - tail;
}

// Where between low and high, of which 2.5 standard deviations on either side of the middle are there.
Fixed place_of(Distribution distribution, Fixed z) noexcept {
    if (distribution == Distribution::constant) return 0;
    if (distribution == Distribution::uniform) return normal_share(z);
    return std::clamp(one / 2 + z / 5, Fixed{0}, one);
}

} // namespace

Standing draw_standing(std::uint64_t key) noexcept {
    const Block bits = random_block(key, Purpose::level, 0);
    return {normal(bits[0]), normal(bits[1])};
}

Standing mix(const Motion& motion, const Standing& own, const Standing& other) noexcept {
    const Share share = Share::of(motion.correlation, 0);
    const Fixed level = motion.level_follows_growth ? other.growth : other.level;
    return {share.mix(level, own.level), share.mix(other.growth, own.growth)};
}

double origin_of(const Metric& metric) noexcept {
    return std::min(metric.minimum, 0.0);
}

Fixed level_of(const Metric& metric, Fixed standing) noexcept {
    const double low = metric.low - origin_of(metric), high = metric.high - origin_of(metric);
    if (high <= 0) return nothing;
    const Fixed place = place_of(metric.distribution, standing);
    const Fixed bottom = log2_of(low), top = log2_of(high);
    if (metric.distribution == Distribution::lognormal || metric.distribution == Distribution::poisson) {
        return bottom + multiply(top - bottom, place);
    }
    const std::int64_t least = exp2(bottom + 20 * one), most = exp2(top + 20 * one);
    const Wide share = static_cast<Wide>(most - least) * place;
    return log2(std::max<std::int64_t>(least + static_cast<std::int64_t>(share >> fraction_bits), 1)) -
           20 * one;
}

} // namespace auxeira::synthesis
