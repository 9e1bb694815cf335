#include "synthesis/market.hpp"

#include <algorithm>
#include <chrono>

#include "synthesis/path.hpp"

namespace auxeira::synthesis {

namespace {

enum Position : std::uint64_t { growth_draw, mrr_draw, arpa_draw, churn_draw, expansion_draw, regime_draw };

constexpr Fixed cents = to_fixed(6.643856189774724); // log2(100)

// How the arrivals swing: the log standard deviation for each unit of variance, and the most.
constexpr Fixed arrivals_response = 2 * one;
constexpr Fixed arrivals_most = to_fixed(0.9);
constexpr Fixed arrivals_memory = to_fixed(0.5);
constexpr Fixed arrivals_fresh = to_fixed(0.866025403784438647);

// The yearly growth of others of the stage, or the trend over the window.
Fixed monthly_growth(const MonthsConfig& config, const Company& company, Fixed z) noexcept {
    if (!config.trend) {
        const Fixed spread = to_fixed(calibrated(company.stage, "growth_spread"));
        const Fixed yearly = to_fixed(calibrated(company.stage, "growth_mean")) + multiply(spread, z);
        return multiply(yearly, log2_e) / 12;
    }
    return slope_of(*config.trend, Direction::up, z) / std::max(config.months - 1, 1);
}

// How far off the median, as log2.
Fixed scatter(std::string_view name, Fixed z) noexcept {
    return multiply(multiply(to_fixed(calibrated("company", "all", name)), z), log2_e);
}

Fixed churn_rate(Fixed log_arpa, Fixed z) noexcept {
    const auto constant = [](std::string_view name) { return calibrated("churn", "all", name); };
    const Fixed dollars = std::max(log_arpa - cents, log2_of(10));
    const Fixed rate = log2_of(constant("at_10_usd")) +
                       multiply(to_fixed(constant("exponent")), dollars - log2_of(10)) +
                       multiply(multiply(to_fixed(constant("spread")), z), log2_e);
    const bool large = dollars > log2_of(1000);
    return std::clamp(power_of_two(rate), to_fixed(constant("least")),
                      to_fixed(constant(large ? "most_above_1000_usd" : "most")));
}

Fixed season(std::int32_t month) noexcept {
    constexpr std::array<std::string_view, 12> names = {"01", "02", "03", "04", "05", "06",
                                                        "07", "08", "09", "10", "11", "12"};
    return to_fixed(calibrated("season", names[static_cast<std::size_t>(month % 12)], "new_customers"));
}

// By what arrivals are multiplied, as a logarithm, in each regime of a volatile company: 2 to 4 turns between
// good and bad. The longer they are the milder, so that a company is carried as far up and down in every
// window.
Fixed regime(const Stream& stream, std::int32_t index, std::int32_t total, Fixed variance) noexcept {
    constexpr std::int32_t usual = 48; // three years and those before the window
    const Block choice = stream.block(regime_draw);
    const std::int32_t parts = 3 + static_cast<std::int32_t>(choice[0] % 3);
    const bool good = (index * parts / total + static_cast<std::int32_t>(choice[1] % 2)) % 2 == 0;
    const Fixed strength = std::min(one, 5 * variance) * usual / std::max(total, usual);
    return good ? strength : -strength;
}

// Arrivals of each month as a multiple of their mean.
std::vector<Fixed> arrivals(const MonthsConfig& config, const Stream& stream, std::int32_t total) {
    const bool turns = config.trend == Trend::volatile_;
    const Fixed variance = to_fixed(config.variance);
    const Fixed spread = std::min(multiply(arrivals_response, variance) * (turns ? 2 : 1), arrivals_most);
    const Fixed seasonal = std::min(one, variance * 10);
    const Fixed most = to_fixed(calibrated("company", "all", "arrivals_limit"));
    const std::int32_t last = month_of(config.as_of);
    std::vector<Fixed> result;
    Fixed noise = 0;
    for (std::int32_t index = 0; index < total; ++index) {
        const std::int32_t month = last - (total - 1 - index);
        const Fixed fresh = stream.heavy(static_cast<std::uint64_t>(month) << 8);
        noise = index == 0 ? fresh : multiply(arrivals_memory, noise) + multiply(arrivals_fresh, fresh);
        Fixed log = multiply(spread, std::min(noise, most)) - multiply(spread, spread) / 2;
        if (turns) log += regime(stream, index, total, variance);
        result.push_back(multiply(exponential(log), one + multiply(seasonal, season(month) - one)));
    }
    return result;
}

// Shifts the steps of the window so that their mean is `slope`.
void project(std::vector<Fixed>& steps, std::int32_t lead_in, Fixed slope) noexcept {
    Wide sum = 0;
    const auto first = static_cast<std::size_t>(lead_in) + 1;
    for (std::size_t j = first; j < steps.size(); ++j)
        sum += steps[j];
    const Fixed shift =
        first < steps.size() ? slope - static_cast<Fixed>(sum / static_cast<Wide>(steps.size() - first)) : 0;
    for (Fixed& step : steps)
        step += shift;
}

} // namespace

std::int32_t month_of(std::int64_t time) noexcept {
    using namespace std::chrono;
    const year_month_day day(floor<days>(sys_time<microseconds>(microseconds(time))));
    return static_cast<int>(day.year()) * 12 + static_cast<std::int32_t>(static_cast<unsigned>(day.month())) -
           1;
}

Market::Market(const MonthsConfig& config, const Company& company, std::int32_t lead_in) {
    const Stream stream(config.seed, config.org, "market");
    const std::int32_t total = config.months + lead_in;
    growth_z = stream.normal(growth_draw);
    mrr_z = stream.normal(mrr_draw);
    growth = std::max(monthly_growth(config, company, growth_z), -10 * one / total); // was not a giant
    const Fixed price = log2_of(calibrated(company.region, "price_level")) + cents;
    arpa = log2_of(calibrated(company.business_model, "arpa")) + price +
           scatter("arpa_spread", stream.normal(arpa_draw));
    level_ = log2_of(calibrated(company.stage, "mrr")) + price + scatter("mrr_spread", mrr_z);
    draw_rates(company, stream);
    run(arrivals(config, stream, total), lead_in);
}

// A shrinking company loses more than it wins. What is won limits how much more the others can pay.
void Market::draw_rates(const Company& company, const Stream& stream) noexcept {
    const Fixed relative = power_of_two(growth) - one;
    const Fixed usual = churn_rate(arpa, stream.normal(churn_draw));
    churn = std::min(std::max(usual, multiply(-relative, to_fixed(1.4))), to_fixed(0.9));
    won_ = relative + churn;
    const Fixed drawn = multiply(to_fixed(calibrated(company.business_model, "expansion")),
                                 exponential(multiply(to_fixed(0.6), stream.normal(expansion_draw))));
    expansion = std::min(drawn, multiply(to_fixed(0.6), won_));
}

// From the end, where the levels are those of the stage, back to the beginning.
void Market::run(std::vector<Fixed> steps, std::int32_t lead_in) {
    for (Fixed& step : steps)
        step = log2_fixed(one + multiply(won_, step) - churn);
    project(steps, lead_in, growth);
    mrr.assign(steps.size(), level_);
    customers.assign(steps.size(), level_ - arpa);
    for (std::size_t j = steps.size() - 1; j > 0; --j) {
        mrr[j - 1] = mrr[j] - steps[j];
        customers[j - 1] = customers[j] - steps[j];
    }
}

} // namespace auxeira::synthesis
