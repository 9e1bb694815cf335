#include "synthesis/calibration.hpp"

#include <algorithm>
#include <cstddef>

namespace auxeira::synthesis {

namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The last of the names is the one for all others.
template <typename Names>
std::size_t find(const Names& names, std::string_view name) noexcept {
    const auto same = [](char a, char b) { return a == lower(b); };
    for (std::size_t j = 0; j + 1 < names.size(); ++j) {
        if (std::ranges::equal(names[j], name, same)) return j;
    }
    return names.size() - 1;
}

} // namespace

Industry find_industry(std::string_view name) noexcept {
    return static_cast<Industry>(find(industry_names, name));
}

Region find_region(std::string_view name) noexcept {
    return static_cast<Region>(find(region_names, name));
}

std::span<const Constant> calibration() noexcept {
    return {};
}

} // namespace auxeira::synthesis
