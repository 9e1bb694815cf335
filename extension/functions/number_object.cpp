#include "functions/number_object.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "functions/numeric_form.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace auxeira::functions {

namespace {

using namespace numeric_form;

constexpr std::size_t most_digits = 8; // five before the point of an int64, three behind
constexpr std::size_t most_bytes =
    VARHDRSZ + sizeof(std::uint16_t) * (1 + most_digits) + sizeof(std::uint32_t);

std::int64_t power_of_ten(int exponent) {
    std::int64_t power = 1;
    for (; exponent > 0; --exponent)
        power *= 10;
    return power;
}

// The digits of a number, without zeros at either end.
struct Digits {
    std::array<std::uint16_t, most_digits> all{};
    std::size_t begin = most_digits, end = most_digits;
    int weight = 0;

    Digits(std::uint64_t scaled, std::uint64_t unit, int decimals) noexcept {
        const int groups = (decimals + digits_of_base - 1) / digits_of_base;
        std::uint64_t part = scaled % unit;
        for (int missing = groups * digits_of_base - decimals; missing > 0; --missing)
            part *= 10;
        for (int group = 0; group < groups; ++group)
            push(part);
        for (std::uint64_t whole = scaled / unit; whole > 0;)
            push(whole);
        weight = static_cast<int>(end - begin) - groups - 1;
        for (; begin < end && all[begin] == 0; ++begin)
            --weight;
        while (begin < end && all[end - 1] == 0)
            --end;
        if (begin == end) weight = 0;
    }

    // Takes the last digit off `rest`.
    void push(std::uint64_t& rest) noexcept {
        all[--begin] = static_cast<std::uint16_t>(rest % base);
        rest /= base;
    }
};

// Returns the length.
std::size_t write_numeric(char* target, std::int64_t scaled, std::int64_t unit, int decimals) noexcept {
    const bool below_zero = scaled < 0;
    const std::uint64_t magnitude = below_zero ? 0 - static_cast<std::uint64_t>(scaled) : scaled;
    const Digits digits(magnitude, static_cast<std::uint64_t>(unit), decimals);
    const auto header =
        static_cast<std::uint16_t>(short_form | (below_zero ? negative : 0) | decimals << decimals_shift |
                                   (digits.weight & weight_mask));
    const std::size_t size = sizeof(std::uint16_t) * (digits.end - digits.begin);
    const std::size_t length = VARHDRSZ + sizeof header + size;
    SET_VARSIZE(target, length);
    std::memcpy(target + VARHDRSZ, &header, sizeof header);
    std::memcpy(target + VARHDRSZ + sizeof header, digits.all.data() + digits.begin, size);
    return length;
}

// Some entries of an object say where their part ends, the others how long it is.
JEntry entry_of(std::size_t index, JEntry type, std::size_t length, std::size_t end) noexcept {
    const bool is_offset = index % JB_OFFSET_STRIDE == 0;
    return type | static_cast<JEntry>(is_offset ? end | JENTRY_HAS_OFF : length);
}

} // namespace

NumberObject::NumberObject(std::span<const Field> fields) {
    for (std::size_t j = 0; j < fields.size(); ++j) {
        slots_.push_back({j, power_of_ten(fields[j].decimals), fields[j].decimals});
        keys_length_ += fields[j].key.size();
    }
    // By length, then by bytes (jsonb_util.c, lengthCompareJsonbString).
    std::sort(slots_.begin(), slots_.end(), [fields](const Slot& a, const Slot& b) {
        const std::string_view x = fields[a.field].key, y = fields[b.field].key;
        return x.size() != y.size() ? x.size() < y.size() : x < y;
    });
    data_begin_ = VARHDRSZ + sizeof(std::uint32_t) + 2 * fields.size() * sizeof(JEntry);
    image_.resize((data_begin_ + keys_length_ + fields.size() * most_bytes) / sizeof(std::uint32_t) + 1);
    image_[1] = static_cast<std::uint32_t>(fields.size()) | JB_FOBJECT;
    char* const data = reinterpret_cast<char*>(image_.data()) + data_begin_;
    std::size_t end = 0;
    for (std::size_t j = 0; j < slots_.size(); ++j) {
        const std::string_view key = fields[slots_[j].field].key;
        key.copy(data + end, key.size());
        end += key.size();
        image_[2 + j] = entry_of(j, JENTRY_ISSTRING, key.size(), end);
    }
}

Datum NumberObject::fill(std::span<const std::int64_t> scaled) noexcept {
    char* const data = reinterpret_cast<char*>(image_.data()) + data_begin_;
    std::size_t end = keys_length_;
    for (std::size_t j = 0; j < slots_.size(); ++j) {
        const Slot& slot = slots_[j];
        const std::size_t begin = end;
        while (end % sizeof(std::uint32_t) != 0)
            data[end++] = 0;
        end += write_numeric(data + end, scaled[slot.field], slot.unit, slot.decimals);
        const std::size_t index = slots_.size() + j;
        image_[2 + index] = entry_of(index, JENTRY_ISNUMERIC, end - begin, end);
    }
    SET_VARSIZE(image_.data(), data_begin_ + end);
    return PointerGetDatum(image_.data());
}

} // namespace auxeira::functions
