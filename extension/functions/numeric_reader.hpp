// The double that a stored numeric stands for: the same as from its text, without making the text.
#pragma once

#include "boundary/postgres.hpp"
#include "functions/numeric_form.hpp"

namespace auxeira::functions {

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
