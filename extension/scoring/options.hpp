// What a caller may choose about a score: the scale of the answers, how missing components count, and what is
// known about where the answers come from.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "scoring/components.hpp"

namespace auxeira::scoring {

// The numbers an answer may be. `automatic` stands for the first of unit, likert5 and percent that holds the
// largest answer; it is never chosen unasked.
enum class Scale { unit, likert5, likert1_5, percent, automatic };

struct ScaleRow {
    std::string_view name;
    double lowest, highest;
};

inline constexpr std::array<ScaleRow, 5> scales{{
    {"unit", 0, 1},
    {"likert5", 0, 5},
    {"likert1_5", 1, 5},
    {"percent", 0, 100},
    {"auto", 0, 100},
}};

// What a component without an answer does to the total.
enum class MissingPolicy {
    reweight, // the weights of the present components are stretched to 1
    zero,     // it counts 0, as in the Python original
};

struct MissingPolicyRow {
    std::string_view name;
    // The same answers under the same formula version give the same total, for ever: a change of weights,
    // order of operations or rounding takes a new version. 1 is the formula of the Python original.
    std::string_view formula_version;
};

inline constexpr std::array<MissingPolicyRow, 2> missing_policies{{
    {"reweight", "sse-2.0"},
    {"zero", "sse-1.0"},
}};

// Who stands behind the answers.
enum class Verification { self, peer, document, integration };

struct VerificationRow {
    std::string_view name;
    double level;
};

inline constexpr std::array<VerificationRow, 4> verifications{{
    {"self", 0.6},
    {"peer", 0.75},
    {"document", 0.9},
    {"integration", 1.0},
}};

// Share of seed rounds of 2022 that were followed by a priced round within 24 months.
inline constexpr double default_base_rate = 0.154;

struct Options {
    Scale scale = Scale::unit;
    MissingPolicy missing_policy = MissingPolicy::reweight;
    Verification verification = Verification::self;
    double age_days = 0;
    double base_rate = default_base_rate;
    // How many questions the questionnaire has for each component; 0 stands for as many as were answered.
    PerComponent<int> expected{};
};

// The choice of that name; a Rejection lists the names there are.
Scale scale_named(std::string_view name);
MissingPolicy missing_policy_named(std::string_view name);
Verification verification_named(std::string_view name);

template <typename Choice>
constexpr std::size_t row(Choice choice) {
    return static_cast<std::size_t>(choice);
}

} // namespace auxeira::scoring
