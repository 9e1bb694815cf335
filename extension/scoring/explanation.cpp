#include "scoring/explanation.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "scoring/rounding.hpp"

namespace auxeira::scoring {

namespace {

constexpr std::size_t most_steps = 3;
constexpr double longest_step = 0.2;

bool comes_first(const NextStep& a, const NextStep& b) {
    return std::tuple(-a.gain, a.component, a.question) < std::tuple(-b.gain, b.component, b.question);
}

} // namespace

std::vector<NextStep> next_steps(std::span<const Answer> answers, const Tally& tally, const ScaleRow& scale,
                                 double divisor) {
    std::vector<NextStep> steps;
    for (const Answer& answer : answers) {
        const std::size_t i = index(answer.component);
        const double step = std::min(longest_step, 1 - normalized(scale, answer.value));
        const double gain = components[i].percent / (divisor * tally.count(i)) * step;
        if (gain > 0) steps.push_back({answer.component, answer.question, gain});
    }
    const std::size_t kept = std::min(most_steps, steps.size());
    std::partial_sort(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(kept), steps.end(),
                      comes_first);
    steps.resize(kept);
    for (NextStep& step : steps) {
        step.gain = round_decimals(step.gain, 2);
    }
    return steps;
}

Breakdown change(const Breakdown& before, const Breakdown& after) {
    Breakdown changes;
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (!before[i] && !after[i]) continue;
        // In whole tenths, where a difference of doubles would show 0.1000000000000014.
        changes[i] =
            (std::nearbyint(after[i].value_or(0) * 10) - std::nearbyint(before[i].value_or(0) * 10)) / 10;
    }
    return changes;
}

} // namespace auxeira::scoring
