#include "synthesis/template_models.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>

#include "synthesis/derived.hpp"
#include "synthesis/expression.hpp"

namespace auxeira::synthesis {

namespace {

constexpr double least_level = 1e-6; // levels are taken to 2^-20

constexpr std::string_view distributions[] = {"lognormal", "normal", "uniform", "constant", "poisson"};

// --- Models ------------------------------------------------------------------------------------------------

// clang-format off
constexpr Model models[] = {
    {.name = "path", .rule = Rule::moves, .has_level = true, .has_ceiling = true, .has_noise = true,
     .has_correlation = true, .is_level_a_value = true},
    {.name = "draw", .rule = Rule::draw, .has_level = true, .has_noise = true, .is_level_a_value = true},
    {.name = "accumulates", .rule = Rule::accumulates, .has_level = true, .has_noise = true,
     .has_correlation = true, .is_level_a_value = true, .has_pace = true, .may_have_of = true},
    {.name = "year_to_date", .rule = Rule::year_to_date, .has_level = true, .has_noise = true,
     .has_correlation = true},
    {.name = "streak", .rule = Rule::streak, .has_level = true, .is_level_a_value = true},
    {.name = "week", .rule = Rule::week, .has_level = true, .has_ceiling = true, .has_noise = true,
     .has_correlation = true, .is_level_a_value = true, .needs_of = true, .may_have_of = true},
    {.name = "part", .rule = Rule::part, .has_level = true, .has_ceiling = true, .has_noise = true,
     .has_correlation = true, .needs_of = true, .may_have_of = true, .may_have_less = true},
    {.name = "purchases", .rule = Rule::purchases, .has_level = true, .has_noise = true, .needs_of = true,
     .may_have_of = true},
    {.name = "sales", .rule = Rule::sales, .has_level = true, .has_ceiling = true, .has_noise = true,
     .has_correlation = true, .is_level_a_value = true, .needs_of = true, .may_have_of = true},
    {.name = "staff", .rule = Rule::staff, .has_level = true, .has_noise = true, .has_correlation = true,
     .is_level_a_value = true, .may_have_of = true},
    {.name = "runway", .rule = Rule::runway, .has_level = true, .needs_of = true, .may_have_of = true},
    {.name = "expression", .rule = Rule::expression},
};
// clang-format on

constexpr auto model_names = [] {
    std::array<std::string_view, std::size(models)> names;
    for (std::size_t j = 0; j < names.size(); ++j)
        names[j] = models[j].name;
    return names;
}();

// Models that keep the promise of a kind: a cumulative metric never falls. What is computed is watched.
struct KindModels {
    Kind kind;
    std::string_view by_default;
    std::array<std::string_view, 3> allowed;
};
constexpr KindModels kind_models[] = {
    {Kind::cumulative, "accumulates", {"accumulates", "purchases", "expression"}},
    {Kind::ytd, "year_to_date", {"year_to_date", "expression"}},
    {Kind::streak, "streak", {"streak", "expression"}},
};

const KindModels* models_for(Kind kind) noexcept {
    const auto* const found = std::find_if(std::begin(kind_models), std::end(kind_models),
                                           [kind](const KindModels& each) { return each.kind == kind; });
    return found == std::end(kind_models) ? nullptr : found;
}

// --- Distributions ---------------------------------------------------------------------------------------

// The members that a distribution is told by: one pair or the other.
struct Shape {
    Distribution distribution;
    std::array<std::string_view, 2> members;
};
constexpr Shape shapes[] = {
    {Distribution::lognormal, {"low", "high"}}, {Distribution::lognormal, {"median", "sd"}},
    {Distribution::normal, {"low", "high"}},    {Distribution::normal, {"mean", "sd"}},
    {Distribution::uniform, {"low", "high"}},   {Distribution::constant, {"value"}},
    {Distribution::poisson, {"low", "high"}},   {Distribution::poisson, {"mean"}},
};
constexpr std::string_view level_members[] = {"low", "high", "median", "mean", "sd", "value"};

std::size_t size_of(const Shape& shape) noexcept {
    return shape.members[1].empty() ? 1 : 2;
}

bool names_member(const Shape& shape, std::string_view member) noexcept {
    return std::find(shape.members.begin(), shape.members.begin() + size_of(shape), member) !=
           shape.members.begin() + size_of(shape);
}

std::string shapes_of(Distribution distribution) {
    std::string all;
    for (const Shape& shape : shapes) {
        if (shape.distribution != distribution) continue;
        all += (all.empty() ? "" : ", or ") + listed(Names(shape.members).first(size_of(shape)), " and ");
    }
    return all;
}

// The number times e^exponent, by the integer functions of this room.
double times_exp(double value, double exponent) noexcept {
    constexpr double log2_e = 1.44269504088896341;
    const Fixed logarithm = log2(std::llround(value * 1048576.0)) + to_fixed(exponent * log2_e);
    return static_cast<double>(exp2(logarithm)) / 1048576.0;
}

} // namespace

const Model* model_of(Rule rule) noexcept {
    const auto* const found = std::find_if(std::begin(models), std::end(models),
                                           [rule](const Model& each) { return each.rule == rule; });
    return found == std::end(models) ? nullptr : found;
}

// --- Reading the model -----------------------------------------------------------------------------------

namespace {

std::vector<std::string_view> members_of(const Model& model) {
    std::vector<std::string_view> members = {"model", "minimum", "maximum", "goodDirection"};
    const auto allow = [&members](bool is_known, std::initializer_list<std::string_view> more) {
        if (is_known) members.insert(members.end(), more);
    };
    allow(model.rule == Rule::expression, {"expression"});
    allow(model.has_level, {"distribution", "low", "high", "median", "mean", "sd", "value"});
    allow(model.has_noise, {"trendResponse", "spread"});
    allow(model.has_ceiling, {"ceiling"});
    allow(model.has_correlation, {"correlation"});
    allow(model.has_pace, {"pace"});
    allow(model.may_have_of, {"of"});
    allow(model.may_have_less, {"less"});
    return members;
}

bool makes(const Model& model, Kind kind) noexcept {
    const KindModels* const of_kind = models_for(kind);
    if (of_kind == nullptr) return true;
    return std::find(of_kind->allowed.begin(), of_kind->allowed.end(), model.name) != of_kind->allowed.end();
}

} // namespace

const Model& read_model(const Section& rule, Kind kind) {
    const KindModels* const of_kind = models_for(kind);
    std::string_view name = of_kind != nullptr ? of_kind->by_default : "path";
    if (rule.has("expression")) name = "expression";
    if (const auto chosen = rule.choice("model", model_names)) name = model_names[*chosen];
    const auto place = std::find(model_names.begin(), model_names.end(), name) - model_names.begin();
    const Model& model = models[place];
    if (!makes(model, kind)) {
        rule.fault("model", quoted(name) + " does not make a metric of kind " + std::string(name_of(kind)));
    }
    rule.only(members_of(model), "is not known to the model " + std::string(name));
    return model;
}

// --- Reading the level -----------------------------------------------------------------------------------

namespace {

// The members that the rule tells its level by; null, and a fault, when it does not.
const Shape* read_shape(const Section& rule, Distribution distribution) {
    const std::string needs = std::string(distributions[static_cast<std::size_t>(distribution)]) + " needs " +
                              shapes_of(distribution);
    const auto* const told = std::find_if(std::begin(shapes), std::end(shapes), [&](const Shape& shape) {
        return shape.distribution == distribution && rule.has(shape.members[0]);
    });
    if (told == std::end(shapes)) {
        rule.fault("distribution", needs);
        return nullptr;
    }
    bool is_whole = true;
    for (const std::string_view member : level_members) {
        if (names_member(*told, member) == rule.has(member)) continue;
        rule.fault(member, (rule.has(member) ? "is too much: " : "is missing: ") + needs);
        is_whole = false;
    }
    return is_whole ? told : nullptr;
}

// Low and high, from what the rule tells.
std::optional<Interval> read_spread(const Section& rule, const Shape& told) {
    const bool is_log = told.distribution == Distribution::lognormal;
    const bool by_spread = told.members[1] == "sd";
    const auto first = rule.number(told.members[0], -greatest_number, greatest_number);
    if (size_of(told) == 1) return first ? std::optional(Interval{*first, *first}) : std::nullopt;
    const auto second = by_spread ? rule.number("sd", 0, is_log ? 5 : greatest_number)
                                  : rule.number("high", -greatest_number, greatest_number);
    if (!first || !second) return std::nullopt;
    if (!by_spread) return Interval{*first, *second};
    const double reach = 2.5 * *second; // low and high are that many standard deviations off
    if (!is_log) return Interval{*first - reach, *first + reach};
    if (*first >= least_level) return Interval{times_exp(*first, -reach), times_exp(*first, reach)};
    rule.fault("median", show(*first) + " is not above 0");
    return std::nullopt;
}

void check_against_bounds(const Section& rule, const Metric& metric) {
    const std::string begin = show(metric.low), end = show(metric.high);
    if (metric.high < metric.minimum) rule.fault("minimum", "is above every level, which ends at " + end);
    if (metric.low > metric.maximum) rule.fault("maximum", "is below every level, which begins at " + begin);
    if (metric.ceiling == no_limit) return;
    if (metric.ceiling <= metric.low)
        rule.fault("ceiling", "is not above the level, which begins at " + begin);
    if (metric.ceiling > metric.maximum)
        rule.fault("ceiling", "is above the maximum " + show(metric.maximum));
}

void check_level(const Section& rule, const Shape& told, const Model& model, const Metric& metric) {
    const bool is_drawn = model.rule == Rule::draw;
    const bool is_log =
        metric.distribution == Distribution::lognormal || metric.distribution == Distribution::poisson;
    // A path moves in its distance from the minimum, where that is negative.
    const double origin = is_drawn ? 0 : std::min(metric.minimum, 0.0);
    const double most = std::min(greatest_scaled / ten_to(metric.decimals), greatest_number);
    if (metric.low > metric.high) {
        rule.fault("low", show(metric.low) + " is above high, which is " + show(metric.high));
    } else if ((is_log || !is_drawn) && metric.low - origin < least_level) {
        rule.fault(told.members[0],
                   "the level begins at " + show(metric.low) + ", and must be above " + show(origin));
    } else if (metric.high > most) {
        rule.fault(told.members[0],
                   "the level ends at " + show(metric.high) + ", and must not be above " + show(most));
    } else if (model.is_level_a_value) {
        check_against_bounds(rule, metric);
    }
}

} // namespace

void read_level(const Section& rule, const Model& model, Metric& metric) {
    const auto chosen = rule.choice("distribution", distributions);
    if (!chosen && rule.has("distribution")) return;
    metric.distribution = static_cast<Distribution>(chosen.value_or(0));
    const Shape* const told = read_shape(rule, metric.distribution);
    if (told == nullptr) return;
    const std::optional<Interval> spread = read_spread(rule, *told);
    if (!spread) return;
    metric.low = spread->low;
    metric.high = spread->high;
    check_level(rule, *told, model, metric);
}

} // namespace auxeira::synthesis
