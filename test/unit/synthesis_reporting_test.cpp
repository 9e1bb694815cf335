// Points that are left out, late or corrected, and sudden changes of level (R25); companies of a profile
// (R21, R26).
#include <map>

#include <gtest/gtest.h>

#include "synthesis/company.hpp"
#include "synthesis_series.hpp"

namespace auxeira::synthesis {
namespace {

struct Reported {
    Point point;
    std::vector<std::int64_t> values, first_values;
};

std::vector<Reported> points_of(const Config& config) {
    std::vector<Reported> result;
    Generator generator(config);
    for (Point point; generator.next(point);) {
        result.push_back({point,
                          {point.values.begin(), point.values.end()},
                          {point.first_values.begin(), point.first_values.end()}});
    }
    return result;
}

Config disturbed(UserType user_type, Disturbance disturbance) {
    Config config = sample_config(user_type);
    config.count = 20'000;
    config.time_range_days = 3000;
    config.disturbance = disturbance;
    return config;
}

TEST(Reporting, leaves_out_the_share_that_is_asked_and_changes_no_other_point) {
    for (const double rate : {0.1, 0.5}) {
        std::map<Uuid, std::vector<std::int64_t>> whole;
        for (const Reported& each : points_of(disturbed(UserType::startup_founder, {})))
            whole[each.point.id] = each.values;
        const auto left = points_of(disturbed(UserType::startup_founder, {.missing_rate = rate}));
        EXPECT_NEAR(1 - static_cast<double>(left.size()) / 20'000, rate, 0.01);
        for (const Reported& each : left)
            ASSERT_EQ(whole.at(each.point.id), each.values);
        EXPECT_EQ(left.back().point.timestamp, new_year_2026);
    }
    EXPECT_EQ(points_of(disturbed(UserType::startup_founder, {.missing_rate = 1})).size(), 1u);
}

TEST(Reporting, is_late_by_up_to_twenty_days_and_never_in_the_future) {
    int late = 0;
    const auto points = points_of(disturbed(UserType::government, {.late_rate = 0.3}));
    for (const Reported& each : points) {
        const std::int64_t lag = each.point.reported_at - each.point.timestamp;
        ASSERT_GE(lag, 0);
        ASSERT_LE(lag, 20 * microseconds_a_day);
        ASSERT_LE(each.point.reported_at, new_year_2026);
        late += lag > 0 ? 1 : 0;
    }
    EXPECT_NEAR(late / 20'000.0, 0.3, 0.01);
    for (const Reported& each : points_of(disturbed(UserType::government, {})))
        ASSERT_EQ(each.point.reported_at, each.point.timestamp);
}

TEST(Reporting, corrects_the_share_that_is_asked_to_the_values_of_an_undisturbed_series) {
    const auto plain = points_of(disturbed(UserType::startup_founder, {}));
    const auto restated = points_of(disturbed(UserType::startup_founder, {.restatement_rate = 0.2}));
    int corrected = 0;
    for (std::size_t j = 0; j < plain.size(); ++j) {
        ASSERT_EQ(restated[j].values, plain[j].values);
        ASSERT_EQ(restated[j].point.is_restated, restated[j].first_values != restated[j].values);
        corrected += restated[j].point.is_restated ? 1 : 0;
        const std::int64_t customers = restated[j].first_values[2];
        if (customers > 0) {
            ASSERT_EQ(restated[j].first_values[1] % customers, 0);
        }
    }
    EXPECT_NEAR(corrected / 20'000.0, 0.2, 0.01);
}

TEST(Reporting, shocks_change_the_level_for_good) {
    int shocks = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Config config = sample_config();
        config.count = 200;
        config.variance = 0;
        config.seed = seed;
        config.disturbance.shock_rate = 2;
        const auto revenue = Series(config).values(1);
        for (std::size_t j = 1; j < revenue.size(); ++j)
            shocks += std::abs(std::log(revenue[j] / revenue[j - 1])) > 0.15 ? 1 : 0;
    }
    EXPECT_NEAR(shocks / 50.0, 2, 0.6);
}

// --- Companies ---------------------------------------------------------------------------------------------

Config company_of(Stage stage, std::uint64_t seed) {
    Config config = sample_config();
    config.profile.stage = stage;
    config.seed = seed;
    config.variance = 0;
    return config;
}

TEST(Founders, earn_what_their_stage_earns) {
    for (const Stage stage : {Stage::seed, Stage::series_b}) {
        std::vector<double> revenue;
        for (std::uint64_t seed = 0; seed < 400; ++seed) {
            Config config = company_of(stage, seed);
            config.profile.region = Region::africa;
            revenue.push_back(Series(config).values(1).front());
        }
        revenue.erase(std::remove(revenue.begin(), revenue.end(), 0), revenue.end());
        EXPECT_NEAR(std::log(median(revenue) / calibrated(stage, "mrr")), 0, 0.15);
    }
}

TEST(Founders, have_no_customers_before_they_have_revenue) {
    int without = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const Config config = company_of(Stage::pre_seed, seed);
        const Series series(config);
        const bool pre_revenue = draw_company(seed, config.org, config.profile).pre_revenue;
        without += pre_revenue ? 1 : 0;
        for (std::size_t j = 0; pre_revenue && j < series.ids.size(); ++j) {
            ASSERT_EQ(series["customers"][j], 0);
            ASSERT_EQ(series["revenue"][j], 0);
        }
    }
    EXPECT_NEAR(without / 500.0, 0.47, 0.06);
}

// Each customer pays the same, in whole cents (R14).
TEST(Founders, are_paid_in_whole_cents) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Config config = company_of(Stage::series_a, seed);
        config.variance = 1;
        const Series series(config);
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            const std::int64_t customers = series["customers"][j];
            ASSERT_EQ(customers == 0 ? series["revenue"][j] : series["revenue"][j] % customers, 0);
        }
    }
}

TEST(Founders, with_more_revenue_have_more_people_and_growing_ones_score_better) {
    std::vector<double> revenue, team, score, growth;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        Config config = company_of(Stage::series_a, seed);
        config.trend = Trend::improving;
        const Series series(config);
        revenue.push_back(std::log(series.values(1).front()));
        team.push_back(std::log(series.values(3).front()));
        score.push_back(series.values(0).front());
        growth.push_back(std::log(series.values(1).back() / series.values(1).front()));
    }
    EXPECT_GE(correlation(revenue, team), 0.35);
    EXPECT_LE(correlation(revenue, team), 0.9);
    EXPECT_GE(correlation(score, growth), 0.2);
    EXPECT_LE(correlation(score, growth), 0.6);
}

} // namespace
} // namespace auxeira::synthesis
