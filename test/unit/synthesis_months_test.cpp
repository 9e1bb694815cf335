// The books of companies: what holds in every row (R14), and what must hold over many companies (R9 to R26).
#include <cstdio>
#include <functional>

#include <gtest/gtest.h>

#include "rejection.hpp"
#include "synthesis/actions.hpp"
#include "synthesis/deals.hpp"
#include "synthesis/months.hpp"
#include "synthesis_series.hpp"

namespace auxeira::synthesis {
namespace {

constexpr int companies = 200;

MonthsConfig sample_months(std::uint64_t seed, std::int32_t months = 36) {
    return {seed, {}, months, new_year_2026, {}, 0.2, std::nullopt, false, false};
}

// Companies of one kind, each with a seed of its own.
std::vector<std::vector<Month>> population(const std::function<void(MonthsConfig&)>& change,
                                           int size = companies, std::int32_t months = 36) {
    std::vector<std::vector<Month>> result;
    for (int seed = 0; seed < size; ++seed) {
        MonthsConfig config = sample_months(static_cast<std::uint64_t>(seed), months);
        change(config);
        result.push_back(make_months(config));
    }
    return result;
}

auto of_stage(Stage stage) {
    return [stage](MonthsConfig& config) { config.profile.stage = stage; };
}

// Says what was measured, and checks it.
void expect_within(const char* what, double value, double low, double high) {
    std::printf("[ MEASURED ] %-52s %9.4f  (%g to %g)\n", what, value, low, high);
    EXPECT_GE(value, low) << what;
    EXPECT_LE(value, high) << what;
}

double number(std::int64_t value) {
    return static_cast<double>(value);
}

// --- In every row ------------------------------------------------------------------------------------------

void check_flows(const Month& row, const Month& before) {
    ASSERT_EQ(row.month, before.month + 1);
    ASSERT_EQ(row.customers, before.customers + row.new_customers - row.lost_customers);
    ASSERT_EQ(row.mrr, before.mrr + row.new_mrr + row.expansion_mrr + row.reactivation_mrr -
                           row.contraction_mrr - row.churned_mrr);
    ASSERT_EQ(row.cash, before.cash - row.net_burn + row.financing);
    ASSERT_EQ(row.headcount, before.headcount + row.hires - row.leavers);
    ASSERT_LE(row.lost_customers, before.customers);
    ASSERT_LE(row.churned_mrr + row.contraction_mrr, before.mrr);
    ASSERT_GE(row.lives_reached, before.lives_reached);
    ASSERT_GE(row.stage, before.stage);
}

void check_amounts(const Month& row) {
    ASSERT_EQ(row.mrr, row.customers * row.arpa.value_or(0));
    ASSERT_EQ(row.arpa.has_value(), row.customers > 0);
    ASSERT_EQ(row.arr, 12 * row.mrr);
    ASSERT_EQ(row.net_burn, row.operating_outflow - row.revenue);
    for (const std::int64_t amount :
         {row.new_mrr, row.expansion_mrr, row.reactivation_mrr, row.contraction_mrr, row.churned_mrr,
          row.revenue, row.cogs, row.sales_marketing, row.operating_outflow, row.financing, row.cash,
          row.new_customers, row.lost_customers, row.hires, row.leavers, row.scope1_tco2e, row.scope2_tco2e,
          row.beneficiaries}) {
        ASSERT_GE(amount, 0);
    }
    ASSERT_LE(row.cogs + row.sales_marketing, row.operating_outflow);
    ASSERT_GE(row.headcount, 1);
    ASSERT_LE(row.beneficiaries, row.lives_reached);
    ASSERT_EQ(row.pre_money.has_value(), row.financing > 0);
    for (const std::int64_t score : {row.sse_score, row.environmental, row.social, row.governance}) {
        ASSERT_GE(score, 0);
        ASSERT_LE(score, 10'000);
    }
}

// Half of the last digit beside what the other columns give.
void check_ratio(Ratio shown, double exact, double unit) {
    ASSERT_TRUE(shown.has_value());
    ASSERT_NEAR(number(*shown), exact * unit, 0.5 + 1e-6 * std::abs(exact * unit));
}

void check_ratios(const Month& row) {
    ASSERT_EQ(row.cac.has_value(), row.new_customers > 0);
    if (row.cac) check_ratio(row.cac, number(row.sales_marketing) / number(row.new_customers), 1);
    if (row.mrr > 0)
        check_ratio(row.gross_margin, number(row.revenue - row.cogs) / number(row.revenue), 10'000);
    if (row.ltv) {
        const double margin = number(*row.arpa) * number(*row.gross_margin) / 10'000;
        const double lifetime = std::min(60.0, 1'000'000 / std::max(number(*row.logo_churn), 1e-9));
        check_ratio(row.ltv, margin * lifetime, 1);
        if (row.cac) check_ratio(row.cac_payback_months, number(*row.cac) / margin, 10);
        if (row.ltv_cac) check_ratio(row.ltv_cac, number(*row.ltv) / number(*row.cac), 100);
    }
    if (row.grr_12m) {
        ASSERT_LE(*row.grr_12m, 10'000);
        ASSERT_GE(*row.nrr_12m, *row.grr_12m);
    }
}

void check_runway(const std::vector<Month>& rows, std::size_t j) {
    const Amount burn = rows[j].net_burn + rows[j - 1].net_burn + rows[j - 2].net_burn;
    ASSERT_EQ(rows[j].runway_months.has_value(), burn > 0);
    if (burn > 0) check_ratio(rows[j].runway_months, 3 * number(rows[j].cash) / number(burn), 10);
}

TEST(Months, add_up_in_every_row) {
    std::uint64_t seed = 0;
    for (int stage = 0; stage < 7; ++stage) {
        for (int model = 0; model < 5; ++model) {
            for (const double variance : {0.0, 0.2, 1.0}) {
                for (int trend = -1; trend < 4; ++trend) {
                    ++seed;
                    MonthsConfig config = sample_months(seed, seed % 7 == 0 ? 120 : 24);
                    config.profile.stage = static_cast<Stage>(stage);
                    config.profile.business_model = static_cast<BusinessModel>(model);
                    config.variance = variance;
                    if (trend >= 0) config.trend = static_cast<Trend>(trend);
                    config.survival = seed % 3 == 0;
                    const auto rows = make_months(config);
                    for (std::size_t j = 0; j < rows.size(); ++j) {
                        check_amounts(rows[j]);
                        check_ratios(rows[j]);
                        if (j > 0) check_flows(rows[j], rows[j - 1]);
                        if (j > 1) check_runway(rows, j);
                        ASSERT_FALSE(testing::Test::HasFatalFailure()) << seed << " " << j;
                    }
                    ASSERT_EQ(rows.back().stage, config.survival && rows.back().is_closed
                                                     ? rows.back().stage
                                                     : static_cast<Stage>(stage));
                }
            }
        }
    }
}

TEST(Months, are_as_many_as_asked_and_end_with_that_of_as_of) {
    for (const std::int32_t months : {1, 2, 36, 1200}) {
        const auto rows = make_months(sample_months(1, months));
        EXPECT_EQ(rows.size(), static_cast<std::size_t>(months));
        EXPECT_EQ(rows.back().month, 2026 * 12);
    }
}

// --- As large as can be
// -------------------------------------------------------------------------------------

MonthsConfig giant(std::uint64_t seed, std::int32_t months, std::optional<Trend> trend) {
    MonthsConfig config = sample_months(seed, months);
    config.profile = {Stage::late, std::nullopt, Region::north_america, BusinessModel::b2c};
    config.trend = trend;
    config.variance = 1;
    return config;
}

TEST(Months, twenty_years_of_growth_fit_into_what_is_stored) {
    constexpr Amount most = 999'999'999'999'999;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        for (const auto trend : {std::optional<Trend>{}, std::optional(Trend::volatile_)}) {
            for (const Month& row : make_months(giant(seed, 240, trend))) {
                for (const Amount amount : {row.arr, row.cash, row.financing, row.operating_outflow})
                    ASSERT_TRUE(amount >= 0 && amount <= most) << seed;
                ASSERT_LE(std::max(row.customers, row.headcount), std::numeric_limits<std::int32_t>::max());
            }
        }
    }
}

TEST(Months, refuse_what_does_not_fit_and_name_it) {
    for (const auto& [seed, detail] : {std::pair(14, "customers: is more than can be stored in 1925-01"),
                                       std::pair(47, "cash: is more than can be stored in 1946-11")}) {
        MonthsConfig config = giant(static_cast<std::uint64_t>(seed), 1200, std::nullopt);
        config.variance = 0.2;
        try {
            make_months(config);
            ADD_FAILURE() << seed;
        } catch (const Rejection& refused) {
            EXPECT_EQ(refused.reason(), Reason::out_of_range);
            EXPECT_EQ(refused.detail(), detail);
        }
    }
}

// The cost of a person may be more than 2^22 cents.
TEST(Months, people_cost_what_they_cost) {
    double most = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        for (const Month& row : make_months(giant(seed, 12, std::nullopt))) {
            const bool is_of_people = row.operating_outflow > row.cogs * 3 / 2;
            if (is_of_people) most = std::max(most, number(row.operating_outflow) / number(row.headcount));
        }
    }
    EXPECT_GT(most, 5'000'000);
}

// --- Over many companies -----------------------------------------------------------------------------------

std::vector<double> mrr_of(const std::vector<Month>& rows) {
    std::vector<double> result;
    for (const Month& row : rows)
        result.push_back(number(row.mrr));
    return result;
}

double lag_one(const std::vector<double>& values) {
    return correlation({values.begin(), values.end() - 1}, {values.begin() + 1, values.end()});
}

std::vector<double> log_steps(const std::vector<double>& values) {
    std::vector<double> steps;
    for (std::size_t j = 1; j < values.size(); ++j)
        steps.push_back(std::log(values[j] / values[j - 1]));
    return steps;
}

TEST(Months, revenue_remembers_and_grows_in_runs) {
    std::vector<double> levels, growth, fano, pooled;
    for (const auto& rows : population(of_stage(Stage::series_a), 5 * companies)) { // tails are of few
        const auto values = mrr_of(rows);
        if (rows.front().customers < 20) continue; // of fewer the steps are those of single customers
        levels.push_back(lag_one(LogLine(values).residuals));
        const auto steps = log_steps(values);
        growth.push_back(lag_one(steps));
        std::vector<double> arrivals, sizes;
        for (const Month& row : rows)
            arrivals.push_back(number(row.new_customers));
        double squares = 0;
        for (const double each : arrivals)
            squares += std::pow(each - mean(arrivals), 2);
        fano.push_back(squares / static_cast<double>(arrivals.size()) / mean(arrivals));
        const double middle = median(steps);
        for (const double step : steps)
            sizes.push_back(std::abs(step - middle));
        for (const double step : steps)
            pooled.push_back((step - middle) / median(sizes));
    }
    expect_within("R9 autocorrelation of detrended log MRR", median(levels), 0.6, 1);
    expect_within("R10 autocorrelation of growth", median(growth), -0.05, 0.5);
    expect_within("R16 Fano factor of new customers", median(fano), 1.3, 100);
    double far = 0, squares = 0, fourths = 0;
    for (const double step : pooled) {
        far += std::abs(step) > 4 ? 1 : 0;
        squares += step * step;
        fourths += std::pow(step, 4);
    }
    const double n = static_cast<double>(pooled.size());
    expect_within("R20 share of steps beyond 4 MAD", far / n, 0.01, 0.06);
    expect_within("R20 excess kurtosis of growth", fourths / n / std::pow(squares / n, 2) - 3, 0.3, 15);
}

TEST(Months, customers_leave_by_chance) {
    std::vector<double> arpa, churn, dispersion;
    for (const auto& rows : population(of_stage(Stage::series_a))) {
        double lost = 0, at_risk = 0, paid = 0;
        for (std::size_t j = 1; j < rows.size(); ++j) {
            lost += number(rows[j].lost_customers);
            at_risk += number(rows[j - 1].customers);
            paid += std::log(number(rows[j].arpa.value_or(1)));
        }
        const double rate = lost / at_risk;
        double squares = 0;
        for (std::size_t j = 1; j < rows.size(); ++j) {
            const double usual = rate * number(rows[j - 1].customers);
            squares += std::pow(number(rows[j].lost_customers) - usual, 2) / std::max(usual, 1e-9);
        }
        if (lost == 0) continue;
        dispersion.push_back(squares / static_cast<double>(rows.size() - 2));
        arpa.push_back(paid);
        churn.push_back(std::log(rate));
    }
    expect_within("R16 variance over mean of lost customers", median(dispersion), 0.8, 1.6);
    expect_within("R16 correlation of ln ARPA and ln churn", correlation(arpa, churn), -0.8, -0.2);
}

double retained(BusinessModel model, Ratio Month::*what, double share) {
    std::vector<double> shares;
    for (const auto& rows : population([model](MonthsConfig& config) {
             config.profile.stage = Stage::series_a;
             config.profile.business_model = model;
         })) {
        if (rows.back().*what) shares.push_back(number(*(rows.back().*what)) / 10'000);
    }
    return quantile(shares, share);
}

TEST(Months, revenue_is_kept_as_segments_keep_it) {
    expect_within("R17 GRR, ARPA below 100", retained(BusinessModel::smb, &Month::grr_12m, 0.5), 0.50, 0.80);
    expect_within("R17 GRR, ARPA 100 to 1,000", retained(BusinessModel::mid_market, &Month::grr_12m, 0.5),
                  0.70, 0.90);
    expect_within("R17 GRR, ARPA above 1,000", retained(BusinessModel::enterprise, &Month::grr_12m, 0.5),
                  0.85, 0.95);
    expect_within("R17 top decile of NRR, ARPA below 25", retained(BusinessModel::b2c, &Month::nrr_12m, 0.9),
                  0.72, 0.92);
    expect_within("R17 top decile of NRR, ARPA above 1,000",
                  retained(BusinessModel::enterprise, &Month::nrr_12m, 0.9), 1.16, 1.36);
}

TEST(Months, new_customers_have_seasons) {
    std::array<double, 12> ratios{}, counts{};
    for (const auto& rows : population([](MonthsConfig&) {}, 300, 60)) {
        for (std::size_t j = 6; j + 6 < rows.size(); ++j) {
            double around = number(rows[j - 6].new_customers + rows[j + 6].new_customers) / 2;
            for (std::size_t k = j - 5; k <= j + 5; ++k)
                around += number(rows[k].new_customers);
            if (around < 120) continue;
            const auto month = static_cast<std::size_t>(rows[j].month % 12);
            ratios[month] += number(rows[j].new_customers) / (around / 12);
            counts[month] += 1;
        }
    }
    std::vector<double> sorted;
    for (std::size_t month = 0; month < 12; ++month)
        sorted.push_back(ratios[month] /= counts[month]);
    std::sort(sorted.begin(), sorted.end());
    EXPECT_GE(ratios[2], sorted[9]);
    EXPECT_LE(ratios[6], sorted[3]);
    EXPECT_LE(ratios[11], sorted[3]);
    expect_within("R18 amplitude of the season", (sorted[11] - sorted[0]) / 2, 0.05, 0.20);
}

void expect_alike(Stage stage) {
    std::vector<double> revenue, team, outflow, score, growth, multiples;
    for (const auto& rows : population(of_stage(stage), 500, 24)) {
        const Month& last = rows.back();
        std::vector<double> burns;
        for (const Month& row : rows)
            if (row.burn_multiple) burns.push_back(number(*row.burn_multiple) / 100);
        if (!burns.empty()) multiples.push_back(median(burns));
        if (last.mrr == 0 || rows[11].mrr == 0) continue;
        revenue.push_back(std::log(number(last.mrr)));
        team.push_back(std::log(number(last.headcount)));
        outflow.push_back(std::log(number(last.operating_outflow)));
        score.push_back(number(last.sse_score));
        growth.push_back(std::log(number(last.mrr) / number(rows[11].mrr)));
    }
    std::printf("%s\n", std::string(stage_names[static_cast<std::size_t>(stage)]).c_str());
    expect_within("R21 correlation of ln MRR and ln team", correlation(revenue, team), 0.35, 0.9);
    expect_within("R21 correlation of gross burn and team", correlation(outflow, team), 0.7, 1);
    expect_within("R21 correlation of score and growth", correlation(score, growth), 0.2, 0.6);
    expect_within("R21 median burn multiple", median(multiples), 0.8, 2.5);
}

TEST(Months, companies_of_a_stage_are_alike_and_differ) {
    for (const Stage stage :
         {Stage::pre_seed, Stage::seed, Stage::series_a, Stage::series_b, Stage::series_c})
        expect_alike(stage);
}

double normal_share(double z) {
    return std::erfc(-z / std::sqrt(2)) / 2;
}

// The greatest distance of the distribution functions.
double kolmogorov_smirnov(std::vector<double> values, double centre, double spread) {
    std::sort(values.begin(), values.end());
    double greatest = 0;
    for (std::size_t j = 0; j < values.size(); ++j) {
        const double share = normal_share((values[j] - centre) / spread);
        const double n = static_cast<double>(values.size());
        greatest =
            std::max({greatest, share - static_cast<double>(j) / n, static_cast<double>(j + 1) / n - share});
    }
    return greatest;
}

TEST(Months, levels_and_growth_are_those_published) {
    std::vector<double> revenue, growth;
    const double price = calibrated(Region::africa, "price_level");
    for (const auto& rows : population(
             [](MonthsConfig& config) {
                 config.profile = {Stage::series_c, std::nullopt, Region::africa, BusinessModel::smb};
             },
             500, 13)) {
        revenue.push_back(std::log(number(rows.back().mrr) / 100));
        growth.push_back(std::log(number(rows.back().mrr) / number(rows.front().mrr)));
    }
    expect_within("R13 KS of log MRR at series C", kolmogorov_smirnov(revenue, std::log(2.5e6 * price), 0.8),
                  0, 0.08);
    expect_within("R13 KS of yearly growth", kolmogorov_smirnov(growth, 0.223, 0.27), 0, 0.08);
    expect_within("R13 lower quartile of growth", std::exp(quantile(growth, 0.25)) - 1, 0.04 - 0.03,
                  0.04 + 0.03);
    expect_within("R13 median growth", std::exp(quantile(growth, 0.5)) - 1, 0.25 * 0.85, 0.25 * 1.15);
    expect_within("R13 upper quartile of growth", std::exp(quantile(growth, 0.75)) - 1, 0.50 * 0.75,
                  0.50 * 1.25);
}

TEST(Months, companies_close_as_they_do) {
    int alive[5] = {2000, 0, 0, 0, 0};
    for (const auto& rows : population(
             [](MonthsConfig& config) {
                 config.profile.stage = Stage::seed;
                 config.survival = true;
             },
             2000, 48)) {
        for (std::size_t j = 0; j + 1 < rows.size(); ++j)
            ASSERT_FALSE(rows[j].is_closed);
        for (std::size_t year = 1; year <= 4; ++year)
            alive[year] +=
                rows.size() >= 12 * year && !(rows.size() == 12 * year && rows.back().is_closed) ? 1 : 0;
        ASSERT_EQ(rows.size() < 48, rows.size() < 48 && rows.back().is_closed);
    }
    for (int year = 1; year <= 4; ++year)
        expect_within("R24 survival of a year", number(alive[year]) / number(alive[year - 1]), 0.80, 0.90);
    expect_within("R24 survival of four years", alive[4] / 2000.0, 0.44, 0.60);
}

TEST(Months, a_company_that_ends_closes_in_its_last_month_and_raises_nothing_before) {
    int rounds = 0;
    for (const auto& rows : population([](MonthsConfig& config) { config.ends = true; }, 200, 24)) {
        ASSERT_EQ(rows.size(), 24U);
        for (std::size_t j = 0; j < rows.size(); ++j) {
            ASSERT_EQ(rows[j].is_closed, j == 23);
            ASSERT_GE(rows[j].cash, 0);
            ASSERT_TRUE(j < 18 || rows[j].financing == 0);
            if (rows[j].financing > 0) ++rounds;
        }
    }
    ASSERT_GT(rounds, 100);
}

TEST(Months, many_young_companies_have_no_revenue_yet) {
    int without = 0;
    for (const auto& rows : population(of_stage(Stage::pre_seed), 500, 12)) {
        const Month& last = rows.back();
        if (last.mrr > 0) continue;
        ++without;
        ASSERT_EQ(last.arr, 0);
        ASSERT_FALSE(last.arpa || last.gross_margin || last.ltv || last.cac || last.cac_payback_months);
    }
    expect_within("R26 share of pre-seed companies without revenue", without / 500.0, 0.40, 0.55);
}

double share_of(const std::vector<double>& values, double low, double high) {
    const auto inside =
        std::count_if(values.begin(), values.end(), [&](double each) { return each >= low && each < high; });
    return static_cast<double>(inside) / static_cast<double>(values.size());
}

TEST(Deals, return_what_deals_return) {
    for (const auto& [investor, lost, lost_by, tenfold, tenfold_by] :
         {std::tuple{Investor::vc, 0.65, 0.04, 0.04, 0.015}, {Investor::angel, 0.52, 0.04, 0.07, 0.02}}) {
        std::vector<double> multiples, short_holds, long_holds, middle_holds;
        for (int deal = 0; deal < 4000; ++deal) {
            const Deal drawn = draw_deal(investor, 7, "deal " + std::to_string(deal));
            multiples.push_back(number(drawn.multiple) / 10'000);
            auto& holds = multiples.back() < 1   ? short_holds
                          : multiples.back() < 5 ? middle_holds
                                                 : long_holds;
            holds.push_back(number(drawn.holding_years) / 100);
        }
        expect_within("R23 share of deals below 1x", share_of(multiples, 0, 1), lost - lost_by,
                      lost + lost_by);
        expect_within("R23 share of deals above 10x", share_of(multiples, 10, 1e9), tenfold - tenfold_by,
                      tenfold + tenfold_by);
        EXPECT_LT(mean(short_holds), mean(middle_holds));
        EXPECT_LT(mean(middle_holds), mean(long_holds));
    }
}

TEST(Deals, the_share_of_a_multiple_is_that_of_the_deals_it_is_not_exceeded_by) {
    for (const Investor investor : {Investor::vc, Investor::angel}) {
        const double lost =
            calibrated("deal", investor_names[static_cast<std::size_t>(investor)], "total_loss");
        EXPECT_EQ(multiple_at(investor, 0), 0);
        EXPECT_EQ(multiple_at(investor, lost - 0.001), 0);
        std::int64_t before = 0;
        for (const double share : {0.42, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0}) {
            const std::int64_t multiple = multiple_at(investor, share);
            EXPECT_GT(multiple, before);
            before = multiple;
            int below = 0;
            for (int deal = 0; deal < 4000; ++deal)
                below += draw_deal(investor, 7, "deal " + std::to_string(deal)).multiple <= multiple;
            EXPECT_NEAR(below / 4000.0, share, 0.025);
        }
    }
}

double weekend_ratio(BusinessModel model) {
    double days[2] = {}, actions[2] = {};
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Actions series({seed, {}, 364, new_year_2026, model, Trend::stable, 0.2});
        std::vector<std::int64_t> times;
        for (int day = 0; series.next_day(times); ++day) {
            const int weekday = (day + 4) % 7; // the first is the 2nd of January 2025, a Thursday
            const bool weekend = weekday == 6 || weekday == 0;
            days[weekend] += 1;
            actions[weekend] += static_cast<double>(times.size());
        }
    }
    return actions[1] / days[1] / (actions[0] / days[0]);
}

TEST(Actions, of_a_day_are_as_many_as_a_person_has_time_for) {
    std::size_t most = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Actions series({seed, {}, 364, new_year_2026, BusinessModel::b2c, Trend::volatile_, 1});
        for (std::vector<std::int64_t> times; series.next_day(times);)
            most = std::max(most, times.size());
    }
    EXPECT_EQ(most, static_cast<std::size_t>(most_actions_a_day));
}

TEST(Actions, are_fewer_on_weekends_where_customers_are_businesses) {
    expect_within("R19 weekend over weekday, mid-market", weekend_ratio(BusinessModel::mid_market), 0.30,
                  0.60);
    expect_within("R19 weekend over weekday, consumers", weekend_ratio(BusinessModel::b2c), 0.8, 1.2);
}

} // namespace
} // namespace auxeira::synthesis
