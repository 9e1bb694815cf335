#include "ledger/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace auxeira::ledger {

namespace {

// Table 3-7 of the Unicode standard: first bytes, and the range that the second one must be in.
struct FormRow {
    std::uint8_t first_from, first_to, second_from, second_to;
    std::size_t length;
};

constexpr std::array<FormRow, 9> forms{{
    {0x00, 0x7f, 0x00, 0x00, 1},
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
}};

bool between(char c, std::uint8_t from, std::uint8_t to) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte >= from && byte <= to;
}

// How many bytes the character at the front takes; 0 when it is none.
std::size_t character(std::string_view text) {
    const auto* form = std::ranges::find_if(
        forms, [&](const FormRow& row) { return between(text[0], row.first_from, row.first_to); });
    if (form == forms.end() || form->length > text.size()) return 0;
    if (form->length > 1 && !between(text[1], form->second_from, form->second_to)) return 0;
    for (std::size_t i = 2; i < form->length; ++i) {
        if (!between(text[i], 0x80, 0xbf)) return 0;
    }
    return form->length;
}

} // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

} // namespace auxeira::ledger
