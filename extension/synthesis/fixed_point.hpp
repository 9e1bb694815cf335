// Fixed-point arithmetic. Everything random in this room is computed with integers, so that a seed gives the
// same bytes with every compiler, C library and processor; nothing depends on libm, rounding mode or FMA.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace auxeira::synthesis {

using Fixed = std::int64_t; // a number times 2^48: range +-32768, step 3.6e-15
using Wide = __int128;      // for products and sums of Fixed
using UnsignedWide = unsigned __int128;

inline constexpr int fraction_bits = 48;
inline constexpr Fixed one = Fixed{1} << fraction_bits;

constexpr Fixed multiply(Fixed a, Fixed b) noexcept {
    return static_cast<Fixed>((static_cast<Wide>(a) * b) >> fraction_bits);
}

// `b` must not be zero, and a/b must be below 32768.
constexpr Fixed divide(Fixed a, Fixed b) noexcept {
    return static_cast<Fixed>((static_cast<Wide>(a) << fraction_bits) / b);
}

// A constant or an input as Fixed; scaling by a power of two is exact, so only the last step rounds.
constexpr Fixed to_fixed(double value) noexcept {
    return static_cast<Fixed>(value * static_cast<double>(one) + (value < 0 ? -0.5 : 0.5));
}

// The largest integer whose square is not above `value`.
std::uint64_t square_root(UnsignedWide value) noexcept;

// log2(value), `value` > 0; exact to the last bit but one.
Fixed log2(std::int64_t value) noexcept;

// 2^(j/256) times 2^61.
extern const std::array<std::int64_t, 256> powers_of_two;
// log2(1 + 2^-t) for t = 0, 1/16, ... 16.
extern const std::array<Fixed, 257> softplus_knots;

// 2^x rounded to the nearest integer, relative error below 1e-11; 0 far below, 2^62 - 1 from x = 62 on.
// A table of 256 mantissas and a cubic: the rest after the table is below ln(2)/256.
inline std::int64_t exp2(Fixed x) noexcept {
    constexpr Fixed ln2 = 195103586505167; // ln(2) * 2^48
    const Fixed whole = x >> fraction_bits;
    if (whole >= 62) return (std::int64_t{1} << 62) - 1;
    if (whole < -1) return 0;
    const Fixed fraction = x & (one - 1);
    const Fixed rest = multiply(fraction & ((Fixed{1} << 40) - 1), ln2);
    const Fixed square = multiply(rest, rest) / 2;
    const Fixed series = rest + square + multiply(square, rest) / 3;
    const std::int64_t head = powers_of_two[static_cast<std::size_t>(fraction >> 40)];
    const std::int64_t mantissa = head + multiply(head, series);
    const int shift = static_cast<int>(61 - whole);
    return shift == 0 ? mantissa : (mantissa + (std::int64_t{1} << (shift - 1))) >> shift;
}

// The same beyond 64 bits, up to 2^90.
inline Wide wide_exp2(Fixed x) noexcept {
    if (x < 62 * one) return exp2(x);
    return static_cast<Wide>(exp2((x < 90 * one ? x : 90 * one) - 40 * one)) << 40;
}

// The smaller of two logarithms with a rounded corner: a path below its ceiling is left as it is, one that
// would pass it nears it smoothly. In plain numbers y / (1 + (y/ceiling)^16)^(1/16).
inline Fixed soften(Fixed path, Fixed ceiling) noexcept {
    constexpr int sharpness_bits = 4;
    const Fixed room = ceiling - path;
    const Fixed distance = (room < 0 ? -room : room) << sharpness_bits;
    const Fixed lower = room < 0 ? ceiling : path;
    if (distance >= 16 * one) return lower;
    const auto knot = static_cast<std::size_t>(distance >> (fraction_bits - 4));
    const Fixed within = (distance & ((one >> 4) - 1)) << 4;
    const Fixed step = softplus_knots[knot + 1] - softplus_knots[knot];
    return lower - ((softplus_knots[knot] + multiply(step, within)) >> sharpness_bits);
}

} // namespace auxeira::synthesis
