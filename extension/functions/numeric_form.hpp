// The short form of a stored numeric (numeric.c, NumericShort): a header of 16 bits with sign, digits to show
// behind the point and weight, then digits of base 10,000, the first of which counts 10,000 ^ weight. Short
// is what most numerics are; the form cannot change as long as data directories are upgraded in place.
#pragma once

#include <cstdint>

namespace auxeira::functions::numeric_form {

inline constexpr std::uint16_t form_mask = 0xC000;
inline constexpr std::uint16_t short_form = 0x8000;
inline constexpr std::uint16_t negative = 0x2000;
inline constexpr int decimals_shift = 7;
inline constexpr std::uint16_t weight_mask = 0x007F; // two's complement in 7 bits
inline constexpr std::uint16_t weight_sign = 0x0040;
inline constexpr std::uint64_t base = 10'000;
inline constexpr int digits_of_base = 4;

} // namespace auxeira::functions::numeric_form
