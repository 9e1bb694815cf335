#include "functions/numeric_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include "functions/numeric_form.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/numeric.h"
}

namespace auxeira::functions {

namespace {

class ShortNumeric {
public:
    explicit ShortNumeric(const char* value)
        : words_(reinterpret_cast<const std::uint16_t*>(VARDATA(value))),
          groups_(static_cast<int>((VARSIZE(value) - VARHDRSZ) / sizeof(std::uint16_t)) - 1) {}

    bool is_it() const { return (words_[0] & numeric_form::form_mask) == numeric_form::short_form; }
    bool is_negative() const { return (words_[0] & numeric_form::negative) != 0; }
    int decimals() const {
        constexpr int mask =
            0xFFFF & ~(numeric_form::form_mask | numeric_form::negative | numeric_form::weight_mask);
        return (words_[0] & mask) >> numeric_form::decimals_shift;
    }
    int weight() const {
        return (words_[0] & numeric_form::weight_mask) - 2 * (words_[0] & numeric_form::weight_sign);
    }
    // Of the four decimal digits in a place; those that are not stored are 0.
    int group(int place) const { return place >= 0 && place < groups_ ? words_[1 + place] : 0; }

private:
    const std::uint16_t* words_;
    int groups_;
};

// Each writes where it is told and says where it ended. Leading zeros are written.
char* write_group(char* to, int group) {
    to[0] = static_cast<char>('0' + group / 1000);
    to[1] = static_cast<char>('0' + group / 100 % 10);
    to[2] = static_cast<char>('0' + group / 10 % 10);
    to[3] = static_cast<char>('0' + group % 10);
    return to + 4;
}

// Without leading zeros.
char* write_first_group(char* to, int group) {
    constexpr int length = 4;
    char digits[2 * length] = {};
    write_group(digits, group);
    const int zeros = (group < 1000) + (group < 100) + (group < 10);
    std::memcpy(to, digits + zeros, length);
    return to + length - zeros;
}

char* write_whole_part(char* to, const ShortNumeric& number) {
    if (number.weight() < 0) return *to = '0', to + 1;
    to = write_first_group(to, number.group(0));
    for (int place = 1; place <= number.weight(); ++place)
        to = write_group(to, number.group(place));
    return to;
}

// A last group may have more digits than there are decimals.
char* write_decimals(char* to, const ShortNumeric& number) {
    if (number.decimals() == 0) return to;
    *to++ = '.';
    char* const end = to + number.decimals();
    for (int place = number.weight() + 1; to < end; ++place)
        to = write_group(to, number.group(place));
    return end;
}

// 64 groups of digits before and 63 digits after the point.
std::string_view short_text(const ShortNumeric& number) {
    static std::array<char, 512> text;
    char* to = text.data();
    if (number.is_negative()) *to++ = '-';
    to = write_decimals(write_whole_part(to, number), number);
    return {text.data(), to};
}

} // namespace

std::string_view numeric_text(Datum value) {
    const auto* const plain =
        backend([value] { return reinterpret_cast<const char*>(PG_DETOAST_DATUM(value)); });
    const ShortNumeric number(plain);
    if (number.is_it()) return short_text(number);
    return backend([=] { return DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(plain))); });
}

} // namespace auxeira::functions
