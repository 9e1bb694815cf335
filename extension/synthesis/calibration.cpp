#include "synthesis/calibration.hpp"

#include <algorithm>
#include <cstddef>

namespace auxeira::synthesis {

namespace {

constexpr std::string_view repo = "stage medians of the service that this one replaces";
constexpr std::string_view chart_mogul = "ChartMogul SaaS growth and retention reports";
constexpr std::string_view saas_capital = "SaaS Capital 2022, 2025";
constexpr std::string_view carta = "Carta State of Private Markets 2023, 2024";
constexpr std::string_view kbcm = "KBCM and OpenView surveys";
constexpr std::string_view bls = "BLS business employment dynamics, 1998 cohort";
constexpr std::string_view wiltbank = "Wiltbank and Boeker 2007";
constexpr std::string_view correlation = "Correlation Ventures, 21,000 financings 2004-2013";
constexpr std::string_view proposal = "this project";
constexpr std::string_view general = "general knowledge";
constexpr std::string_view wiltbank_near = "near Wiltbank and Boeker 2007, who have 0.45";
constexpr std::string_view chart_mogul_order = "fitted to the order of the months in ChartMogul's reports";
constexpr std::string_view chart_mogul_assumed =
    "ChartMogul SaaS growth and retention reports, on an assumption of this project";
constexpr std::string_view chart_mogul_downwards =
    "ChartMogul's companies of 1 to 3 million USD a year, extended downwards";
constexpr std::string_view kbcm_near = "near KBCM and OpenView surveys: 28,000 USD a year are 2,333 a month";
constexpr std::string_view fit = "fitted to a median burn multiple near 2";

// clang-format off
constexpr Constant constants[] = {
    {"stage", "pre_seed", "mrr",              5000, "USD per month", 'V', repo},
    {"stage", "seed",     "mrr",             25000, "USD per month", 'V', repo},
    {"stage", "series_a", "mrr",            150000, "USD per month", 'V', repo},
    {"stage", "series_b", "mrr",            800000, "USD per month", 'V', repo},
    {"stage", "series_c", "mrr",           2500000, "USD per month", 'V', repo},
    {"stage", "growth",   "mrr",           6000000, "USD per month", 'P', proposal},
    {"stage", "late",     "mrr",          15000000, "USD per month", 'P', proposal},
    {"stage", "pre_seed", "team",                3, "people", 'V', repo},
    {"stage", "seed",     "team",                8, "people", 'V', repo},
    {"stage", "series_a", "team",               25, "people", 'V', repo},
    {"stage", "series_b", "team",               75, "people", 'V', repo},
    {"stage", "series_c", "team",              200, "people", 'V', repo},
    {"stage", "growth",   "team",              450, "people", 'P', proposal},
    {"stage", "late",     "team",             1000, "people", 'P', proposal},
    {"stage", "pre_seed", "round",           50000, "USD", 'V', repo},
    {"stage", "seed",     "round",          500000, "USD", 'V', repo},
    {"stage", "series_a", "round",         3000000, "USD", 'V', repo},
    {"stage", "series_b", "round",        15000000, "USD", 'V', repo},
    {"stage", "series_c", "round",        50000000, "USD", 'V', repo},
    {"stage", "growth",   "round",       100000000, "USD", 'P', proposal},
    {"stage", "late",     "round",       200000000, "USD", 'P', proposal},
    {"stage", "pre_seed", "pre_money",     5000000, "USD", 'M', general},
    {"stage", "seed",     "pre_money",    16000000, "USD", 'V', carta},
    {"stage", "series_a", "pre_money",    45000000, "USD", 'V', carta},
    {"stage", "series_b", "pre_money",   120000000, "USD", 'M', general},
    {"stage", "series_c", "pre_money",   300000000, "USD", 'M', general},
    {"stage", "growth",   "pre_money",   600000000, "USD", 'M', general},
    {"stage", "late",     "pre_money",  1200000000, "USD", 'M', general},
    {"stage", "pre_seed", "sse",                45, "points", 'V', repo},
    {"stage", "seed",     "sse",                60, "points", 'V', repo},
    {"stage", "series_a", "sse",                75, "points", 'V', repo},
    {"stage", "series_b", "sse",                85, "points", 'V', repo},
    {"stage", "series_c", "sse",                90, "points", 'V', repo},
    {"stage", "growth",   "sse",                91, "points", 'P', proposal},
    {"stage", "late",     "sse",                92, "points", 'P', proposal},
    {"stage", "pre_seed", "growth_mean",     0.517, "log a year", 'V', chart_mogul},
    {"stage", "seed",     "growth_mean",     0.366, "log a year", 'V', chart_mogul},
    {"stage", "series_a", "growth_mean",     0.336, "log a year", 'P', chart_mogul_assumed},
    {"stage", "series_b", "growth_mean",     0.250, "log a year", 'X', chart_mogul},
    {"stage", "series_c", "growth_mean",     0.223, "log a year", 'X', saas_capital},
    {"stage", "growth",   "growth_mean",     0.223, "log a year", 'X', saas_capital},
    {"stage", "late",     "growth_mean",     0.223, "log a year", 'X', saas_capital},
    {"stage", "pre_seed", "growth_spread",    0.57, "log a year", 'P', chart_mogul_downwards},
    {"stage", "seed",     "growth_spread",    0.57, "log a year", 'P', chart_mogul_downwards},
    {"stage", "series_a", "growth_spread",    0.57, "log a year", 'X', chart_mogul},
    {"stage", "series_b", "growth_spread",    0.38, "log a year", 'X', chart_mogul},
    {"stage", "series_c", "growth_spread",    0.27, "log a year", 'X', saas_capital},
    {"stage", "growth",   "growth_spread",    0.27, "log a year", 'X', saas_capital},
    {"stage", "late",     "growth_spread",    0.27, "log a year", 'X', saas_capital},
    {"stage", "pre_seed", "cost_per_person",  2000, "USD per month", 'X', fit},
    {"stage", "seed",     "cost_per_person",  4300, "USD per month", 'X', fit},
    {"stage", "series_a", "cost_per_person",  8900, "USD per month", 'X', fit},
    {"stage", "series_b", "cost_per_person", 12600, "USD per month", 'X', fit},
    {"stage", "series_c", "cost_per_person", 13300, "USD per month", 'X', fit},
    {"stage", "growth",   "cost_per_person", 14200, "USD per month", 'P', fit},
    {"stage", "late",     "cost_per_person", 15600, "USD per month", 'P', fit},
    {"stage", "pre_seed", "pre_revenue",      0.47, "fraction", 'P', wiltbank_near},
    {"stage", "seed",     "pre_revenue",      0.10, "fraction", 'P', proposal},
    {"stage", "series_a", "pre_revenue",         0, "fraction", 'P', proposal},
    {"stage", "series_b", "pre_revenue",         0, "fraction", 'P', proposal},
    {"stage", "series_c", "pre_revenue",         0, "fraction", 'P', proposal},
    {"stage", "growth",   "pre_revenue",         0, "fraction", 'P', proposal},
    {"stage", "late",     "pre_revenue",         0, "fraction", 'P', proposal},
    {"stage", "pre_seed", "survival",         0.85, "a year", 'V', bls},
    {"stage", "seed",     "survival",         0.85, "a year", 'V', bls},
    {"stage", "series_a", "survival",         0.85, "a year", 'V', bls},
    {"stage", "series_b", "survival",         0.87, "a year", 'P', proposal},
    {"stage", "series_c", "survival",         0.88, "a year", 'P', proposal},
    {"stage", "growth",   "survival",         0.88, "a year", 'P', proposal},
    {"stage", "late",     "survival",         0.88, "a year", 'P', proposal},
    {"stage", "pre_seed", "age",                10, "months", 'M', general},
    {"stage", "seed",     "age",                22, "months", 'M', general},
    {"stage", "series_a", "age",                40, "months", 'M', general},
    {"stage", "series_b", "age",                60, "months", 'M', general},
    {"stage", "series_c", "age",                84, "months", 'M', general},
    {"stage", "growth",   "age",               108, "months", 'M', general},
    {"stage", "late",     "age",               132, "months", 'M', general},
    {"stage", "pre_seed", "share",            0.30, "fraction", 'P', proposal},
    {"stage", "seed",     "share",            0.30, "fraction", 'P', proposal},
    {"stage", "series_a", "share",            0.20, "fraction", 'P', proposal},
    {"stage", "series_b", "share",            0.10, "fraction", 'P', proposal},
    {"stage", "series_c", "share",            0.05, "fraction", 'P', proposal},
    {"stage", "growth",   "share",            0.03, "fraction", 'P', proposal},
    {"stage", "late",     "share",            0.02, "fraction", 'P', proposal},

    {"business_model", "b2c",         "arpa",               14, "USD per month", 'M', general},
    {"business_model", "smb",         "arpa",               60, "USD per month", 'M', general},
    {"business_model", "mid_market",  "arpa",              400, "USD per month", 'M', general},
    {"business_model", "enterprise",  "arpa",             2500, "USD per month", 'P', kbcm_near},
    {"business_model", "marketplace", "arpa",               90, "USD per month", 'M', general},
    {"business_model", "b2c",         "gross_margin",     0.70, "fraction", 'M', general},
    {"business_model", "smb",         "gross_margin",     0.76, "fraction", 'V', kbcm},
    {"business_model", "mid_market",  "gross_margin",     0.76, "fraction", 'V', kbcm},
    {"business_model", "enterprise",  "gross_margin",     0.75, "fraction", 'V', kbcm},
    {"business_model", "marketplace", "gross_margin",     0.72, "fraction", 'V', kbcm},
    {"business_model", "b2c",         "expansion",      0.0090, "a month", 'X', chart_mogul},
    {"business_model", "smb",         "expansion",      0.0100, "a month", 'X', chart_mogul},
    {"business_model", "mid_market",  "expansion",      0.0100, "a month", 'X', chart_mogul},
    {"business_model", "enterprise",  "expansion",      0.0120, "a month", 'X', chart_mogul},
    {"business_model", "marketplace", "expansion",      0.0100, "a month", 'X', chart_mogul},
    {"business_model", "b2c",         "selling_share",    0.35, "of outflow", 'M', general},
    {"business_model", "smb",         "selling_share",    0.35, "of outflow", 'M', general},
    {"business_model", "mid_market",  "selling_share",    0.38, "of outflow", 'M', general},
    {"business_model", "enterprise",  "selling_share",    0.40, "of outflow", 'M', general},
    {"business_model", "marketplace", "selling_share",    0.35, "of outflow", 'M', general},
    {"business_model", "b2c",         "weekend_ratio",    1.00, "weekday = 1", 'P', proposal},
    {"business_model", "smb",         "weekend_ratio",    0.45, "weekday = 1", 'P', proposal},
    {"business_model", "mid_market",  "weekend_ratio",    0.42, "weekday = 1", 'P', proposal},
    {"business_model", "enterprise",  "weekend_ratio",    0.38, "weekday = 1", 'P', proposal},
    {"business_model", "marketplace", "weekend_ratio",    0.95, "weekday = 1", 'P', proposal},
    {"business_model", "b2c",         "lives_per_customer",   3, "people", 'P', proposal},
    {"business_model", "smb",         "lives_per_customer",  12, "people", 'P', proposal},
    {"business_model", "mid_market",  "lives_per_customer",  80, "people", 'P', proposal},
    {"business_model", "enterprise",  "lives_per_customer", 400, "people", 'P', proposal},
    {"business_model", "marketplace", "lives_per_customer",   6, "people", 'P', proposal},
    {"business_model", "b2c",         "share",            0.20, "fraction", 'P', proposal},
    {"business_model", "smb",         "share",            0.30, "fraction", 'P', proposal},
    {"business_model", "mid_market",  "share",            0.20, "fraction", 'P', proposal},
    {"business_model", "enterprise",  "share",            0.15, "fraction", 'P', proposal},
    {"business_model", "marketplace", "share",            0.15, "fraction", 'P', proposal},

    {"region", "africa",        "price_level",   1.0, "x", 'P', proposal},
    {"region", "asia",          "price_level",   1.3, "x", 'M', general},
    {"region", "europe",        "price_level",   2.0, "x", 'M', general},
    {"region", "latin_america", "price_level",   1.2, "x", 'M', general},
    {"region", "north_america", "price_level",   2.5, "x", 'M', general},
    {"region", "other",         "price_level",   1.3, "x", 'M', general},
    {"region", "africa",        "capital_level", 0.25, "x", 'P', proposal},
    {"region", "asia",          "capital_level", 0.50, "x", 'M', general},
    {"region", "europe",        "capital_level", 0.65, "x", 'M', general},
    {"region", "latin_america", "capital_level", 0.35, "x", 'M', general},
    {"region", "north_america", "capital_level", 1.00, "x", 'V', carta},
    {"region", "other",         "capital_level", 0.40, "x", 'M', general},
    {"region", "africa",        "share",         0.30, "fraction", 'P', proposal},
    {"region", "asia",          "share",         0.15, "fraction", 'P', proposal},
    {"region", "europe",        "share",         0.20, "fraction", 'P', proposal},
    {"region", "latin_america", "share",         0.10, "fraction", 'P', proposal},
    {"region", "north_america", "share",         0.20, "fraction", 'P', proposal},
    {"region", "other",         "share",         0.05, "fraction", 'P', proposal},

    {"industry", "fintech",     "scope1_per_person", 0.03, "tCO2e per month", 'P', proposal},
    {"industry", "health",      "scope1_per_person", 0.08, "tCO2e per month", 'P', proposal},
    {"industry", "education",   "scope1_per_person", 0.03, "tCO2e per month", 'P', proposal},
    {"industry", "agriculture", "scope1_per_person", 0.40, "tCO2e per month", 'P', proposal},
    {"industry", "climate",     "scope1_per_person", 0.15, "tCO2e per month", 'P', proposal},
    {"industry", "commerce",    "scope1_per_person", 0.20, "tCO2e per month", 'P', proposal},
    {"industry", "software",    "scope1_per_person", 0.02, "tCO2e per month", 'P', proposal},
    {"industry", "other",       "scope1_per_person", 0.08, "tCO2e per month", 'P', proposal},
    {"industry", "fintech",     "scope2_per_person", 0.12, "tCO2e per month", 'P', proposal},
    {"industry", "health",      "scope2_per_person", 0.20, "tCO2e per month", 'P', proposal},
    {"industry", "education",   "scope2_per_person", 0.10, "tCO2e per month", 'P', proposal},
    {"industry", "agriculture", "scope2_per_person", 0.25, "tCO2e per month", 'P', proposal},
    {"industry", "climate",     "scope2_per_person", 0.20, "tCO2e per month", 'P', proposal},
    {"industry", "commerce",    "scope2_per_person", 0.22, "tCO2e per month", 'P', proposal},
    {"industry", "software",    "scope2_per_person", 0.12, "tCO2e per month", 'P', proposal},
    {"industry", "other",       "scope2_per_person", 0.15, "tCO2e per month", 'P', proposal},
    {"industry", "fintech",     "environmental", 62, "points", 'P', proposal},
    {"industry", "health",      "environmental", 60, "points", 'P', proposal},
    {"industry", "education",   "environmental", 66, "points", 'P', proposal},
    {"industry", "agriculture", "environmental", 56, "points", 'P', proposal},
    {"industry", "climate",     "environmental", 76, "points", 'P', proposal},
    {"industry", "commerce",    "environmental", 54, "points", 'P', proposal},
    {"industry", "software",    "environmental", 66, "points", 'P', proposal},
    {"industry", "other",       "environmental", 60, "points", 'P', proposal},
    {"industry", "fintech",     "share", 0.20, "fraction", 'P', proposal},
    {"industry", "health",      "share", 0.14, "fraction", 'P', proposal},
    {"industry", "education",   "share", 0.10, "fraction", 'P', proposal},
    {"industry", "agriculture", "share", 0.12, "fraction", 'P', proposal},
    {"industry", "climate",     "share", 0.08, "fraction", 'P', proposal},
    {"industry", "commerce",    "share", 0.12, "fraction", 'P', proposal},
    {"industry", "software",    "share", 0.18, "fraction", 'P', proposal},
    {"industry", "other",       "share", 0.06, "fraction", 'P', proposal},

    {"season", "01", "new_customers", 1.05, "x", 'P', chart_mogul_order},
    {"season", "02", "new_customers", 1.04, "x", 'P', chart_mogul_order},
    {"season", "03", "new_customers", 1.09, "x", 'P', chart_mogul_order},
    {"season", "04", "new_customers", 1.02, "x", 'M', general},
    {"season", "05", "new_customers", 1.01, "x", 'M', general},
    {"season", "06", "new_customers", 1.00, "x", 'M', general},
    {"season", "07", "new_customers", 0.92, "x", 'P', chart_mogul_order},
    {"season", "08", "new_customers", 0.95, "x", 'M', general},
    {"season", "09", "new_customers", 1.02, "x", 'M', general},
    {"season", "10", "new_customers", 1.01, "x", 'M', general},
    {"season", "11", "new_customers", 0.98, "x", 'M', general},
    {"season", "12", "new_customers", 0.91, "x", 'P', chart_mogul_order},

    {"churn", "all", "at_10_usd",          0.068, "a month", 'V', chart_mogul},
    {"churn", "all", "exponent",          -0.326, "of ARPA", 'X', chart_mogul},
    {"churn", "all", "spread",              0.35, "log", 'X', chart_mogul},
    {"churn", "all", "least",              0.005, "a month", 'X', chart_mogul},
    {"churn", "all", "most",                0.09, "a month", 'X', chart_mogul},
    {"churn", "all", "most_above_1000_usd", 0.008, "a month", 'X', saas_capital},
    {"churn", "all", "contraction",        0.0020, "a month", 'M', general},
    {"churn", "all", "price_of_leavers",     0.80, "of ARPA", 'M', general},

    {"company", "all", "mrr_spread",         0.80, "log", 'P', proposal},
    {"company", "all", "team_spread",        0.60, "log", 'P', proposal},
    {"company", "all", "team_with_mrr",      0.75, "correlation", 'P', proposal},
    {"company", "all", "arpa_spread",        0.50, "log", 'P', proposal},
    {"company", "all", "cost_spread",        0.25, "log", 'P', proposal},
    {"company", "all", "sse_with_growth",    0.40, "correlation", 'P', proposal},
    {"company", "all", "sse_spread",           10, "points", 'P', proposal},
    {"company", "all", "social",               60, "points", 'P', proposal},
    {"company", "all", "governance",           62, "points", 'P', proposal},
    {"company", "all", "arrivals_limit",      3.5, "deviations", 'P', proposal},
    {"company", "all", "round_spread",       0.60, "log", 'P', proposal},
    {"company", "all", "pre_money_spread",   0.50, "log", 'P', proposal},

    {"deal", "vc",    "total_loss",        0.40, "fraction", 'X', correlation},
    {"deal", "vc",    "multiple_mean",     0.33, "log", 'X', correlation},
    {"deal", "vc",    "multiple_spread",  1.315, "log", 'X', correlation},
    {"deal", "angel", "total_loss",        0.35, "fraction", 'V', wiltbank},
    {"deal", "angel", "multiple_mean",    0.783, "log", 'X', wiltbank},
    {"deal", "angel", "multiple_spread", 1.2265, "log", 'X', wiltbank},
    {"deal", "all",   "closing",           0.50, "of realised", 'P', proposal},
    {"holding", "below_1",   "mean",         3.0, "years", 'V', wiltbank},
    {"holding", "1_to_5",    "mean",         3.3, "years", 'V', wiltbank},
    {"holding", "5_to_10",   "mean",         4.6, "years", 'V', wiltbank},
    {"holding", "10_to_30",  "mean",         4.9, "years", 'V', wiltbank},
    {"holding", "above_30",  "mean",         6.0, "years", 'V', wiltbank},
    {"holding", "all",       "spread",      0.40, "log", 'P', proposal},
};
// clang-format on

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The last of the names is the one for all others.
template <typename Names>
std::size_t find(const Names& names, std::string_view name) noexcept {
    const auto same = [](char a, char b) { return a == lower(b); };
    for (std::size_t j = 0; j + 1 < names.size(); ++j) {
        if (std::ranges::equal(names[j], name, same)) return j;
    }
    return names.size() - 1;
}

} // namespace

Industry find_industry(std::string_view name) noexcept {
    return static_cast<Industry>(find(industry_names, name));
}

Region find_region(std::string_view name) noexcept {
    return static_cast<Region>(find(region_names, name));
}

std::span<const Constant> calibration() noexcept {
    return constants;
}

double calibrated(std::string_view topic, std::string_view key, std::string_view parameter) noexcept {
    const auto found = std::ranges::find_if(constants, [&](const Constant& each) {
        return each.parameter == parameter && each.key == key && each.topic == topic;
    });
    return found->value;
}

double calibrated(Stage stage, std::string_view parameter) noexcept {
    return calibrated("stage", stage_names[static_cast<std::size_t>(stage)], parameter);
}

double calibrated(BusinessModel model, std::string_view parameter) noexcept {
    return calibrated("business_model", business_model_names[static_cast<std::size_t>(model)], parameter);
}

double calibrated(Industry industry, std::string_view parameter) noexcept {
    return calibrated("industry", industry_names[static_cast<std::size_t>(industry)], parameter);
}

double calibrated(Region region, std::string_view parameter) noexcept {
    return calibrated("region", region_names[static_cast<std::size_t>(region)], parameter);
}

} // namespace auxeira::synthesis
