// Why a score is what it is, and what would change it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scoring/answers.hpp"
#include "scoring/components.hpp"

namespace auxeira::scoring {

struct NextStep {
    Component component;
    std::string_view question;
    double gain; // points of the total, two decimals
};

// The three questions where a step of 0.2 (or what is left to 1) adds most to the total; those with full
// marks are left out. Of equal gains the earlier component, then the lesser question name comes first. The
// divisor is that of the Points.
std::vector<NextStep> next_steps(std::span<const Answer> answers, const Tally& tally, const ScaleRow& scale,
                                 double divisor);

// Points of each component, one decimal; empty for a component that was missing.
using Breakdown = PerComponent<std::optional<double>>;

// What each component added to the total between two scores, exact to the decimal: the differences of the
// points as shown, missing ones as 0. Empty where the component is in neither.
Breakdown change(const Breakdown& before, const Breakdown& after);

} // namespace auxeira::scoring
