#include "tenancy/organization_ids.hpp"

#include <algorithm>

namespace auxeira::tenancy {

namespace {

constexpr std::size_t uuid_length = 36;

int hexadecimal(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool is_hyphen_place(std::size_t place) noexcept {
    return place == 8 || place == 13 || place == 18 || place == 23;
}

} // namespace

std::optional<Uuid> parse_uuid(std::string_view text) noexcept {
    if (text.size() != uuid_length) return std::nullopt;
    Uuid id{};
    std::size_t digits = 0;
    for (std::size_t place = 0; place < uuid_length; ++place) {
        if (is_hyphen_place(place)) {
            if (text[place] != '-') return std::nullopt;
            continue;
        }
        const int value = hexadecimal(text[place]);
        if (value < 0) return std::nullopt;
        id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] * 16 + value);
        ++digits;
    }
    return id;
}

std::size_t capacity_for(std::string_view list) noexcept {
    return list.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), ','));
}

std::optional<std::size_t> parse_ids(std::string_view list, Uuid* ids) noexcept {
    if (list.empty()) return 0;
    for (std::size_t count = 0;; ++count) {
        const std::size_t end = std::min(list.find(','), list.size());
        const std::optional<Uuid> id = parse_uuid(list.substr(0, end));
        if (!id) return std::nullopt;
        ids[count] = *id;
        if (end == list.size()) return count + 1;
        list.remove_prefix(end + 1);
    }
}

} // namespace auxeira::tenancy
