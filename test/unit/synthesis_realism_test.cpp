// What a series must look like, measured on many seeds. R5 to R15 are the properties of the design of
// synthetic data.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "synthesis_series.hpp"

namespace auxeira::synthesis {
namespace {

constexpr std::uint64_t seeds = 60;

// A metric that follows trend and variance in full.
struct Primary {
    UserType user_type;
    std::size_t column;
    const Metric& metric() const { return dashboard(user_type).metrics[column]; }
};

std::vector<Primary> primaries() {
    std::vector<Primary> result;
    for (const Dashboard& each : catalogue()) {
        for (std::size_t column = 0; column < each.metrics.size(); ++column) {
            if (each.metrics[column].follows_trend()) {
                result.push_back({*find_user_type(each.name), column});
            }
        }
    }
    return result;
}

// The series of a primary metric under each seed.
template <typename Visit>
void for_each_seed(const Primary& primary, Trend trend, double variance, std::int32_t count, Visit visit) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Config config = sample_config(primary.user_type);
        config.trend = trend;
        config.variance = variance;
        config.count = count;
        config.time_range_days = 365;
        config.seed = seed;
        visit(Series(config).values(primary.column));
    }
}

std::vector<double> slopes(const Primary& primary, Trend trend) {
    std::vector<double> result;
    for_each_seed(primary, trend, 0.2, 30,
                  [&](const std::vector<double>& values) { result.push_back(LogLine(values).slope); });
    return result;
}

// The smallest residual spread that whole units and decimals leave visible.
double rounding(const Primary& primary) {
    const Metric& metric = primary.metric();
    const double typical = std::sqrt(metric.low * metric.high);
    return 1 / (typical * std::pow(10, metric.decimals) * std::sqrt(12));
}

TEST(Realism, there_are_primary_metrics_of_every_kind_of_user_but_angels) {
    std::vector<int> found(catalogue().size());
    for (const Primary& primary : primaries())
        ++found[static_cast<std::size_t>(primary.user_type)];
    EXPECT_EQ(found, (std::vector<int>{3, 2, 0, 4, 3, 2, 3}));
}

TEST(Realism, burn_and_companies_at_risk_fall_when_things_improve) {
    for (const Dashboard& each : catalogue()) {
        for (const Metric& metric : each.metrics) {
            const bool falls = metric.name == "burn_rate" || metric.name == "at_risk_companies";
            EXPECT_EQ(metric.good_direction == Direction::down, falls) << metric.name;
        }
    }
}

// R5: a metric for which down is good falls when its owner improves.
TEST(Realism, trend_has_the_slope_it_says) {
    for (const Primary& primary : primaries()) {
        SCOPED_TRACE(std::string(primary.metric().name));
        const bool up = primary.metric().good_direction == Direction::up;
        const auto rising = slopes(primary, up ? Trend::improving : Trend::declining);
        EXPECT_GE(median(rising), 0.21);
        EXPECT_LE(median(rising), 0.32);
        EXPECT_GE(quantile(rising, 0.05), 0.08);
        EXPECT_LE(quantile(rising, 0.95), 0.45);
        EXPECT_GT(quantile(rising, 0), 0);
        const auto falling = slopes(primary, up ? Trend::declining : Trend::improving);
        EXPECT_GE(median(falling), -0.28);
        EXPECT_LE(median(falling), -0.17);
        EXPECT_LT(quantile(falling, 1), 0);
        const auto level = slopes(primary, Trend::stable);
        EXPECT_LE(std::abs(median(level)), 0.02);
        EXPECT_GE(quantile(level, 0.025), -0.06);
        EXPECT_LE(quantile(level, 0.975), 0.06);
    }
}

// The score of a founder is below a ceiling, but it is the first number that they look at.
TEST(Realism, score_follows_the_trend_below_its_ceiling) {
    const Primary score{UserType::startup_founder, 0};
    const auto rising = slopes(score, Trend::improving);
    EXPECT_GE(median(rising), 0.21);
    EXPECT_LE(median(rising), 0.32);
    EXPECT_GE(quantile(rising, 0.05), 0.08);
    const auto falling = slopes(score, Trend::declining);
    EXPECT_GE(median(falling), -0.28);
    EXPECT_LE(median(falling), -0.17);
}

