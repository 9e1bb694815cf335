// The Startup Success Engine score of one startup.
//
// Source: the Python original (total, breakdown, percentile_v1, success_probability_v1: the same doubles,
// operation by operation) and this project's second version of the formula (re-weighting, confidence, prior
// probability).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scoring/answers.hpp"
#include "scoring/components.hpp"
#include "scoring/explanation.hpp"
#include "scoring/options.hpp"

namespace auxeira::scoring {

// The total and what it was made of.
struct Total {
    double raw;            // 0 to 100
    int total;             // raw to the nearest whole number, a tie to the even one
    double present_weight; // of the components that have an answer, above 0, to 1
    double divisor; // what the points of the components are divided by: present_weight, or 1 with policy zero
};

// Refuses answers that are none at all.
Total total_of(const Tally& tally, MissingPolicy policy);

// A score on less than half of the weight is stored, but not ranked.
enum class Status { scored, provisional };
std::string_view name(Status status);

struct ComponentScore {
    double points;   // of the total, one decimal
    double score;    // 0 to 100, one decimal
    double headroom; // points that full marks here would add to the total, two decimals
};

struct Score {
    int total;
    double raw;
    // Empty for a component without answers.
    PerComponent<std::optional<ComponentScore>> components;
    double present_weight;
    Status status;
    double coverage;             // answered share of the questionnaire by weight, three decimals
    double confidence;           // 0.05 to 1, three decimals
    double band;                 // half width of the range around the total, in points, one decimal
    double data_quality;         // the weakest of coverage, freshness and verification, three decimals
    double reference_percentile; // one decimal
    int percentile_v1;
    double success_probability; // three decimals
    double success_probability_v1;
    std::vector<NextStep> next_steps;
    Scale scale; // never automatic
    bool scale_inferred;
    std::string_view formula_version;
};

// Refuses with every fault of the answers and of the options. The result looks into the names of the answers.
Score score(const Answers& answers, const Options& options);

} // namespace auxeira::scoring
