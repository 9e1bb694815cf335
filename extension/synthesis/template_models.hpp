// What rules of templates can be: the models, the kinds of metrics that they make, and the distributions of
// levels.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "synthesis/catalogue.hpp"
#include "synthesis/section.hpp"

namespace auxeira::synthesis {

// What numbers of rules may be, and levels in units of the last decimal: the trend, the noise and a century
// of accumulating stay within 128 bits.
inline constexpr double greatest_number = 1e12;
inline constexpr double greatest_scaled = 1e15;
inline constexpr int most_decimals = 6;

// What a rule of a model may say beside its bounds.
struct Model {
    std::string_view name;
    Rule rule;
    bool has_level = false, has_ceiling = false;
    bool has_noise = false; // follows the trend and the variance
    bool has_correlation = false;
    bool is_level_a_value = false; // the level is one of the metric itself, not a rate or a share
    bool has_pace = false;
    bool needs_of = false, may_have_of = false, may_have_less = false;
};

// Null for a rule that the catalogue alone has.
const Model* model_of(Rule rule) noexcept;

// The model that the rule names or, if it names none, the one of its kind. A kind that the model does not
// make, and members that it does not know, are faults.
const Model& read_model(const Section& rule, Kind kind);

// The distribution: sets low and high.
void read_level(const Section& rule, const Model& model, Metric& metric);

} // namespace auxeira::synthesis