// R6.
TEST(Realism, end_is_above_or_below_the_beginning_as_the_trend_says) {
    const Primary revenue{UserType::startup_founder, 1};
    const auto ratios = [&](Trend trend) {
        std::vector<double> result;
        for_each_seed(revenue, trend, 0.2, 100, [&](const std::vector<double>& values) {
            result.push_back(mean({values.end() - 10, values.end()}) /
                             mean({values.begin(), values.begin() + 10}));
        });
        return result;
    };
    EXPECT_GE(median(ratios(Trend::improving)), 1.18);
    EXPECT_LE(median(ratios(Trend::improving)), 1.40);
    EXPECT_GT(quantile(ratios(Trend::improving), 0.05), 1);
    EXPECT_GE(median(ratios(Trend::declining)), 0.72);
    EXPECT_LE(median(ratios(Trend::declining)), 0.90);
    EXPECT_LT(quantile(ratios(Trend::declining), 0.90), 1);
}

double median_spread(const Primary& primary, Trend trend, double variance) {
    std::vector<double> result;
    for_each_seed(primary, trend, variance, 30,
                  [&](const std::vector<double>& values) { result.push_back(LogLine(values).spread); });
    return median(result);
}

// Whole units that are few, and a ceiling near, take some of it away.
TEST(Realism, every_metric_shows_the_part_of_the_variance_that_it_says) {
    for (const Dashboard& each : catalogue()) {
        for (std::size_t column = 0; column < each.metrics.size(); ++column) {
            const Primary primary{*find_user_type(each.name), column};
            const Metric& metric = primary.metric();
            const bool moves = metric.motion.rule == Rule::moves || metric.motion.rule == Rule::sales;
            if (!moves || metric.minimum < 0 || rounding(primary) > 0.01) continue;
            const double said = metric.motion.response * metric.motion.spread * 0.2 / std::sqrt(3);
            const double shown = median_spread(primary, Trend::stable, 0.2);
            EXPECT_LE(shown, said * 1.15) << metric.name;
            EXPECT_GE(shown, said * (metric.ceiling < 2 * metric.high ? 0.5 : 0.85)) << metric.name;
        }
    }
}

// R7.
TEST(Realism, variance_is_the_spread_around_the_trend) {
    for (const Primary& primary : primaries()) {
        SCOPED_TRACE(std::string(primary.metric().name));
        const double exact = median_spread(primary, Trend::stable, 0);
        EXPECT_LE(exact, std::max(0.005, 2 * rounding(primary)));
        double before = exact;
        for (const double variance : {0.05, 0.1, 0.2, 0.4, 0.8}) {
            const double expected = variance / std::sqrt(3);
            const double spread = median_spread(primary, Trend::stable, variance);
            EXPECT_GT(spread, before);
            before = spread;
            if (rounding(primary) < 0.3 * expected) {
                EXPECT_NEAR(spread / expected, 1, 0.15) << variance;
            }
        }
    }
}

TEST(Realism, without_variance_the_values_are_exactly_on_the_trend) {
    for (const Trend trend : {Trend::improving, Trend::declining}) {
        EXPECT_LE(median_spread({UserType::startup_founder, 1}, trend, 0), 0.0001);
    }
}

// How often the direction of the smoothed series changes.
int turns(const std::vector<double>& values, std::size_t window) {
    std::vector<double> smooth;
    for (std::size_t j = 0; j + window <= values.size(); ++j) {
        smooth.push_back(mean({values.begin() + static_cast<std::ptrdiff_t>(j),
                               values.begin() + static_cast<std::ptrdiff_t>(j + window)}));
    }
    int changes = 0;
    for (std::size_t j = 2; j < smooth.size(); ++j) {
        if ((smooth[j] - smooth[j - 1]) * (smooth[j - 1] - smooth[j - 2]) < 0) ++changes;
    }
    return changes;
}

