#include "synthesis/actions.hpp"

#include <algorithm>

#include "synthesis/path.hpp"
#include "synthesis/reader.hpp"

namespace auxeira::synthesis {

namespace {

enum Position : std::uint64_t { level, slope };

// Streams of a day: its counter is the day and one of these, then the actions.
enum Part : std::uint64_t { noise, count, times };

std::int64_t floor_day(std::int64_t time) noexcept {
    return (time - (time % microseconds_a_day + microseconds_a_day) % microseconds_a_day) /
           microseconds_a_day;
}

// The time of the day: around one in the afternoon, the mean of three uniform numbers.
std::int64_t time_of_day(const Block& bits) noexcept {
    const std::uint64_t sum = std::uint64_t{bits[0]} + bits[1] + bits[2];
    constexpr std::int64_t first = microseconds_a_day / 4, most = microseconds_a_day * 7 / 12;
    return first + static_cast<std::int64_t>((static_cast<Wide>(sum) * most / 3) >> 32);
}

} // namespace

ActionsConfig check(const ActionsRequest& request) {
    constexpr std::int64_t most_days = 36'500;
    Reader reader;
    ActionsConfig config{};
    config.seed = reader.seed(request.seed);
    config.days = static_cast<std::int32_t>(reader.whole("days", request.days, most_days));
    config.business_model =
        reader.optional_choice<BusinessModel>("business_model", request.business_model, business_model_names);
    config.trend = static_cast<Trend>(reader.choice("trend", request.trend, trend_names));
    config.variance = reader.fraction("variance", request.variance);
    reader.window(request.as_of, config.days + 1);
    reader.finish();
    config.org = request.org;
    config.as_of = request.as_of;
    return config;
}

Actions::Actions(const ActionsConfig& config) : config_(config), stream_(config.seed, config.org, "actions") {
    const Profile profile{std::nullopt, std::nullopt, std::nullopt, config.business_model};
    const Company company = draw_company(config.seed, config.org, profile);
    weekend_ = log2_of(calibrated(company.business_model, "weekend_ratio"));
    level_ = one + stream_.normal(level); // two a day, log-normal
    slope_ = slope_of(config.trend, Direction::up, stream_.normal(slope));
}

// An AR(1) process beside what the Poisson distribution adds: days are busy or idle in runs.
Fixed Actions::log_mean() noexcept {
    const std::int64_t today = floor_day(config_.as_of) - config_.days + day_;
    const Fixed fresh = stream_.heavy(static_cast<std::uint64_t>(today + (1 << 24)) << 20 | noise);
    noise_ = day_ == 0 ? fresh : multiply(to_fixed(0.6), noise_) + multiply(to_fixed(0.8), fresh);
    const Fixed spread =
        multiply(to_fixed(config_.variance), config_.trend == Trend::volatile_ ? 4 * one : 2 * one);
    const std::int64_t weekday = ((today + 4) % 7 + 7) % 7; // Sunday is 0
    const Fixed position = slope_ / config_.days * day_;
    return level_ + position + multiply(spread, noise_) + (weekday == 0 || weekday == 6 ? weekend_ : 0);
}

bool Actions::next_day(std::vector<std::int64_t>& result) {
    result.clear();
    if (day_ == config_.days) return false;
    const std::int64_t today = floor_day(config_.as_of) - config_.days + day_;
    const std::uint64_t position = static_cast<std::uint64_t>(today + (1 << 24)) << 20;
    // However busy the model makes it, a person's day has no room for more.
    const Fixed mean = power_of_two(std::min(log_mean(), 5 * one));
    const std::int64_t actions = std::min(most_actions_a_day, poisson(mean, stream_.bits(position | count)));
    for (std::int64_t j = 0; j < actions; ++j) {
        const Block bits = stream_.block((position | times) + static_cast<std::uint64_t>(j));
        result.push_back(today * microseconds_a_day + time_of_day(bits));
    }
    std::ranges::sort(result);
    ++day_;
    return true;
}

} // namespace auxeira::synthesis
