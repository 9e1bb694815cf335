#include "synthesis/founder.hpp"

#include <algorithm>

namespace auxeira::synthesis {

namespace {

// A median, and how many times it the 99.4 % quantile is: exp(2.5 * log standard deviation).
struct Spread {
    double median, factor;
};

void set_level(std::vector<Metric>& metrics, std::string_view name, Spread spread) noexcept {
    const auto metric = std::ranges::find(metrics, name, &Metric::name);
    metric->low = spread.median / spread.factor;
    metric->high = spread.median * spread.factor;
}

constexpr double by_revenue = 7.38905609893065;   // 0.8
constexpr double by_customers = 9.48773583635853; // 0.9
constexpr double by_team = 3.49034295746184;      // 0.5

} // namespace

std::vector<Metric> metrics_of(const Config& config, const Dashboard& dashboard) {
    std::vector<Metric> metrics(dashboard.metrics.begin(), dashboard.metrics.end());
    const bool is_founder =
        dashboard.metrics.data() == synthesis::dashboard(UserType::startup_founder).metrics.data();
    if (!is_founder || !config.profile.stage) return metrics;
    const Company company = draw_company(config.seed, config.org, config.profile);
    const double price = calibrated(company.region, "price_level");
    const double revenue = calibrated(company.stage, "mrr") * price;
    const double team = calibrated(company.stage, "team");
    const double score = calibrated(company.stage, "sse"), best = std::min(score * 1.5, 99.5);
    set_level(metrics, "sse_score", {score, best / score});
    set_level(metrics, "revenue", {revenue, by_revenue});
    set_level(metrics, "customers",
              {revenue / calibrated(company.business_model, "arpa") / price, by_customers});
    set_level(metrics, "team_size", {team, by_team});
    set_level(metrics, "burn_rate",
              {(team * calibrated(company.stage, "cost_per_person") - revenue / price) * price, by_revenue});
    if (company.pre_revenue) set_level(metrics, "customers", {0, 1});
    return metrics;
}

} // namespace auxeira::synthesis
