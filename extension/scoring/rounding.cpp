#include "scoring/rounding.hpp"

#include <charconv>

namespace auxeira::scoring::detail {

double round_by_text(double value, int decimals) {
    // Room for the longest: sign, 309 digits, point, decimals.
    char text[330];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
    double rounded = value;
    std::from_chars(text, end, rounded);
    return rounded;
}

} // namespace auxeira::scoring::detail
