// The six components of the Startup Success Engine (SSE) score and their weights.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace auxeira::scoring {

enum class Component { team, market, product, business, financial, traction };

struct ComponentRow {
    std::string_view name;
    // A whole number, so that any sum of weights is exact; all six make 100.
    int percent;
};

// In the order of Component, which is also the order of every report and of every sum.
inline constexpr std::array<ComponentRow, 6> components{{
    {"team", 25},
    {"market", 20},
    {"product", 20},
    {"business", 15},
    {"financial", 10},
    {"traction", 10},
}};

// One T for each component.
template <typename T>
using PerComponent = std::array<T, components.size()>;

constexpr std::size_t index(Component component) {
    return static_cast<std::size_t>(component);
}

// The component's share of the score, 0 to 1.
constexpr double weight(std::size_t component) {
    return components[component].percent / 100.0;
}

constexpr std::optional<Component> find_component(std::string_view name) {
    // Unrolled, so that every comparison is with a constant: calls to compare cost a sixth of a total.
#pragma GCC unroll 6
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (components[i].name == name) return static_cast<Component>(i);
    }
    return std::nullopt;
}

} // namespace auxeira::scoring