// R8.
TEST(Realism, volatile_series_swing_twice_as_far_and_turn_around) {
    for (const Primary& primary : primaries()) {
        SCOPED_TRACE(std::string(primary.metric().name));
        const double ratio =
            median_spread(primary, Trend::volatile_, 0.2) / median_spread(primary, Trend::stable, 0.2);
        EXPECT_GE(ratio, 1.6);
        EXPECT_LE(ratio, 2.4);
        const auto drift = slopes(primary, Trend::volatile_);
        EXPECT_GE(quantile(drift, 0.05), -0.06);
        EXPECT_LE(quantile(drift, 0.95), 0.06);
        for_each_seed(primary, Trend::volatile_, 0.2, 180, [](const std::vector<double>& values) {
            EXPECT_GE(turns(LogLine(values).residuals, 18), 2);
        });
    }
}

// The share of a series' swing that is slower than a sixth of the window.
double slow_share(const Primary& primary, Trend trend) {
    std::vector<double> shares;
    for_each_seed(primary, trend, 0.2, 180, [&](const std::vector<double>& values) {
        const LogLine line(values);
        double squares = 0;
        for (std::ptrdiff_t part = 0; part < 6; ++part) {
            const auto begin = line.residuals.begin() + 30 * part;
            squares += std::pow(mean({begin, begin + 30}), 2) / 6;
        }
        shares.push_back(squares / (line.spread * line.spread));
    });
    return median(shares);
}

// The noise alone has no regimes, only a short memory.
TEST(Realism, volatile_series_have_regimes) {
    const Primary revenue{UserType::startup_founder, 1};
    EXPECT_GE(slow_share(revenue, Trend::volatile_), slow_share(revenue, Trend::stable) + 0.1);
}

double persistence(const std::vector<double>& values) {
    const std::vector<double> residuals = LogLine(values).residuals;
    return correlation({residuals.begin(), residuals.end() - 1}, {residuals.begin() + 1, residuals.end()});
}

// R9 and R11.
TEST(Realism, values_remember_the_ones_before) {
    const Primary revenue{UserType::startup_founder, 1};
    for (const auto& [count, least, step] :
         {std::tuple{30, 0.40, 0.7}, std::tuple{180, 0.80, 0.7}, std::tuple{365, 0.80, 0.3}}) {
        std::vector<double> memories, steps;
        for_each_seed(revenue, Trend::stable, 0.2, count, [&](const std::vector<double>& values) {
            memories.push_back(persistence(values));
            for (std::size_t j = 1; j < values.size(); ++j) {
                steps.push_back(std::abs(std::log(values[j] / values[j - 1])));
            }
        });
        EXPECT_GE(median(memories), least) << count;
        EXPECT_LE(median(steps), step * 0.2 / std::sqrt(3)) << count;
    }
}

// R10 and R20: steps go in runs, and now and then one is large.
TEST(Realism, steps_of_revenue_are_smooth_with_heavy_tails) {
    std::vector<double> memories, scaled;
    for_each_seed({UserType::startup_founder, 1}, Trend::stable, 0.2, 180,
                  [&](const std::vector<double>& values) {
                      std::vector<double> steps, sizes;
                      for (std::size_t j = 1; j < values.size(); ++j)
                          steps.push_back(std::log(values[j] / values[j - 1]));
                      memories.push_back(
                          correlation({steps.begin(), steps.end() - 1}, {steps.begin() + 1, steps.end()}));
                      for (const double step : steps)
                          sizes.push_back(std::abs(step - median(steps)));
                      for (const double step : steps)
                          scaled.push_back((step - median(steps)) / median(sizes));
                  });
    double far = 0, squares = 0, fourths = 0;
    for (const double step : scaled) {
        far += std::abs(step) > 4 ? 1 : 0;
        squares += step * step;
        fourths += std::pow(step, 4);
    }
    const auto n = static_cast<double>(scaled.size());
    EXPECT_GE(median(memories), -0.05);
    EXPECT_LE(median(memories), 0.5);
    EXPECT_GE(far / n, 0.01);
    EXPECT_LE(far / n, 0.06);
    EXPECT_GE(fourths / n / std::pow(squares / n, 2) - 3, 0.3);
    EXPECT_LE(fourths / n / std::pow(squares / n, 2) - 3, 15);
    std::printf("[ MEASURED ] R10 %.3f, R20 %.4f beyond 4 MAD, excess kurtosis %.2f\n", median(memories),
                far / n, fourths / n / std::pow(squares / n, 2) - 3);
}

