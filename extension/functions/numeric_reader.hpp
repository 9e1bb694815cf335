// The double that a stored numeric stands for: the same as from its text, without making the text.
#pragma once

#include "boundary/postgres.hpp"

namespace auxeira::functions {

// The short form of a stored numeric (numeric.c, NumericShort): a header of 16 bits, then digits of base
// 10,000, the first of which counts 10,000 ^ weight. Short is what most numerics are; the form cannot change
// as long as data directories are upgraded in place.
namespace numeric_form {
inline constexpr uint16 form_mask = 0xC000;
inline constexpr uint16 short_form = 0x8000;
inline constexpr uint16 negative = 0x2000;
inline constexpr uint16 weight_mask = 0x007F; // two's complement in 7 bits
inline constexpr uint16 weight_sign = 0x0040;
} // namespace numeric_form

// Of any numeric; infinite where it is beyond double precision.
[[gnu::cold]] double number_of_any(const char* numeric);

// Of a numeric as it lies in a jsonb value, aligned to 4 bytes.
inline double number_of(const char* numeric) {
    using namespace numeric_form;
    // Nearly every answer is 0.0001 to 0.9999: one digit, all of it behind the point, no sign.
    constexpr uint16 mask = form_mask | negative | weight_mask;
    constexpr uint16 fraction = short_form | weight_mask;
    if (VARATT_IS_4B_U(numeric) && VARSIZE(numeric) == VARHDRSZ + 2 * sizeof(uint16)) {
        const auto* const words = reinterpret_cast<const uint16*>(VARDATA(numeric));
        if ((words[0] & mask) == fraction) return words[1] / 1e4;
    }
    return number_of_any(numeric);
}

} // namespace auxeira::functions
