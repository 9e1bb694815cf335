#include "synthesis/generator.hpp"

#include <algorithm>
#include <cmath>

#include "synthesis/identifier.hpp"

namespace auxeira::synthesis {

namespace {

constexpr std::int64_t microseconds_a_year = 31'556'952'000'000; // the mean of the Gregorian calendar

// Fraction bits of what is carried as an integer: counts and cash must not lose the small steps of a series
// with many points.
constexpr int count_bits = 30;
constexpr int share_bits = 32;
constexpr int cash_bits = 16;

constexpr std::int64_t greatest_value = (std::int64_t{1} << 62) - 1;
constexpr Fixed no_ceiling = std::numeric_limits<Fixed>::max();

constexpr std::int64_t power_of_ten(int exponent) noexcept {
    std::int64_t power = 1;
    for (; exponent > 0; --exponent)
        power *= 10;
    return power;
}

// `value` times 10^decimals, rounded.
std::int64_t scaled(double value, int decimals) noexcept {
    if (value == no_limit) return greatest_value;
    return std::llround(value * static_cast<double>(power_of_ten(decimals)));
}

// log2 of a number of the catalogue, which is taken to 2^-20.
Fixed log2_of(double value) noexcept {
    return log2(std::llround(value * 1048576.0)) - 20 * one;
}

// A metric that may be negative moves in its distance from the minimum: 1 + IRR is log-normal, not the IRR.
double origin(const Metric& metric) noexcept {
    return std::min(metric.minimum, 0.0);
}

// log2 of the level where a metric starts.
Fixed draw_level(std::uint64_t key, const Metric& metric) noexcept {
    const Fixed bottom = log2_of(metric.low - origin(metric));
    const Fixed top = log2_of(metric.high - origin(metric));
    const Fixed z = normal(random_block(key, Purpose::level, 0)[0]);
    return std::clamp(bottom + multiply(top - bottom, one / 2 + z / 5), bottom, top);
}

// log2 of what one unit of a metric's level is on the scale of its path. Rates of a year become rates of a
// gap; fractions and decimals become whole numbers.
Fixed path_scale(const Metric& metric, std::int64_t gap) noexcept {
    const Fixed years = log2(gap) - log2(microseconds_a_year);
    const Fixed unit = log2(power_of_ten(metric.decimals));
    switch (metric.motion.rule) {
    case Rule::accumulates:
        return unit + log2_of(metric.motion.pace) + years + count_bits * one;
    case Rule::year_to_date:
        return unit + years + count_bits * one;
    case Rule::part:
        return share_bits * one;
    default:
        return unit;
    }
}

// What a metric that carries a state starts with, from log2 of its level.
std::int64_t first_state(Rule rule, Fixed level) noexcept {
    switch (rule) {
    case Rule::accumulates:
        return exp2(level + count_bits * one);
    case Rule::streak:
        return exp2(level);
    case Rule::runway:
        return exp2(level + cash_bits * one);
    default:
        return 0;
    }
}

constexpr bool has_level(Rule rule) noexcept {
    return rule != Rule::quotient && rule != Rule::mean;
}

constexpr bool has_path(Rule rule) noexcept {
    return has_level(rule) && rule != Rule::streak && rule != Rule::runway;
}

constexpr bool depends_on_others(Rule rule) noexcept {
    return rule == Rule::part || rule == Rule::runway || rule == Rule::purchases || !has_level(rule);
}

std::uint64_t half_of(const Uuid& id, std::size_t begin) noexcept {
    std::uint64_t result = 0;
    for (std::size_t j = begin; j < begin + 8; ++j)
        result = result << 8 | id[j];
    return result;
}

KeyBuilder series_key(std::string_view purpose, const Config& config, const Dashboard& dashboard) noexcept {
    KeyBuilder builder;
    builder.add(purpose).add(config.seed).add(half_of(config.org, 0)).add(half_of(config.org, 8));
    return builder.add(dashboard.name);
}

std::uint64_t make_id_key(const Config& config, const Dashboard& dashboard) noexcept {
    return series_key("id", config, dashboard)
        .add(static_cast<std::uint64_t>(config.count))
        .add(static_cast<std::uint64_t>(config.time_range_days))
        .add(std::bit_cast<std::uint64_t>(config.variance))
        .add(name_of(config.trend))
        .add(static_cast<std::uint64_t>(config.as_of))
        .key();
}

std::size_t column_of(const Dashboard& dashboard, std::string_view name) noexcept {
    const auto found = std::find_if(dashboard.metrics.begin(), dashboard.metrics.end(),
                                    [&](const Metric& metric) { return metric.name == name; });
    return static_cast<std::size_t>(found - dashboard.metrics.begin());
}

// The probability that a streak breaks on a new day, in 2^-32.
std::uint32_t break_risk(Trend trend) noexcept {
    constexpr std::array<double, 4> risks = {0.06, 0.15, 0.10, 0.20}; // in the order of Trend
    return static_cast<std::uint32_t>(risks[static_cast<std::size_t>(trend)] * 4294967296.0);
}

// Neither may be negative; nothing over nothing is 0.
constexpr std::int64_t rounded_quotient(Wide numerator, Wide denominator) noexcept {
    if (denominator == 0) return 0;
    return static_cast<std::int64_t>((2 * numerator + denominator) / (2 * denominator));
}

constexpr Fixed months_in(std::int64_t microseconds) noexcept {
    return static_cast<Fixed>((static_cast<Wide>(microseconds) << fraction_bits) /
                              (microseconds_a_year / 12));
}

} // namespace

Generator::Generator(const Config& config, Pause pause)
    : Generator(config, synthesis::dashboard(config.user_type), pause) {}

Generator::Generator(const Config& config, const Dashboard& dashboard, Pause pause)
    : config_(config), dashboard_(dashboard), id_key_(make_id_key(config, dashboard)),
      positions_(config.count), clock_(config), months_(months_in(clock_.gap())),
      values_(dashboard.metrics.size()) {
    const Window window(config);
    tracks_.reserve(dashboard_.metrics.size());
    for (const bool dependent : {false, true}) {
        for (const Metric& metric : dashboard_.metrics) {
            if (depends_on_others(metric.motion.rule) != dependent) continue;
            tracks_.push_back(make_track(metric));
            if (has_level(metric.motion.rule)) start(tracks_.back(), window, pause);
        }
    }
}

Generator::Track Generator::make_track(const Metric& metric) const noexcept {
    Track track{};
    track.metric = &metric;
    track.column = column_of(dashboard_, metric.name);
    track.of = column_of(dashboard_, metric.motion.of);
    track.by = column_of(dashboard_, metric.motion.by);
    track.key = series_key("metric", config_, dashboard_).add(metric.name).key();
    track.ceiling = no_ceiling;
    track.offset = scaled(origin(metric), metric.decimals);
    track.minimum = scaled(metric.minimum, metric.decimals);
    track.maximum = scaled(metric.maximum, metric.decimals);
    return track;
}

void Generator::start(Track& track, const Window& window, Pause pause) const {
    const Metric& metric = *track.metric;
    const Fixed level = draw_level(track.key, metric);
    const Fixed scale = path_scale(metric, clock_.gap());
    track.state = first_state(metric.motion.rule, level);
    if (metric.ceiling != no_limit) track.ceiling = log2_of(metric.ceiling - origin(metric)) + scale;
    if (has_path(metric.motion.rule)) track.path = Path(track.key, window, metric, level + scale, pause);
}

bool Generator::next(Point& point) noexcept {
    if (index_ == config_.count) return false;
    clock_.advance();
    position_ = positions_.at(index_);
    for (Track& track : tracks_) {
        values_[track.column] = std::clamp(value(track), track.minimum, track.maximum);
    }
    point = {identifier(id_key_, static_cast<std::uint64_t>(index_), clock_.now()),
             clock_.now(),
             values_,
             clock_.now(),
             false,
             values_};
    ++index_;
    return true;
}

std::int64_t Generator::value(Track& track) noexcept {
    switch (track.metric->motion.rule) {
    case Rule::moves:
        return driver(track) + track.offset;
    case Rule::accumulates:
        return accumulated(track);
    case Rule::year_to_date:
        return in_year(track);
    case Rule::streak:
        return streak(track);
    case Rule::part:
        return part(track);
    case Rule::runway:
        return runway(track);
    case Rule::purchases:
        return purchases(track);
    case Rule::quotient:
        return quotient(track);
    case Rule::mean:
        return mean();
    }
    return 0;
}

// The next number of the path, under the ceiling.
std::int64_t Generator::driver(Track& track) noexcept {
    const Fixed path = track.path.next(position_);
    return exp2(track.ceiling == no_ceiling ? path : soften(path, track.ceiling));
}

std::int64_t Generator::accumulated(Track& track) noexcept {
    const std::int64_t growth = driver(track);
    if (!clock_.is_first()) track.state = std::min(track.state + growth, greatest_value);
    const std::int64_t total = track.state >> count_bits;
    return track.metric->motion.of.empty() ? total : std::min(total, values_[track.of]);
}

std::int64_t Generator::in_year(Track& track) noexcept {
    const Wide growth = driver(track);
    if (clock_.is_first() || clock_.is_new_year()) {
        track.state = static_cast<std::int64_t>(growth * clock_.since_new_year() / clock_.gap());
    } else {
        track.state += static_cast<std::int64_t>(growth);
    }
    return track.state >> count_bits;
}

std::int64_t Generator::streak(Track& track) noexcept {
    if (clock_.is_first() || !clock_.is_new_day()) return track.state;
    const Block bits = event(track);
    track.state = bits[0] < break_risk(config_.trend) ? bits[1] % 2 : track.state + 1;
    return track.state;
}

std::int64_t Generator::part(Track& track) noexcept {
    const std::int64_t less = track.metric->motion.by.empty() ? 0 : values_[track.by];
    const Wide whole = values_[track.of] - less;
    return static_cast<std::int64_t>((whole * driver(track)) >> share_bits);
}

// Below three months of cash a round is raised that lasts for twelve to twenty-four.
std::int64_t Generator::runway(Track& track) noexcept {
    const Wide burn = values_[track.of];
    Wide cash = clock_.is_first() ? track.state * burn
                                  : track.state - ((burn * months_) >> (fraction_bits - cash_bits));
    if (cash < (3 * burn) << cash_bits) {
        const Fixed months = 12 * one + 12 * uniform(event(track)[0]);
        cash = (burn * months) >> (fraction_bits - cash_bits);
    }
    track.state = static_cast<std::int64_t>(cash);
    return rounded_quotient(cash * power_of_ten(track.metric->decimals), burn << cash_bits);
}

std::int64_t Generator::purchases(Track& track) noexcept {
    const std::int64_t cheque = driver(track);
    track.state += (values_[track.of] - track.previous) * cheque;
    track.previous = values_[track.of];
    return track.state;
}

std::int64_t Generator::quotient(const Track& track) const noexcept {
    return rounded_quotient(values_[track.of], values_[track.by]);
}

std::int64_t Generator::mean() const noexcept {
    std::int64_t sum = 0, count = 0;
    for (const Track& track : tracks_) {
        if (!track.metric->motion.averaged) continue;
        sum += values_[track.column];
        ++count;
    }
    return rounded_quotient(sum, count);
}

// Random bits for what happens to a metric at this point.
Block Generator::event(const Track& track) const noexcept {
    return random_block(track.key, Purpose::event, static_cast<std::uint64_t>(index_));
}

} // namespace auxeira::synthesis