// R12: levels of many organizations.
TEST(Realism, levels_are_log_normal_over_organizations) {
    std::vector<double> levels, logs;
    for (int org = 0; org < 500; ++org) {
        Config config = sample_config();
        config.count = 1;
        config.org[14] = static_cast<std::uint8_t>(org >> 8);
        config.org[15] = static_cast<std::uint8_t>(org);
        levels.push_back(Series(config).values(1).front());
        logs.push_back(std::log(levels.back()));
    }
    const auto moment = [](const std::vector<double>& values, int power) {
        const double centre = mean(values);
        double sum = 0;
        for (const double value : values)
            sum += std::pow(value - centre, power);
        return sum / static_cast<double>(values.size());
    };
    const auto skew = [&](const std::vector<double>& values) {
        return moment(values, 3) / std::pow(moment(values, 2), 1.5);
    };
    EXPECT_LE(std::abs(skew(logs)), 0.5);
    EXPECT_GE(skew(levels), 1.5);
    EXPECT_GE(std::sqrt(moment(logs, 2)), 0.5);
    EXPECT_LE(std::sqrt(moment(logs, 2)), 1.2);
}

// --- What holds in every row (R14, R15) -------------------------------------------------------------------

// Every trend, calm and wild, short and long windows, few and many points.
template <typename Visit>
void for_each_shape(UserType user_type, Visit visit) {
    std::uint64_t seed = 100;
    for (const Trend trend : {Trend::improving, Trend::declining, Trend::stable, Trend::volatile_}) {
        for (const double variance : {0.0, 0.2, 1.0}) {
            for (const auto& [count, days] : {std::pair{1, 30},
                                              {2, 1},
                                              {30, 30},
                                              {365, 365},
                                              {60, 1825},
                                              {2000, 2},
                                              {120, 36'500},
                                              {3000, 1000}}) {
                Config config{user_type, count, days, variance, trend, ++seed, new_year_2026, {}};
                config.as_of += static_cast<std::int64_t>(seed % 200) * microseconds_a_day;
                visit(Series(config));
            }
        }
    }
}

void check_bounds(const Metric& metric, const std::vector<double>& values) {
    for (const double value : values) {
        ASSERT_GE(value, metric.minimum);
        ASSERT_LE(value, metric.maximum);
    }
}

bool is_rising(const std::vector<std::int64_t>& values) {
    return std::is_sorted(values.begin(), values.end());
}

int year_of(std::int64_t time) {
    using namespace std::chrono;
    return int(year_month_day(floor<days>(sys_time<microseconds>(microseconds(time)))).year());
}

// Non-decreasing in a year; at the first point of a year what that year's days can have brought.
void check_year_to_date(const Series& series, const std::vector<std::int64_t>& values) {
    for (std::size_t j = 1; j < values.size(); ++j) {
        const int year = year_of(series.timestamps[j]);
        if (year == year_of(series.timestamps[j - 1])) {
            ASSERT_GE(values[j], values[j - 1]);
            continue;
        }
        const std::int64_t step = series.timestamps[j] - series.timestamps[j - 1];
        if (step < 3 * microseconds_a_day && values[j - 1] > 4) {
            ASSERT_LT(values[j], values[j - 1]);
        }
    }
}

void check_streak(const Series& series, const std::vector<std::int64_t>& values) {
    for (std::size_t j = 1; j < values.size(); ++j) {
        const bool same_day =
            series.timestamps[j] / microseconds_a_day == series.timestamps[j - 1] / microseconds_a_day;
        const std::int64_t step = values[j] - values[j - 1];
        if (same_day && series.timestamps[j - 1] > 0) {
            ASSERT_EQ(step, 0);
        } else {
            ASSERT_TRUE(step == 1 || step == 0 || values[j] == 0 || values[j] == 1) << values[j - 1];
        }
    }
}

TEST(Realism, every_metric_keeps_the_rules_of_its_kind) {
    for (const Dashboard& each : catalogue()) {
        for_each_shape(*find_user_type(each.name), [&](const Series& series) {
            for (std::size_t column = 0; column < series.columns.size(); ++column) {
                const Metric& metric = each.metrics[column];
                SCOPED_TRACE(std::string(metric.name));
                check_bounds(metric, series.values(column));
                const auto& values = series.columns[column];
                if (metric.kind == Kind::cumulative) {
                    EXPECT_TRUE(is_rising(values));
                }
                if (metric.kind == Kind::ytd) check_year_to_date(series, values);
                if (metric.kind == Kind::streak) check_streak(series, values);
                if (metric.kind == Kind::stock || metric.kind == Kind::cumulative) {
                    EXPECT_EQ(metric.decimals, 0);
                }
            }
        });
    }
}

TEST(Realism, exits_of_the_year_begin_anew_on_the_first_of_january) {
    int years_with_exits = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Config config{UserType::venture_capital, 730, 730, 0.2, Trend::stable, seed, new_year_2026, {}};
        const Series series(config);
        const auto& exits = series["exits_ytd"];
        for (std::size_t j = 1; j < exits.size(); ++j) {
            if (year_of(series.timestamps[j]) == year_of(series.timestamps[j - 1])) continue;
            EXPECT_EQ(exits[j], 0);
            if (exits[j - 1] > 0) ++years_with_exits;
        }
    }
    EXPECT_GE(years_with_exits, 20);
}

