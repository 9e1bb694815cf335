#include "synthesis/draws.hpp"

#include <algorithm>
#include <cmath>

namespace auxeira::synthesis {

namespace {

constexpr Fixed inversion_limit = 30 * one;

std::uint64_t half_of(const Uuid& id, std::size_t begin) noexcept {
    std::uint64_t result = 0;
    for (std::size_t j = begin; j < begin + 8; ++j)
        result = result << 8 | id[j];
    return result;
}

constexpr Fixed uniform_of(std::uint64_t bits) noexcept {
    return static_cast<Fixed>(bits >> (64 - fraction_bits));
}

// mean + z * sqrt(variance), rounded; both below 2^62.
std::int64_t near_normal(Wide mean, Wide variance, std::uint64_t bits) noexcept {
    const auto deviation =
        static_cast<Wide>(square_root(static_cast<UnsignedWide>(variance) << fraction_bits));
    const Wide value = mean + ((deviation * normal(static_cast<std::uint32_t>(bits >> 32))) >> fraction_bits);
    return static_cast<std::int64_t>((value + one / 2) >> fraction_bits);
}

} // namespace

std::uint64_t organization_key(std::uint64_t seed, const Uuid& org, std::string_view stream) noexcept {
    return KeyBuilder().add(stream).add(seed).add(half_of(org, 0)).add(half_of(org, 8)).key();
}

Stream named_stream(std::uint64_t seed, std::string_view name) noexcept {
    return Stream(KeyBuilder().add("draw").add(seed).add(name).key());
}

double uniform_double(const Stream& stream, std::uint64_t position) noexcept {
    return static_cast<double>(stream.block(position)[0]) / 4294967296.0;
}

// Rounded to nine digits as an integer, so that the only floating-point step is an exact division.
double normal_double(const Stream& stream, std::uint64_t position) noexcept {
    const Wide billionths =
        (static_cast<Wide>(stream.normal(position)) * 1'000'000'000 + one / 2) >> fraction_bits;
    return static_cast<double>(billionths) / 1e9;
}

Fixed log2_of(double value) noexcept {
    const std::int64_t steps = std::llround(value * 1048576.0);
    return steps > 0 ? log2(steps) - 20 * one : -1000 * one;
}

std::int64_t binomial(std::int64_t trials, Fixed chance, std::uint64_t bits) noexcept {
    if (trials <= 0 || chance <= 0) return 0;
    if (chance >= one) return trials;
    const Wide mean = static_cast<Wide>(trials) * chance;
    const Fixed spared = one - chance;
    if (mean > inversion_limit) {
        return std::clamp<std::int64_t>(near_normal(mean, (mean * spared) >> fraction_bits, bits), 0, trials);
    }
    const Wide none = static_cast<Wide>(trials) * log2_fixed(spared);
    Wide share = power_of_two(static_cast<Fixed>(none));
    Wide left = uniform_of(bits);
    std::int64_t count = 0;
    for (; count < trials && left >= share && share > 0; ++count) {
        left -= share;
        share = share * (trials - count) / (count + 1) * chance / spared;
    }
    return count;
}

std::int64_t poisson(Fixed mean, std::uint64_t bits) noexcept {
    if (mean <= 0) return 0;
    if (mean > inversion_limit) return std::max<std::int64_t>(near_normal(mean, mean, bits), 0);
    Wide share = exponential(-mean);
    Wide left = uniform_of(bits);
    std::int64_t count = 0;
    for (; left >= share && share > 0; ++count) {
        left -= share;
        share = ((share * mean) >> fraction_bits) / (count + 1);
    }
    return count;
}

std::int64_t geometric(Fixed chance, std::uint64_t bits) noexcept {
    const Fixed survival = log2_fixed(std::max<Fixed>(uniform_of(bits), 1));
    return 1 + survival / log2_fixed(one - chance);
}

} // namespace auxeira::synthesis
