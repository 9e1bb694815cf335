// What kind of company an organization is: what was asked for, the rest drawn.
#pragma once

#include "synthesis/draws.hpp"

namespace auxeira::synthesis {

struct Company {
    Stage stage; // at the end of the window
    Industry industry;
    Region region;
    BusinessModel business_model;
    std::int32_t founded_months_ago;
    std::optional<std::int32_t> lifetime_months; // from its founding; none: it is alive
    bool pre_revenue;
};

Company draw_company(std::uint64_t seed, const Uuid& org, const Profile& profile) noexcept;

// The chance to close in a month.
Fixed closing_chance(Stage stage) noexcept;

} // namespace auxeira::synthesis