// The window cuts a year: the first point already has the exits since January.
TEST(Realism, exits_of_the_year_do_not_begin_with_the_window) {
    std::int64_t exits = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Config config = sample_config(UserType::venture_capital);
        config.seed = seed;
        exits += Series(config)["exits_ytd"].front();
    }
    EXPECT_GE(exits, 50);
}

TEST(Realism, streaks_grow_and_break) {
    int breaks = 0, days = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Config config{UserType::startup_founder, 366, 365, 0.2, Trend::stable, seed, new_year_2026, {}};
        const Series series(config);
        const auto& streak = series["streak_days"];
        for (std::size_t j = 1; j < streak.size(); ++j) {
            ++days;
            if (streak[j] != streak[j - 1] + 1) ++breaks;
        }
    }
    EXPECT_NEAR(static_cast<double>(breaks) / days, 0.1, 0.01);
}

TEST(Realism, cash_runs_down_with_the_burn_and_is_raised_again) {
    int rounds = 0;
    for_each_shape(UserType::startup_founder, [&](const Series& series) {
        const auto& runway = series["runway_months"];
        const auto& burn = series["burn_rate"];
        const int least_round = std::array{160, 60, 120, 90}[static_cast<std::size_t>(series.trend)];
        for (std::size_t j = 0; j < runway.size(); ++j)
            ASSERT_GE(runway[j], 30);
        const auto mean_burn = [&](std::size_t j) {
            double sum = 0;
            for (std::size_t back = 0; back < 3; ++back)
                sum += static_cast<double>(burn[j < back ? 0 : j - back]);
            return sum / 3;
        };
        for (std::size_t j = 1; j < runway.size(); ++j) {
            const double months = static_cast<double>(series.timestamps[j] - series.timestamps[j - 1]) /
                                  (31'556'952'000'000.0 / 12);
            const double cash = static_cast<double>(runway[j - 1]) / 10 * mean_burn(j - 1);
            const double left = (cash - static_cast<double>(burn[j]) * months) / mean_burn(j);
            const double rounded = 0.051 * (1 + mean_burn(j - 1) / mean_burn(j));
            if (std::abs(left - static_cast<double>(runway[j]) / 10) <= rounded) continue;
            if (runway[j - 1] == 1200 || runway[j] == 1200) continue; // cut at ten years
            ++rounds;
            ASSERT_LT(left, 3 + rounded);
            ASSERT_GE(runway[j], least_round);
            ASSERT_LE(runway[j], least_round + 120);
        }
    });
    EXPECT_GE(rounds, 100);
}

