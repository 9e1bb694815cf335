// The answers of one startup, and the sums that a total needs of them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "scoring/components.hpp"
#include "scoring/faults.hpp"
#include "scoring/options.hpp"

namespace auxeira::scoring {

struct Answer {
    Component component;
    // Belongs to whoever read the answers, and must outlive this.
    std::string_view question;
    double value;
};

// The answer from 0 to 1. Dividing gives the same double as the answer written on the unit scale would be:
// 4 of 5 is 0.8.
constexpr double normalized(const ScaleRow& scale, double value) {
    return (value - scale.lowest) / (scale.highest - scale.lowest);
}

// Sums answers as they are read and keeps none of them: what a total needs, at the speed of a scan.
class Tally {
public:
    explicit Tally(Scale scale) : scale_(scales[row(scale)]), unit_(scale == Scale::unit) {}

    // False when the value is not on the scale (NaN never is); then the caller says so with refuse().
    bool add(Component component, double value) {
        if (!(value >= scale_.lowest && value <= scale_.highest)) return false;
        // Nearly all answers are on the unit scale, and the division is a good part of the whole work.
        sums_[index(component)] += unit_ ? value : normalized(scale_, value);
        ++counts_[index(component)];
        return true;
    }
    [[gnu::cold]] void refuse(Component component, std::string_view question, double value,
                              Faults& faults) const;

    int count(std::size_t component) const { return counts_[component]; }
    // From 0 to 1; of a component that has answers.
    double mean(std::size_t component) const { return sums_[component] / counts_[component]; }

private:
    ScaleRow scale_;
    bool unit_;
    PerComponent<double> sums_{};
    PerComponent<int> counts_{};
};

// Keeps the answers, for what must know each of them.
struct Answers {
    std::vector<Answer> list;
    Faults faults;

    // An unknown component is a fault.
    void add(std::string_view component, std::string_view question, double value);
    // Answers that are not on the scale are added to the faults.
    Tally tally(Scale scale, Faults& into) const;
};

// The scale that `automatic` stands for: the smallest that holds the largest answer.
Scale inferred_scale(std::span<const Answer> answers);

// Adds the fault of a name that is no component.
void refuse_component(Faults& faults, std::string_view root, std::string_view name);

// What a refusal of responses says.
inline constexpr std::string_view invalid_input = "invalid input for a score";
inline constexpr std::string_view responses_hint =
    "responses are {component: {question: number}}, each number on the scale that the caller names";

} // namespace auxeira::scoring
