#include "scoring/score.hpp"

#include <algorithm>
#include <cmath>

#include "rejection.hpp"
#include "scoring/likelihood.hpp"
#include "scoring/rounding.hpp"

namespace auxeira::scoring {

namespace {

constexpr double freshness_days = 180;
constexpr double inferred_scale_factor = 0.95;
constexpr double least_confidence = 0.05;
constexpr double widest_band = 20;
constexpr double least_ranked_weight = 0.5;

void check_options(const Options& options, Faults& faults) {
    if (!(options.age_days >= 0 && std::isfinite(options.age_days))) {
        faults.add("age_days", show(options.age_days) + " is not a number of days, 0 or more");
    }
    if (!(options.base_rate > 0 && options.base_rate < 1)) {
        faults.add("base_rate", show(options.base_rate) + " is not between 0 and 1");
    }
}

[[noreturn]] void refuse_nothing() {
    throw Rejection(Reason::invalid_value, "responses hold no answer",
                    {{"responses", "must hold at least one answer"}}, std::string(responses_hint));
}

// The original's order of operations: another one gives other doubles, and so other ties.
double points_of(const Tally& tally, std::size_t component) {
    return tally.mean(component) * 100 * weight(component);
}

double coverage_of(const Tally& tally, const PerComponent<int>& expected) {
    double percent = 0;
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (tally.count(i) == 0) continue;
        const int questions = std::max(tally.count(i), expected[i]);
        percent += components[i].percent * (static_cast<double>(tally.count(i)) / questions);
    }
    return percent / 100;
}

void add_trust(Score& score, const Tally& tally, const Options& options) {
    const double coverage = coverage_of(tally, options.expected);
    const double freshness = std::exp(-options.age_days / freshness_days);
    const double verified = verifications[row(options.verification)].level;
    const double inferred = score.scale_inferred ? inferred_scale_factor : 1;
    const double confidence = std::sqrt(coverage) * std::pow(freshness * verified, 0.25) * inferred;
    score.coverage = round_decimals(coverage, 3);
    score.confidence = round_decimals(std::clamp(confidence, least_confidence, 1.0), 3);
    score.band = round_decimals(widest_band * (1 - score.confidence), 1);
    score.data_quality = round_decimals(std::min({coverage, freshness, verified}), 3);
}

void add_likelihood(Score& score, double base_rate) {
    score.reference_percentile = round_decimals(reference_percentile(score.raw), 1);
    score.percentile_v1 = percentile_v1(score.total);
    score.success_probability = round_decimals(success_probability(score.raw, base_rate), 3);
    score.success_probability_v1 = success_probability_v1(score.total);
}

void add_components(Score& score, const Tally& tally, double divisor) {
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (tally.count(i) == 0) continue;
        const double mean = tally.mean(i);
        const double headroom = components[i].percent / divisor * (1 - mean);
        score.components[i] = {.points = round_decimals(points_of(tally, i) / divisor, 1),
                               .score = round_decimals(mean * 100, 1),
                               .headroom = round_decimals(headroom, 2)};
    }
}

} // namespace

Total total_of(const Tally& tally, MissingPolicy policy) {
    double points = 0;
    int percent = 0;
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (tally.count(i) == 0) continue;
        points += points_of(tally, i);
        percent += components[i].percent;
    }
    if (percent == 0) refuse_nothing();
    const double present_weight = percent / 100.0;
    const double divisor = policy == MissingPolicy::reweight ? present_weight : 1;
    const double raw = points / divisor;
    return {.raw = raw,
            .total = static_cast<int>(std::nearbyint(raw)),
            .present_weight = present_weight,
            .divisor = divisor};
}

std::string_view name(Status status) {
    return status == Status::scored ? "scored" : "provisional";
}

Score score(const Answers& answers, const Options& options) {
    Score result{};
    result.scale_inferred = options.scale == Scale::automatic;
    result.scale = result.scale_inferred ? inferred_scale(answers.list) : options.scale;

    Faults faults = answers.faults;
    const Tally tally = answers.tally(result.scale, faults);
    check_options(options, faults);
    faults.check(invalid_input, responses_hint);

    const Total total = total_of(tally, options.missing_policy);
    result.total = total.total;
    result.raw = total.raw;
    result.present_weight = total.present_weight;
    result.status = total.present_weight < least_ranked_weight ? Status::provisional : Status::scored;
    result.formula_version = missing_policies[row(options.missing_policy)].formula_version;
    add_components(result, tally, total.divisor);
    add_trust(result, tally, options);
    add_likelihood(result, options.base_rate);
    result.next_steps = next_steps(answers.list, tally, scales[row(result.scale)], total.divisor);
    return result;
}

} // namespace auxeira::scoring