TEST(Realism, a_streak_is_of_things_that_were_done) {
    for_each_shape(UserType::startup_founder, [](const Series& series) {
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            ASSERT_GE(series["actions_this_week"][j], std::min<std::int64_t>(series["streak_days"][j], 7));
        }
    });
}

TEST(Realism, portfolios_add_up) {
    for_each_shape(UserType::venture_capital, [](const Series& series) {
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            ASSERT_LE(series["high_performers"][j] + series["at_risk_companies"][j],
                      series["portfolio_size"][j]);
            ASSERT_GE(series["portfolio_valuation"][j], series["total_aum"][j]);
        }
    });
}

TEST(Realism, angels_own_what_they_paid_for) {
    for_each_shape(UserType::angel_investor, [](const Series& series) {
        const auto& count = series["investments_count"];
        const auto& total = series["total_invested"];
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            ASSERT_LE(series["active_investments"][j] + series["exits"][j], count[j]);
            ASSERT_EQ(series["check_size_avg"][j], (2 * total[j] + count[j]) / (2 * count[j]));
            if (j > 0) {
                ASSERT_EQ(total[j] > total[j - 1], count[j] > count[j - 1]);
            }
        }
    });
}

// A young angel can be drawn more exits than investments.
TEST(Realism, angels_do_not_exit_more_than_they_have) {
    int all_exited = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        Config config = sample_config(UserType::angel_investor);
        config.count = 1;
        config.seed = seed;
        const Series series(config);
        const std::int64_t exits = series["exits"].front();
        ASSERT_LE(exits, series["investments_count"].front());
        ASSERT_LE(series["active_investments"].front() + exits, series["investments_count"].front());
        if (exits == series["investments_count"].front()) ++all_exited;
    }
    EXPECT_GE(all_exited, 1);
}

TEST(Realism, esg_score_is_the_mean_of_its_three_parts) {
    for_each_shape(UserType::esg_funder, [](const Series& series) {
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            const std::int64_t sum = series["environmental_score"][j] + series["social_impact_score"][j] +
                                     series["governance_score"][j];
            ASSERT_EQ(series["esg_score_avg"][j], std::lround(static_cast<double>(sum) / 3));
        }
    });
}

TEST(Realism, beneficiaries_are_among_the_lives_impacted) {
    for_each_shape(UserType::impact_investor, [](const Series& series) {
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            ASSERT_LE(series["beneficiaries"][j], series["lives_impacted"][j]);
        }
    });
}

// The values where a window starts are those that the catalogue names.
TEST(Realism, levels_are_in_the_ranges_of_the_catalogue) {
    for (const Dashboard& each : catalogue()) {
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            Config config = sample_config(*find_user_type(each.name));
            config.variance = 0;
            config.seed = seed;
            const Series series(config);
            for (std::size_t column = 0; column < series.columns.size(); ++column) {
                const Metric& metric = each.metrics[column];
                if (metric.motion.rule != Rule::moves && metric.motion.rule != Rule::accumulates) continue;
                const double unit = std::pow(10, -metric.decimals);
                EXPECT_GE(series.values(column).front(), metric.low - 0.001 * std::abs(metric.low) - unit)
                    << metric.name;
                EXPECT_LE(series.values(column).front(), metric.high + unit) << metric.name;
            }
        }
    }
}

} // namespace
} // namespace auxeira::synthesis
