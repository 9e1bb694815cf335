// What is generated for each type of user: one table of metrics, read by the generator and by SQL.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace auxeira::synthesis {

enum class Kind { stock, flow, ratio, score, cumulative, ytd, streak };

// Where a metric goes when its owner does better: burn and companies at risk fall.
enum class Direction { up, down };

// How the values of a metric come about.
enum class Rule {
    moves,        // level * exp(trend + noise), below the ceiling
    sales,        // the same for what a count of customers pays, each a whole number of cents
    staff,        // the same for people: in steps, and more of them some months after a round
    accumulates,  // the starting level and the integral of a yearly rate that follows trend and noise
    year_to_date, // the same integral since 1 January UTC
    streak,       // days in a row: +1 on a new day, or broken
    week,         // the same as moves for what is done in seven days, once at least on each day of a streak
    part,         // a moving share or multiple of another metric, less a third one
    runway,    // months that the cash lasts at the burn of late; cash falls by the burn and is raised again
    purchases, // adds a cheque of moving size for each step of a count
    quotient,  // one metric over another
    mean,      // of the other scores that have Motion::averaged set
    draw,      // each value is a new number of the distribution, moved by the trend
    expression // computed from other metrics of the point, as a template says
};

// Whether it starts at a level of its own, and whether that then moves with trend and noise.
constexpr bool has_level(Rule rule) noexcept {
    return rule != Rule::quotient && rule != Rule::mean && rule != Rule::expression;
}

constexpr bool has_path(Rule rule) noexcept {
    return has_level(rule) && rule != Rule::streak && rule != Rule::runway;
}

// How the level where a series starts is spread over organizations. Between low and high: log-normal and
// normal take them as their 0.6 % and 99.4 % quantiles; a constant is low; a Poisson metric has a log-normal
// level and is a new count at every point. As wide as the numbers around it in a metric.
enum class Distribution : std::int64_t { lognormal, normal, uniform, constant, poisson };

class Expression;

struct Motion {
    Rule rule;
    double response = 0;               // the share of trend and variance that it follows
    double spread = 1;                 // the share of that variance that a calm metric shows
    double pace = 0;                   // growth in a year as a share of the starting level (accumulates)
    std::string_view of = {};          // the metric that it is a part of, is capped by or is computed from
    std::string_view by = {};          // the metric taken off first (part) or divided by (quotient)
    bool averaged = false;             // counts in the mean of the scores
    std::string_view with = {};        // the metric whose level, slope and noise it shares in part
    double correlation = 0;            // with those of that metric, -1 to 1
    bool level_follows_growth = false; // its level goes with the other's growth, not with the other's level
    const Expression* expression = nullptr;
};

inline constexpr double no_limit = std::numeric_limits<double>::infinity();

// The level at the start of a window is log-normal; low and high are its 0.6 % and 99.4 % quantiles and cut
// it. For parts they bound the share, for purchases one cheque, for the runway the cash at the start. A
// finite ceiling is neared smoothly. Minimum and maximum hold for every value.
struct Metric {
    std::string_view name;
    std::string_view unit;
    Kind kind;
    Direction good_direction;
    int decimals;
    double minimum, maximum;
    double low, high;
    double ceiling;
    Motion motion;
    Distribution distribution = Distribution::lognormal;

    // Whether it follows trend and variance in full, as far as its decimals allow; the others lean towards
    // the trend inside their bounds, or are counted or computed.
    bool follows_trend() const noexcept;
};

enum class UserType {
    startup_founder,
    venture_capital,
    angel_investor,
    corporate_partner,
    government,
    esg_funder,
    impact_investor
};

// One type of user, the name of the algorithm that its rows are labelled with, and its metrics in order. Any
// other may be built at run time; its names and metrics must live as long as the generators that read them.
struct Dashboard {
    std::string_view name;
    std::string_view algorithm;
    std::span<const Metric> metrics;
    std::uint64_t fingerprint = 0; // of a template, whose points have other ids than those of the catalogue
};

// What an expression gives where there is no number.
inline constexpr std::int64_t no_value = std::numeric_limits<std::int64_t>::min();

// All seven, in the order of UserType.
std::span<const Dashboard> catalogue() noexcept;

const Dashboard& dashboard(UserType user_type) noexcept;

std::optional<UserType> find_user_type(std::string_view name) noexcept;

// `stock`, `flow` and so on.
std::string_view name_of(Kind kind) noexcept;
std::string_view name_of(Direction direction) noexcept;

} // namespace auxeira::synthesis
