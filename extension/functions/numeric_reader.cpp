#include "functions/numeric_reader.hpp"

#include <array>
#include <cstdlib>
#include <optional>

#include "boundary/door.hpp"

namespace auxeira::functions {

namespace {

constexpr int most_digits = 4;
// Doubles hold these exactly, so that one multiplication or division rounds once, as reading the text would.
constexpr int64 largest_exact = int64{1} << 53;
constexpr std::array<double, 6> powers{1, 1e4, 1e8, 1e12, 1e16, 1e20};

// Of a short numeric whose digits make a whole number that doubles hold exactly; empty for others.
std::optional<double> small_number(const char* numeric) {
    using namespace numeric_form;
    if (!VARATT_IS_4B_U(numeric)) return std::nullopt;
    const auto* const words = reinterpret_cast<const uint16*>(VARDATA(numeric));
    const int digits = static_cast<int>((VARSIZE(numeric) - VARHDRSZ) / sizeof(uint16)) - 1;
    const uint16 header = words[0];
    if ((header & form_mask) != short_form || digits > most_digits) return std::nullopt;

    int64 units = 0;
    for (int i = 1; i <= digits; ++i) {
        units = units * 10'000 + words[i];
    }
    const int weight = (header & weight_mask) - 2 * (header & weight_sign);
    const int places = digits - 1 - weight; // behind the point, in digits of base 10,000
    const auto power = static_cast<std::size_t>(std::abs(places));
    if (units > largest_exact || power >= powers.size()) return std::nullopt;

    const auto whole = static_cast<double>(units);
    const double value = places > 0 ? whole / powers[power] : whole * powers[power];
    return (header & negative) != 0 ? -value : value;
}

} // namespace

double number_of_any(const char* numeric) {
    honour_interrupts();
    if (const auto small = small_number(numeric)) return *small;
    return backend([numeric] {
        return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PointerGetDatum(numeric)));
    });
}

} // namespace auxeira::functions
