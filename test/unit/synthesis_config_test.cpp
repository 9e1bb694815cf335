// R28: every wrong parameter is refused, by name, all of them at once.
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "rejection.hpp"
#include "synthesis/actions.hpp"
#include "synthesis/months.hpp"
#include "synthesis_series.hpp"

namespace auxeira::synthesis {
namespace {

Request good_request() {
    Request request;
    request.user_type = "government";
    request.data_type = "metrics";
    request.count = 30;
    request.time_range_days = 30;
    request.variance = 0.2;
    request.trend = "declining";
    request.seed = 7;
    request.as_of = new_year_2026;
    return request;
}

// The detail of the refusal; `accepted` if there is none.
std::string refusal(const Request& request) {
    try {
        check(request);
        return "accepted";
    } catch (const Rejection& rejection) {
        EXPECT_EQ(rejection.message(), "invalid parameters for synthetic data");
        return rejection.detail();
    }
}

TEST(Config, takes_over_what_is_right) {
    Request request = good_request();
    request.org[15] = 9;
    const Config config = check(request);
    EXPECT_EQ(config.user_type, UserType::government);
    EXPECT_EQ(config.count, 30);
    EXPECT_EQ(config.time_range_days, 30);
    EXPECT_EQ(config.variance, 0.2);
    EXPECT_EQ(config.trend, Trend::declining);
    EXPECT_EQ(config.seed, 7u);
    EXPECT_EQ(config.as_of, new_year_2026);
    EXPECT_EQ(config.org, request.org);
}

TEST(Config, count_is_one_to_a_million) {
    Request request = good_request();
    for (const std::int64_t count : {1, 1'000'000}) {
        request.count = count;
        EXPECT_EQ(refusal(request), "accepted");
    }
    request.count = 0;
    EXPECT_EQ(refusal(request), "count: 0 is outside 1 to 1000000");
    request.count = 1'000'001;
    EXPECT_EQ(refusal(request), "count: 1000001 is outside 1 to 1000000");
    request.count = -5;
    EXPECT_EQ(refusal(request), "count: -5 is outside 1 to 1000000");
}

TEST(Config, time_range_is_a_day_to_a_hundred_years) {
    Request request = good_request();
    for (const std::int64_t days : {1, 36'500}) {
        request.time_range_days = days;
        EXPECT_EQ(refusal(request), "accepted");
    }
    request.time_range_days = 0;
    EXPECT_EQ(refusal(request), "time_range_days: 0 is outside 1 to 36500");
    request.time_range_days = 36'501;
    EXPECT_EQ(refusal(request), "time_range_days: 36501 is outside 1 to 36500");
}

TEST(Config, variance_is_a_number_from_zero_to_one) {
    Request request = good_request();
    for (const double variance : {0.0, -0.0, 1.0}) {
        request.variance = variance;
        EXPECT_EQ(refusal(request), "accepted");
    }
    request.variance = 1.5;
    EXPECT_EQ(refusal(request), "variance: 1.5 is outside 0 to 1");
    request.variance = -0.1;
    EXPECT_EQ(refusal(request), "variance: -0.1 is outside 0 to 1");
    request.variance = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(refusal(request), "variance: NaN is outside 0 to 1");
    request.variance = std::numeric_limits<double>::infinity();
    EXPECT_EQ(refusal(request), "variance: Infinity is outside 0 to 1");
}

TEST(Config, rates_of_faults_are_shares_and_shocks_are_few) {
    Request request = good_request();
    request.missing_rate = 1;
    request.shock_rate = 10;
    EXPECT_EQ(check(request).disturbance.missing_rate, 1);
    EXPECT_EQ(check(request).disturbance.shock_rate, 10);
    request.shock_rate = 10.5;
    EXPECT_EQ(refusal(request), "shock_rate: 10.5 is outside 0 to 10");
    request = good_request();
    request.late_rate = std::nullopt;
    request.restatement_rate = -1;
    EXPECT_EQ(refusal(request), "late_rate: is missing\nrestatement_rate: -1 is outside 0 to 1");
}

TEST(Config, profiles_are_those_of_the_calibration) {
    Request request = good_request();
    request.stage = "series_a";
    request.industry = "FinTech";
    request.region = "Atlantis";
    request.business_model = "smb";
    const Profile profile = check(request).profile;
    EXPECT_EQ(profile.stage, Stage::series_a);
    EXPECT_EQ(profile.industry, Industry::fintech);
    EXPECT_EQ(profile.region, Region::other);
    EXPECT_EQ(profile.business_model, BusinessModel::smb);
    request.stage = "series_z";
    EXPECT_EQ(refusal(request),
              "stage: \"series_z\" is not one of pre_seed, seed, series_a, series_b, series_c, "
              "growth, late");
}

TEST(Config, names_are_those_of_the_lists) {
    for (const Dashboard& dashboard : catalogue()) {
        Request request = good_request();
        request.user_type = dashboard.name;
        EXPECT_EQ(refusal(request), "accepted") << dashboard.name;
    }
    for (const std::string_view trend : {"improving", "declining", "stable", "volatile"}) {
        Request request = good_request();
        request.trend = trend;
        EXPECT_EQ(name_of(check(request).trend), trend);
    }
    Request request = good_request();
    request.user_type = "startup";
    EXPECT_EQ(refusal(request),
              "user_type: \"startup\" is not one of startup_founder, venture_capital, angel_investor, "
              "corporate_partner, government, esg_funder, impact_investor");
    request = good_request();
    request.trend = "Stable";
    EXPECT_EQ(refusal(request), "trend: \"Stable\" is not one of improving, declining, stable, volatile");
    request = good_request();
    request.data_type = "scores";
    EXPECT_EQ(refusal(request), "data_type: \"scores\" is not one of metrics");
}

TEST(Config, long_and_odd_names_are_shown_safely) {
    Request request = good_request();
    const std::string name = "a\"b\\c\nd" + std::string(51, 'x') + "\u00e9\u00e9\u00e9";
    request.trend = name;
    EXPECT_EQ(refusal(request), "trend: \"a\\\"b\\\\c d" + std::string(51, 'x') +
                                    "\u00e9...\" is not one of improving, declining, stable, volatile");
}

TEST(Config, window_lies_in_the_years_1_to_9999) {
    constexpr std::int64_t year_1 = -62'135'596'800'000'000;
    constexpr std::int64_t year_10000 = 253'402'300'800'000'000;
    Request request = good_request();
    for (const std::int64_t as_of : {year_10000 - 1, year_1 + 30 * microseconds_a_day}) {
        request.as_of = as_of;
        EXPECT_EQ(refusal(request), "accepted");
        Config config = check(request);
        config.count = 1000;
        EXPECT_EQ(Series(config).timestamps.back(), as_of);
    }
    request.as_of = year_10000;
    EXPECT_EQ(refusal(request), "as_of: is after the year 9999");
    request.as_of = year_1 + 30 * microseconds_a_day - 1;
    EXPECT_EQ(refusal(request), "as_of: is less than 30 days after the beginning of the year 1");
    request.as_of = year_1 - 1;
    EXPECT_EQ(refusal(request), "as_of: is before the year 1");
    request.as_of = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(refusal(request), "as_of: is after the year 9999");
    request.as_of = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(refusal(request), "as_of: is before the year 1");
}

TEST(Config, every_fault_is_named_at_once) {
    Request request = good_request();
    request.user_type = "nobody";
    request.data_type = std::nullopt;
    request.count = 0;
    request.time_range_days = -1;
    request.variance = 2;
    request.trend = "up";
    try {
        check(request);
        FAIL();
    } catch (const Rejection& rejection) {
        EXPECT_EQ(rejection.reason(), Reason::invalid_value);
        const std::string detail = rejection.detail();
        EXPECT_EQ(std::count(detail.begin(), detail.end(), '\n'), 5) << detail;
        EXPECT_NE(detail.find("\ndata_type: is missing\ncount: 0 is outside"), std::string::npos) << detail;
    }
}

template <typename Any>
std::string detail_of(const Any& request) {
    try {
        check(request);
        return "accepted";
    } catch (const Rejection& rejection) {
        return rejection.detail();
    }
}

TEST(Config, months_and_actions_are_checked_as_well) {
    MonthsRequest months;
    months.seed = 1;
    months.months = 1200;
    months.as_of = new_year_2026;
    EXPECT_EQ(detail_of(months), "accepted");
    months.months = 1201;
    months.trend = "up";
    months.seed = std::nullopt;
    EXPECT_EQ(detail_of(months), "seed: is missing\nmonths: 1201 is outside 1 to 1200\n"
                                 "trend: \"up\" is not one of improving, declining, stable, volatile");
    months.seed = 1;
    months.months = 36;
    months.trend = std::nullopt;
    months.as_of = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(detail_of(months), "as_of: is after the year 9999");
    months.as_of = -62'135'596'800'000'000;
    EXPECT_EQ(detail_of(months), "as_of: is less than 1519 days after the beginning of the year 1");
    ActionsRequest actions;
    actions.seed = 1;
    actions.days = 36'500;
    actions.as_of = new_year_2026;
    actions.trend = "stable";
    EXPECT_EQ(detail_of(actions), "accepted");
    actions.days = 0;
    actions.business_model = "shop";
    EXPECT_EQ(detail_of(actions),
              "days: 0 is outside 1 to 36500\nbusiness_model: \"shop\" is not one of b2c, smb, "
              "mid_market, enterprise, marketplace");
}

TEST(Config, missing_values_alone_are_missing_fields) {
    try {
        check(Request{});
        FAIL();
    } catch (const Rejection& rejection) {
        EXPECT_EQ(rejection.reason(), Reason::missing_field);
        EXPECT_EQ(rejection.detail(), "user_type: is missing\ndata_type: is missing\ncount: is missing\n"
                                      "time_range_days: is missing\nvariance: is missing\ntrend: is missing");
    }
}

} // namespace
} // namespace auxeira::synthesis
