#include "synthesis/generator.hpp"

#include <algorithm>
#include <cmath>

#include "synthesis/founder.hpp"
#include "synthesis/identifier.hpp"
#include "synthesis/section.hpp"

namespace auxeira::synthesis {

namespace {

constexpr std::int64_t microseconds_a_year = 31'556'952'000'000; // the mean of the Gregorian calendar

// Fraction bits of what is carried as an integer: counts and cash must not lose the small steps of a series
// with many points.
constexpr int count_bits = 30;
constexpr int share_bits = 32;
constexpr int cash_bits = 16;

// Times 10^decimals. Doubles hold all whole numbers up to here, and with them expressions and readers of
// JSON.
constexpr std::int64_t greatest_value = std::int64_t{1} << 53;
constexpr std::int64_t no_bound = std::numeric_limits<std::int64_t>::max();
constexpr Fixed no_ceiling = std::numeric_limits<Fixed>::max();

constexpr std::int64_t power_of_ten(int exponent) noexcept {
    std::int64_t power = 1;
    for (; exponent > 0; --exponent)
        power *= 10;
    return power;
}

// `value` times 10^decimals, rounded.
std::int64_t scaled(double value, int decimals) noexcept {
    if (value == no_limit) return no_bound;
    return std::llround(value * static_cast<double>(power_of_ten(decimals)));
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
Wide first_state(const Metric& metric, Fixed level) noexcept {
    switch (metric.motion.rule) {
    case Rule::accumulates:
        return wide_exp2(level + log2(power_of_ten(metric.decimals)) + count_bits * one);
    case Rule::streak:
        return exp2(level);
    case Rule::runway:
        return exp2(level + cash_bits * one);
    default:
        return 0;
    }
}

constexpr bool has_level(Rule rule) noexcept {
    return rule != Rule::quotient && rule != Rule::mean && rule != Rule::expression;
}

constexpr bool has_path(Rule rule) noexcept {
    return has_level(rule) && rule != Rule::streak && rule != Rule::runway;
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
    KeyBuilder builder = series_key("id", config, dashboard);
    if (dashboard.fingerprint != 0) builder.add(dashboard.fingerprint);
    return builder.add(static_cast<std::uint64_t>(config.count))
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

// The months that a round lasts for, at least.
int least_round(Trend trend) noexcept {
    constexpr std::array<int, 4> months = {16, 6, 12, 9}; // in the order of Trend
    return months[static_cast<std::size_t>(trend)];
}

// Neither may be negative; nothing over nothing is 0.
constexpr Wide rounded_quotient(Wide numerator, Wide denominator) noexcept {
    if (denominator == 0) return 0;
    return (2 * numerator + denominator) / (2 * denominator);
}

// factor * value / divisor, rounded down, for products beyond 128 bits.
constexpr Wide scaled_down(Wide value, Wide factor, Wide divisor) noexcept {
    return value / divisor * factor + value % divisor * factor / divisor;
}

// Whether other metrics are made of it.
bool is_used(const std::vector<Metric>& metrics, const Metric& metric) noexcept {
    return metric.motion.averaged || std::ranges::any_of(metrics, [&](const Metric& each) {
               const Motion& motion = each.motion;
               return motion.of == metric.name || motion.by == metric.name || motion.expression != nullptr;
           });
}

constexpr Fixed months_in(std::int64_t microseconds) noexcept {
    return static_cast<Fixed>((static_cast<Wide>(microseconds) << fraction_bits) /
                              (microseconds_a_year / 12));
}

} // namespace

Generator::Generator(const Config& config, Pause pause)
    : Generator(config, synthesis::dashboard(config.user_type), pause) {}

Generator::Generator(const Config& config, const Dashboard& dashboard, Pause pause)
    : config_(config), pause_(pause), dashboard_(dashboard), id_key_(make_id_key(config, dashboard)),
      positions_(config.count), clock_(config), months_(months_in(clock_.gap())),
      metrics_(metrics_of(config, dashboard)), values_(dashboard.metrics.size()),
      reporting_(config, series_key("report", config, dashboard).key()), since_round_(24 * one),
      calculator_(dashboard) {
    const Window window(config);
    std::vector<Course> courses;
    tracks_.reserve(metrics_.size());
    paths_.reserve(metrics_.size());
    for (const std::size_t column : evaluation_order(dashboard_)) {
        tracks_.push_back(make_track(column));
        if (has_level(tracks_.back().metric->motion.rule)) start(tracks_.back(), window, courses);
    }
    noise_ = fit(paths_, courses, window, pause);
    if (config.disturbance.restatement_rate > 0) first_values_ = values_;
}

Generator::Track Generator::make_track(std::size_t column) const noexcept {
    const Metric& metric = metrics_[column];
    Track track{};
    track.metric = &metric;
    track.column = column;
    track.of = column_of(dashboard_, metric.motion.of);
    track.by = column_of(dashboard_, metric.motion.by);
    track.path = metrics_.size();
    track.key = series_key("metric", config_, dashboard_).add(metric.name).key();
    track.ceiling = no_ceiling;
    track.offset = scaled(origin_of(metric), metric.decimals);
    track.minimum = scaled(metric.minimum, metric.decimals);
    track.maximum = scaled(metric.maximum, metric.decimals);
    if (metric.motion.rule == Rule::expression) { // whose bounds are looked at by whoever wrote the template
        track.minimum = no_value;
        track.maximum = no_bound;
    }
    return track;
}

// A metric that goes with another has in part its standing and its noise, and its turns if it goes with it
// closely.
void Generator::start(Track& track, const Window& window, std::vector<Course>& courses) {
    const Metric& metric = *track.metric;
    const Motion& motion = metric.motion;
    const auto with = std::ranges::find_if(tracks_, [&](const Track& each) {
        return each.metric->name == motion.with && each.path < metrics_.size();
    });
    const bool goes_with = motion.correlation != 0 && with != tracks_.end();
    track.standing = draw_standing(track.key);
    if (goes_with) track.standing = mix(motion, track.standing, with->standing);
    const Fixed level = motion.rule == Rule::draw ? 0 : level_of(metric, track.standing.level);
    const Fixed scale = motion.rule == Rule::draw ? 0 : path_scale(metric, clock_.gap());
    track.state = first_state(metric, level);
    if (metric.ceiling != no_limit) track.ceiling = log2_of(metric.ceiling - origin_of(metric)) + scale;
    if (!has_path(motion.rule)) return;
    track.path = paths_.size();
    const Share share = goes_with ? Share::of(motion.correlation, with->path) : Share{track.path};
    const bool turns_with = goes_with && motion.correlation >= 0.5;
    paths_.emplace_back(track.key, turns_with ? with->key : track.key, window, share);
    const Fixed response = to_fixed(motion.response);
    track.shock_response = metric.good_direction == Direction::up ? response : -response;
    courses.push_back(
        {level + scale,
         multiply(response, slope_of(window.trend, metric.good_direction, track.standing.growth)),
         motion.rule == Rule::draw ? 0 : multiply(response, to_fixed(motion.spread))});
}

void Generator::step() {
    if (pause_ != nullptr && index_ % points_between_pauses == points_between_pauses - 1) pause_();
    clock_.advance();
    position_ = positions_.at(index_);
    shock_ = reporting_.shock(position_);
    move_paths();
    for (Track& track : tracks_) {
        values_[track.column] = bounded(track, value(track));
        calculator_.put(track.column, values_[track.column]);
    }
}

void Generator::move_paths() noexcept {
    const std::size_t known = static_cast<std::size_t>(index_) * paths_.size();
    for (std::size_t j = 0; j < paths_.size(); ++j) {
        if (noise_.empty()) {
            paths_[j].step(paths_[paths_[j].shared_with()].noise());
        } else {
            paths_[j].set_noise(noise_[known + j]);
        }
    }
}

std::int64_t Generator::bounded(const Track& track, Wide value) const {
    if (value == no_value) return no_value;
    const Wide result = std::clamp<Wide>(value, track.minimum, track.maximum);
    if (result > greatest_value || result < -greatest_value) refuse_size(*track.metric);
    return static_cast<std::int64_t>(result);
}

void Generator::refuse_size(const Metric& metric) const {
    const bool of_template = dashboard_.fingerprint != 0;
    const double most = static_cast<double>(greatest_value) / ten_to(metric.decimals);
    throw Rejection(
        Reason::out_of_range, "the numbers of the series are too large",
        {{of_template ? path_of("generation_rules", metric.name) : std::string(metric.name),
          "is beyond " + show(most) + " at point " + std::to_string(index_)}},
        "Give it a maximum, a lower level or fewer decimals, or ask for less variance or fewer days.");
}

// Whoever holds the point against its rules says why.
bool Generator::lacks_input(const Track& track) const noexcept {
    const auto is_lacking = [this](std::size_t column) {
        return column < values_.size() && values_[column] == no_value;
    };
    return is_lacking(track.of) || is_lacking(track.by);
}

bool Generator::next(Point& point) {
    if (index_ == config_.count) return false;
    step();
    while (reporting_.is_missing(index_)) {
        ++index_;
        step();
    }
    const std::int64_t now = clock_.now();
    point = {identifier(id_key_, static_cast<std::uint64_t>(index_), now),
             now,
             values_,
             reporting_.reported_at(index_, now),
             reporting_.is_restated(index_),
             values_};
    if (point.is_restated) {
        restate();
        point.first_values = first_values_;
    }
    ++index_;
    return true;
}

// What was reported first differs where nothing else is computed from it, so that it adds up as well.
void Generator::restate() {
    first_values_ = values_;
    for (const Track& track : tracks_) {
        const Rule rule = track.metric->motion.rule;
        if (rule != Rule::sales && (rule != Rule::moves || is_used(metrics_, *track.metric))) continue;
        const Wide first =
            (reporting_.first_factor(index_, track.column) * Wide{values_[track.column]}) >> 32;
        const std::int64_t customers = rule == Rule::sales ? values_[track.of] : 1;
        first_values_[track.column] = bounded(track, customers == 0 ? 0 : first / customers * customers);
    }
}

Wide Generator::value(Track& track) noexcept {
    if (lacks_input(track)) return no_value;
    switch (track.metric->motion.rule) {
    case Rule::moves:
        return count_of(track) + track.offset;
    case Rule::week:
        return std::max<Wide>(count_of(track), std::min<Wide>(values_[track.of], 7));
    case Rule::sales:
        return sales(track);
    case Rule::staff:
        return staff(track);
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
    case Rule::draw:
        return draw(*track.metric, event(track), paths_[track.path].at(position_));
    case Rule::expression:
        return calculator_.compute(track.column);
    }
    return 0;
}

// The number of the path, under the ceiling.
Wide Generator::driver(const Track& track) noexcept {
    Fixed path = paths_[track.path].at(position_);
    if (shock_ != 0) path += multiply(track.shock_response, shock_);
    return wide_exp2(track.ceiling == no_ceiling ? path : soften(path, track.ceiling));
}

// A Poisson metric is a new count around its path; a large one is its path.
Wide Generator::count_of(const Track& track) noexcept {
    const Wide mean = driver(track);
    if (track.metric->distribution != Distribution::poisson) return mean;
    const Fixed path = paths_[track.path].at(position_);
    if (path >= 14 * one) return mean;
    const Block bits = event(track);
    return poisson(power_of_two(path), static_cast<std::uint64_t>(bits[1]) << 32 | bits[0]);
}

// The customers pay the same, in whole cents.
Wide Generator::sales(const Track& track) noexcept {
    const std::int64_t customers = values_[track.of];
    if (customers == 0) return 0;
    return std::max<Wide>((driver(track) + customers / 2) / customers, 1) * customers;
}

// People come and go when there are clearly too few or too many. In the second to seventh month after a round
// an eighth more are wanted, and within a year from then no more than otherwise.
Wide Generator::staff(Track& track) noexcept {
    const Fixed months = std::min(since_round_, 24 * one);
    const Fixed hired = std::clamp(months - 2 * one, Fixed{0}, 5 * one) / 30;
    const Fixed boost = std::max<Fixed>(hired - std::max<Fixed>(months - 7 * one, 0) / 72, 0);
    const Wide wanted = wide_exp2(paths_[track.path].at(position_) + boost + 4 * one); // in sixteenths
    const Wide missing = wanted - 16 * track.state, most = std::max<Wide>(20, track.state);
    if (clock_.is_first() || missing > most || missing < -most) track.state = (wanted + 8) >> 4;
    return track.state;
}

Wide Generator::accumulated(Track& track) noexcept {
    const Wide growth = driver(track);
    if (!clock_.is_first()) track.state += growth;
    const Wide total = track.state >> count_bits;
    return track.metric->motion.of.empty() ? total : std::min<Wide>(total, values_[track.of]);
}

Wide Generator::in_year(Track& track) noexcept {
    const Wide growth = driver(track);
    const bool begins = clock_.is_first() || clock_.is_new_year();
    track.state = begins ? scaled_down(growth, clock_.since_new_year(), clock_.gap()) : track.state + growth;
    return track.state >> count_bits;
}

Wide Generator::streak(Track& track) noexcept {
    if (clock_.is_first() || !clock_.is_new_day()) return track.state;
    const Block bits = event(track);
    track.state = bits[0] < break_risk(config_.trend) ? Wide{bits[1] % 2} : track.state + 1;
    return track.state;
}

Wide Generator::part(Track& track) noexcept {
    const std::int64_t less = track.metric->motion.by.empty() ? 0 : values_[track.by];
    const Wide whole = values_[track.of] - less;
    const Wide share = driver(track), fraction = share & ((Wide{1} << share_bits) - 1);
    return whole * (share >> share_bits) + ((whole * fraction) >> share_bits);
}

// At the mean burn of the last three points. Below three months of cash a round is raised that lasts for
// twelve to twenty-four, and for longer or shorter where things improve or decline.
Wide Generator::runway(Track& track) noexcept {
    const std::int64_t present = values_[track.of];
    if (clock_.is_first()) track.earlier = {present, present};
    const Wide burn = present;
    const Wide mean = (static_cast<Wide>(present) + track.earlier[0] + track.earlier[1]) / 3;
    track.earlier = {present, track.earlier[0]};
    Wide cash = clock_.is_first() ? track.state * burn
                                  : track.state - ((burn * months_) >> (fraction_bits - cash_bits));
    since_round_ = std::min(since_round_ + months_, 1200 * one);
    if (cash < (3 * mean) << cash_bits) {
        const Fixed months = least_round(config_.trend) * one + 12 * uniform(event(track)[0]);
        cash = (mean * months) >> (fraction_bits - cash_bits);
        since_round_ = 0;
    }
    track.state = cash;
    if (mean == 0) return 0;
    const Wide divisor = mean << cash_bits, unit = power_of_ten(track.metric->decimals);
    return cash / divisor * unit + rounded_quotient(cash % divisor * unit, divisor);
}

Wide Generator::purchases(Track& track) noexcept {
    constexpr Wide most_cheque = Wide{1} << 60, most = Wide{1} << 120; // far beyond every value
    const Wide cheque = std::min(driver(track), most_cheque);
    const Wide bought = (static_cast<Wide>(values_[track.of]) - track.previous) * cheque;
    track.state = std::clamp(track.state + bought, -most, most);
    track.previous = values_[track.of];
    return track.state;
}

Wide Generator::quotient(const Track& track) const noexcept {
    return rounded_quotient(values_[track.of], values_[track.by]);
}

Wide Generator::mean() const noexcept {
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
