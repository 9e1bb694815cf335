#include "synthesis/catalogue.hpp"

#include <array>
#include <cstddef>

namespace auxeira::synthesis {

namespace {

using enum Kind;
using enum Direction;

constexpr Motion moves(double response) {
    return {.rule = Rule::moves, .response = response};
}

constexpr Motion averaged(double response) {
    return {.rule = Rule::moves, .response = response, .averaged = true};
}

constexpr Motion accumulates(double pace, std::string_view capped_by = {}) {
    return {.rule = Rule::accumulates, .response = 1, .pace = pace, .of = capped_by};
}

constexpr Motion part_of(std::string_view whole, double response, std::string_view less = {}) {
    return {.rule = Rule::part, .response = response, .of = whole, .by = less};
}

// A company: those who pay more have more customers and people, who cost more; a growing one scores better.
// Points out of a hundred cannot swing as money does: of the variance a score shows a third, of the trend
// all.
constexpr Motion sales_to_customers{
    .rule = Rule::sales, .response = 1, .of = "customers", .with = "customers", .correlation = 0.7};
constexpr Motion score_of_growth{.rule = Rule::moves,
                                 .response = 1,
                                 .spread = 0.35,
                                 .with = "revenue",
                                 .correlation = 0.4,
                                 .level_follows_growth = true};
constexpr Motion staff_of_sales{
    .rule = Rule::staff, .response = 0.4, .of = "runway_months", .with = "revenue", .correlation = 0.6};
constexpr Motion burn_of_company{.rule = Rule::moves, .response = 1, .with = "revenue", .correlation = 0.5};

constexpr Motion year_to_date{.rule = Rule::year_to_date, .response = 1};
constexpr Motion streak_of_days{.rule = Rule::streak};
constexpr Motion done_in_week{.rule = Rule::week, .response = 0.6, .of = "streak_days"};
constexpr Motion mean_of_scores{.rule = Rule::mean};
constexpr Motion runway_of_burn{.rule = Rule::runway, .of = "burn_rate"};
constexpr Motion cheques{.rule = Rule::purchases, .response = 1, .of = "investments_count"};
constexpr Motion value_of_assets = part_of("total_aum", 0.25);
constexpr Motion some_of_portfolio = part_of("portfolio_size", 0.5);
constexpr Motion most_of_deals = part_of("investments_count", 0.1, "exits");
constexpr Motion some_of_active = part_of("active_investments", 0.5);
constexpr Motion exits_of_deals = accumulates(0.3, "investments_count");
constexpr Motion some_of_lives = part_of("lives_impacted", 0.5);
constexpr Motion cheque_average{.rule = Rule::quotient, .of = "total_invested", .by = "investments_count"};

constexpr double none = no_limit;

// The levels are those of the service that this one replaces.
// clang-format off
//   name                       unit              kind       good  dec  min  max    low     high  ceil  motion
constexpr Metric founder[] = {
    {"sse_score",              "points",          score,      up,   2,   0,  100,    45,      95,  100, score_of_growth},
    {"revenue",                "USD per month",   flow,       up,   2,   0, none,  5000,  500000, none, sales_to_customers},
    {"customers",              "customers",       stock,      up,   0,   0, none,    10,    1000, none, moves(1)},
    {"team_size",              "people",          stock,      up,   0,   1, none,     2,      50, none, staff_of_sales},
    {"burn_rate",              "USD per month",   flow,       down, 2,   1, none,  5000,  100000, none, burn_of_company},
    {"runway_months",          "months",          ratio,      up,   1,   0,  120,     3,      24, none, runway_of_burn},
    {"interviews_completed",   "interviews",      cumulative, up,   0,   0, none,     1,      20, none, accumulates(2)},
    {"tokens_earned",          "tokens",          cumulative, up,   0,   0, none,   100,    5000, none, accumulates(2)},
    {"profile_completion",     "percent",         ratio,      up,   1,   0,  100,    60,     100,  100, moves(0.15)},
    {"actions_this_week",      "actions",         flow,       up,   0,   0, none,     2,      40, none, done_in_week},
    {"streak_days",            "days",            streak,     up,   0,   0, none,     1,      30, none, streak_of_days},
};

constexpr Metric venture_capital[] = {
    {"portfolio_size",         "companies",       stock,      up,   0,   1, none,    10,     100, none, moves(0.2)},
    {"total_aum",              "USD",             stock,      up,   0,   0, none,   1e7,     1e9, none, moves(1)},
    {"active_deals",           "deals",           stock,      up,   0,   0, none,     5,      50, none, moves(0.6)},
    {"deal_flow_monthly",      "deals per month", flow,       up,   0,   0, none,    20,     200, none, moves(1)},
    {"portfolio_valuation",    "USD",             stock,      up,   0,   0, none,     2,      12, none, value_of_assets},
    {"exits_ytd",              "exits",           ytd,        up,   0,   0, none,     1,      10, none, year_to_date},
    {"avg_sse_score",          "points",          score,      up,   2,   0,  100,    65,      85,  100, moves(0.3)},
    {"high_performers",        "companies",       stock,      up,   0,   0, none,  0.15,    0.45, 0.55, some_of_portfolio},
    {"at_risk_companies",      "companies",       stock,      down, 0,   0, none,  0.05,     0.2,  0.4, some_of_portfolio},
    {"new_investments",        "investments",     flow,       up,   0,   0, none,     2,      10, none, moves(0.5)},
};

constexpr Metric angel_investor[] = {
    {"investments_count",      "investments",     cumulative, up,   0,   1, none,     5,      50, none, accumulates(0.4)},
    {"total_invested",         "USD",             cumulative, up,   0,   0, none, 10000,  250000, none, cheques},
    {"active_investments",     "investments",     stock,      up,   0,   0, none,  0.55,    0.85,    1, most_of_deals},
    {"exits",                  "exits",           cumulative, up,   0,   0, none,   0.3,       8, none, exits_of_deals},
    {"portfolio_irr",          "fraction a year", ratio,      up,   4,  -1,    2,  -0.2,     0.8,    2, moves(0.5)},
    {"check_size_avg",         "USD",             ratio,      up,   0,   0, none,     0,       0, none, cheque_average},
    {"due_diligence_active",   "deals",           stock,      up,   0,   0, none,     1,       5, none, moves(0.5)},
    {"syndicate_deals",        "deals",           stock,      up,   0,   0, none,   0.2,     0.7,    1, some_of_active},
    {"follow_on_opportunities","deals",           stock,      up,   0,   0, none,   0.2,     0.6,    1, some_of_active},
};

constexpr Metric corporate_partner[] = {
    {"active_partnerships",    "partnerships",    stock,      up,   0,   0, none,     5,     100, none, moves(0.4)},
    {"partnership_value",      "USD",             stock,      up,   0,   0, none,   1e5,     1e7, none, moves(1)},
    {"startups_engaged",       "startups",        stock,      up,   0,   0, none,    10,     500, none, moves(1)},
    {"benefits_redeemed",      "benefits",        cumulative, up,   0,   0, none,    50,    2000, none, accumulates(1)},
    {"roi_partnerships",       "x",               ratio,      up,   2,   0, none,   1.2,       5, none, moves(1)},
    {"pilot_programs",         "pilots",          stock,      up,   0,   0, none,     2,      20, none, moves(0.5)},
    {"innovation_projects",    "projects",        stock,      up,   0,   0, none,     5,      25, none, moves(0.5)},
    {"cost_savings",           "USD per year",    flow,       up,   0,   0, none,   1e5,     2e6, none, moves(1)},
    {"new_applications",       "applications",    flow,       up,   0,   0, none,    10,      50, none, moves(0.7)},
};

constexpr Metric government[] = {
    {"startups_monitored",     "startups",        stock,      up,   0,   0, none,   100,    5000, none, moves(1)},
    {"grants_distributed",     "grants",          cumulative, up,   0,   0, none,    10,     500, none, accumulates(0.8)},
    {"jobs_created",           "jobs",            cumulative, up,   0,   0, none,   500,   50000, none, accumulates(0.5)},
    {"economic_impact",        "USD per year",    flow,       up,   0,   0, none,   1e6,     5e8, none, moves(1)},
    {"compliance_rate",        "fraction",        ratio,      up,   4,   0,    1,   0.7,    0.98,    1, moves(0.15)},
    {"innovation_index",       "points",          score,      up,   2,   0,  100,    60,      95,  100, moves(0.3)},
    {"regional_growth",        "fraction a year", ratio,      up,   4,   0,    1,  0.02,    0.08,    1, moves(1)},
    {"startup_survival_rate",  "fraction",        ratio,      up,   4,   0,    1,   0.6,     0.8,    1, moves(0.15)},
    {"policy_effectiveness",   "fraction",        ratio,      up,   4,   0,    1,   0.7,     0.9,    1, moves(0.15)},
};

constexpr Metric esg_funder[] = {
    {"esg_score_avg",          "points",          score,      up,   2,   0,  100,     0,       0, none, mean_of_scores},
    {"carbon_reduction",       "fraction",        ratio,      up,   4,   0,    1,   0.1,     0.5,    1, moves(1)},
    {"social_impact_score",    "points",          score,      up,   2,   0,  100,    50,      95,  100, averaged(0.3)},
    {"governance_score",       "points",          score,      up,   2,   0,  100,    65,      95,  100, averaged(0.3)},
    {"sustainable_investments","investments",     stock,      up,   0,   0, none,     5,     100, none, moves(1)},
    {"impact_measurement",     "fraction",        ratio,      up,   4,   0,    1,   0.6,    0.95,    1, moves(0.15)},
    {"environmental_score",    "points",          score,      up,   2,   0,  100,    65,      90,  100, averaged(0.3)},
    {"certification_rate",     "fraction",        ratio,      up,   4,   0,    1,   0.6,    0.85,    1, moves(0.15)},
    {"sustainability_trend",   "fraction a year", ratio,      up,   4,   0,    1,  0.05,    0.15,    1, moves(1)},
};

constexpr Metric impact_investor[] = {
    {"social_roi",             "x",               ratio,      up,   2,   0, none,   1.5,       8, none, moves(1)},
    {"lives_impacted",         "people",          cumulative, up,   0,   0, none,  1000,     1e6, none, accumulates(0.3)},
    {"sdg_alignment",          "fraction",        ratio,      up,   4,   0,    1,   0.7,    0.95,    1, moves(0.15)},
    {"impact_investments",     "investments",     stock,      up,   0,   0, none,    10,     200, none, moves(1)},
    {"beneficiaries",          "people",          stock,      up,   0,   0, none,   0.3,     0.7,    1, some_of_lives},
    {"impact_score",           "points",          score,      up,   2,   0,  100,    70,      95,  100, moves(0.3)},
    {"community_development",  "fraction",        ratio,      up,   4,   0,    1,   0.6,     0.9,    1, moves(0.15)},
    {"social_progress",        "fraction a year", ratio,      up,   4,   0,    1,  0.05,     0.2,    1, moves(1)},
    {"outcome_achievement",    "fraction",        ratio,      up,   4,   0,    1,   0.7,     0.9,    1, moves(0.15)},
};

constexpr Dashboard dashboards[] = {
    {"startup_founder",   "trend_based_v2",          founder},
    {"venture_capital",   "portfolio_simulation_v2", venture_capital},
    {"angel_investor",    "angel_portfolio_v2",      angel_investor},
    {"corporate_partner", "partnership_metrics_v2",  corporate_partner},
    {"government",        "ecosystem_metrics_v2",    government},
    {"esg_funder",        "esg_scoring_v2",          esg_funder},
    {"impact_investor",   "impact_measurement_v2",   impact_investor},
};
// clang-format on

constexpr std::array<std::string_view, 7> kind_names = {"stock",      "flow", "ratio", "score",
                                                        "cumulative", "ytd",  "streak"};

} // namespace

// Four times the highest level is out of reach of the trend, and of the noise in all but a few points.
bool Metric::follows_trend() const noexcept {
    const bool moves = motion.rule == Rule::moves || motion.rule == Rule::sales;
    return moves && motion.response == 1 && motion.spread == 1 && (ceiling == no_limit || ceiling > 4 * high);
}

std::span<const Dashboard> catalogue() noexcept {
    return dashboards;
}

const Dashboard& dashboard(UserType user_type) noexcept {
    return dashboards[static_cast<std::size_t>(user_type)];
}

std::optional<UserType> find_user_type(std::string_view name) noexcept {
    for (std::size_t j = 0; j < std::size(dashboards); ++j) {
        if (dashboards[j].name == name) return static_cast<UserType>(j);
    }
    return std::nullopt;
}

std::string_view name_of(Kind kind) noexcept {
    return kind_names[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Direction direction) noexcept {
    return direction == up ? "up" : "down";
}

} // namespace auxeira::synthesis
