// What becomes of an investment.
#pragma once

#include "synthesis/draws.hpp"

namespace auxeira::synthesis {

enum class Investor { vc, angel };
inline constexpr std::array<std::string_view, 2> investor_names = {"vc", "angel"};

struct Deal {
    std::int64_t multiple;      // of what was paid in, in 1/10,000; 0 is a total loss
    std::int64_t holding_years; // in 1/100
};

Deal draw_deal(Investor investor, std::uint64_t seed, std::string_view stream) noexcept;

// The multiple that this share of the deals, 0 to 1, does not exceed.
std::int64_t multiple_at(Investor investor, double share) noexcept;

} // namespace auxeira::synthesis
