// Random draws of a named stream, and counts of what happens to many.
#pragma once

#include "synthesis/config.hpp"
#include "synthesis/random.hpp"

namespace auxeira::synthesis {

inline constexpr Fixed log2_e = to_fixed(1.44269504088896341);

// The keys of everything that is drawn for one organization.
std::uint64_t organization_key(std::uint64_t seed, const Uuid& org, std::string_view stream) noexcept;

// The numbers of a stream, by position.
class Stream {
public:
    explicit Stream(std::uint64_t key) noexcept : key_(key) {}
    Stream(std::uint64_t seed, const Uuid& org, std::string_view name) noexcept
        : key_(organization_key(seed, org, name)) {}

    Block block(std::uint64_t position) const noexcept {
        return random_block(key_, Purpose::event, position);
    }
    Fixed uniform(std::uint64_t position) const noexcept { return synthesis::uniform(block(position)[0]); }
    Fixed normal(std::uint64_t position) const noexcept { return synthesis::normal(block(position)[0]); }
    // A normal number of which about one in thirty is three times as far out; of variance 1.
    Fixed heavy(std::uint64_t position) const noexcept { return heavy_normal(block(position)[0]); }
    std::uint64_t bits(std::uint64_t position) const noexcept {
        const Block block = this->block(position);
        return static_cast<std::uint64_t>(block[1]) << 32 | block[0];
    }

private:
    std::uint64_t key_;
};

// What the SQL functions draw: the stream of a name, its numbers as doubles in steps of 2^-32 and of 1e-9.
Stream named_stream(std::uint64_t seed, std::string_view name) noexcept;
double uniform_double(const Stream& stream, std::uint64_t position) noexcept;
double normal_double(const Stream& stream, std::uint64_t position) noexcept;

// log2 of a positive number: of a constant (to 2^-20; far below all others for 0), of an amount, of a Fixed.
Fixed log2_of(double value) noexcept;
inline Fixed log2_fixed(Fixed value) noexcept {
    return log2(value) - fraction_bits * one;
}
// 2^x and e^x as Fixed, for results below 16384.
inline Fixed power_of_two(Fixed x) noexcept {
    return exp2(x + fraction_bits * one);
}
inline Fixed exponential(Fixed x) noexcept {
    return power_of_two(multiply(x, log2_e));
}

// How many of `trials` happen, each with the probability `chance`; or of a mean number of events. Below a
// mean of 30 by inversion of the distribution function, above by the normal one.
std::int64_t binomial(std::int64_t trials, Fixed chance, std::uint64_t bits) noexcept;
std::int64_t poisson(Fixed mean, std::uint64_t bits) noexcept;

// The number of the step at which something with a constant chance at each step happens, from 1 on.
std::int64_t geometric(Fixed chance, std::uint64_t bits) noexcept;

} // namespace auxeira::synthesis
