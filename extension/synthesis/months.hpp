// The books of a company, month by month: customers, recurring revenue and what moved it, costs, cash,
// people.
#pragma once

#include <vector>

#include "synthesis/company.hpp"

namespace auxeira::synthesis {

struct MonthsRequest {
    std::optional<std::uint64_t> seed;
    Uuid org{};
    std::optional<std::int64_t> months;
    std::int64_t as_of = 0;
    std::optional<std::string_view> stage, industry, region, business_model;
    std::optional<double> variance = 0.2;
    std::optional<std::string_view> trend;
    bool survival = false;
    bool ends = false;
};

struct MonthsConfig {
    std::uint64_t seed;
    Uuid org;
    std::int32_t months; // 1 to 1,200; the last is that of as_of
    std::int64_t as_of;
    Profile profile;
    double variance;
    std::optional<Trend> trend; // none: the growth is drawn for the stage
    bool survival;              // it may close in any month
    bool ends;                  // it closes in the last
};

// Throws one Rejection that names every fault.
MonthsConfig check(const MonthsRequest& request);

using Amount = std::int64_t;               // cents
using Ratio = std::optional<std::int64_t>; // none where it is undefined

// A column says how many of its digits stand behind the point.
struct Month {
    std::int32_t month; // months since January of the year 0
    Stage stage;
    bool is_closed;
    std::int64_t customers, new_customers, lost_customers;
    Ratio arpa; // 2
    Amount mrr, arr;
    Amount new_mrr, expansion_mrr, reactivation_mrr, contraction_mrr, churned_mrr;
    Amount revenue, cogs, sales_marketing, operating_outflow, net_burn, financing, cash;
    std::int64_t headcount, hires, leavers;
    Ratio runway_months;                            // 1
    Ratio cac, ltv, ltv_cac;                        // 2
    Ratio cac_payback_months;                       // 1
    Ratio grr_12m, nrr_12m, gross_margin;           // 4
    Ratio logo_churn;                               // 6
    Ratio quick_ratio, burn_multiple;               // 2
    std::int64_t sse_score;                         // 2
    Ratio pre_money;                                // 2
    std::int64_t environmental, social, governance; // 2
    std::int64_t scope1_tco2e, scope2_tco2e;        // 3
    std::int64_t lives_reached, beneficiaries;
};

std::vector<Month> make_months(const MonthsConfig& config);

} // namespace auxeira::synthesis
