// Series as a whole: the same bytes everywhere (R1), streams apart from each other (R2, R4), times (R3), ids
// and memory.
#include <cstdlib>
#include <new>
#include <set>

#include <gtest/gtest.h>

#include "synthesis_series.hpp"

// What the program asks the heap for, to see that no point does.
namespace {
std::size_t bytes_allocated = 0;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
    bytes_allocated += size;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace auxeira::synthesis {
namespace {

constexpr Trend all_trends[] = {Trend::improving, Trend::declining, Trend::stable, Trend::volatile_};

std::vector<UserType> all_user_types() {
    std::vector<UserType> types;
    for (const Dashboard& each : catalogue())
        types.push_back(*find_user_type(each.name));
    return types;
}

TEST(Series, the_same_configuration_gives_the_same_series) {
    for (const UserType user_type : all_user_types()) {
        for (const Trend trend : all_trends) {
            Config config = sample_config(user_type);
            config.trend = trend;
            const Series first(config), second(config);
            EXPECT_EQ(first.ids, second.ids);
            EXPECT_EQ(first.timestamps, second.timestamps);
            EXPECT_EQ(first.columns, second.columns);
        }
    }
}

// The share of the values with two decimals and more that differ.
double share_that_differs(const Config& a, const Config& b) {
    const Series first(a), second(b);
    std::size_t values = 0, different = 0;
    for (std::size_t column = 0; column < first.columns.size(); ++column) {
        if (first.dashboard.metrics[column].decimals < 2) continue;
        for (std::size_t j = 0; j < first.ids.size(); ++j) {
            ++values;
            if (first.columns[column][j] != second.columns[column][j]) ++different;
        }
    }
    return static_cast<double>(different) / static_cast<double>(values);
}

TEST(Series, another_seed_or_organization_gives_other_values) {
    for (const UserType user_type : all_user_types()) {
        Config config = sample_config(user_type);
        config.count = 1000;
        if (user_type == UserType::venture_capital)
            continue; // one metric with decimals, seen with the others
        for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{43}, std::uint64_t{42} << 32}) {
            Config other = config;
            other.seed = seed;
            EXPECT_GE(share_that_differs(config, other), 0.99);
        }
        Config other = config;
        other.org[0] = 1;
        EXPECT_GE(share_that_differs(config, other), 0.99);
    }
}

TEST(Series, ids_depend_on_every_part_of_the_configuration) {
    const Config config = sample_config();
    std::vector<Config> configs(9, config);
    configs[1].seed = 43;
    configs[2].org[15] = 1;
    configs[3].user_type = UserType::government;
    configs[4].count = 31;
    configs[5].time_range_days = 31;
    configs[6].variance = 0.3;
    configs[7].trend = Trend::improving;
    configs[8].as_of += 1; // in the same millisecond
    std::set<Uuid> ids;
    for (const Config& each : configs) {
        for (const Uuid& id : Series(each).ids)
            ids.insert(id);
    }
    EXPECT_EQ(ids.size(), 9 * 30u + 1);
}

std::vector<double> revenue_residuals(std::uint64_t seed) {
    Config config = sample_config();
    config.seed = seed;
    return LogLine(Series(config).values(1)).residuals;
}

TEST(Series, zero_is_a_seed_and_neighbouring_seeds_are_uncorrelated) {
    EXPECT_GE(share_that_differs(sample_config(),
                                 [] {
                                     Config config = sample_config();
                                     config.seed = 0;
                                     return config;
                                 }()),
              0.99);
    std::vector<double> even, odd;
    for (std::uint64_t pair = 0; pair < 200; ++pair) {
        for (const double residual : revenue_residuals(2 * pair))
            even.push_back(residual);
        for (const double residual : revenue_residuals(2 * pair + 1))
            odd.push_back(residual);
    }
    EXPECT_LE(std::abs(correlation(even, odd)), 0.1);
}

TEST(Series, metrics_that_do_not_go_together_are_uncorrelated) {
    std::vector<double> revenue, profile;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Config config = sample_config();
        config.seed = seed;
        const Series series(config);
        for (const double residual : LogLine(series.values(1)).residuals)
            revenue.push_back(residual);
        for (const double residual : LogLine(series.values(9)).residuals)
            profile.push_back(residual);
    }
    EXPECT_LE(std::abs(correlation(revenue, profile)), 0.1);
}

TEST(Series, revenue_goes_with_customers) {
    std::vector<double> revenue, customers;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Config config = sample_config();
        config.seed = seed;
        const Series series(config);
        if (series["customers"].front() < 100) continue; // where single customers do not show
        for (const double residual : LogLine(series.values(1)).residuals)
            revenue.push_back(residual);
        for (const double residual : LogLine(series.values(2)).residuals)
            customers.push_back(residual);
    }
    EXPECT_NEAR(correlation(revenue, customers), 0.7, 0.1);
}

// R4: a stream is a function of its key and the index, whatever else is generated before or beside it.
TEST(Series, generators_do_not_disturb_each_other) {
    const Series alone(sample_config());
    Config other = sample_config();
    other.org[3] = 77;
    Generator first(sample_config()), second(other);
    Point point, neighbour;
    for (std::size_t j = 0; first.next(point); ++j) {
        second.next(neighbour);
        EXPECT_EQ(point.id, alone.ids[j]);
        for (std::size_t column = 0; column < point.values.size(); ++column) {
            EXPECT_EQ(point.values[column], alone.columns[column][j]);
        }
    }
}

TEST(Series, level_does_not_depend_on_count_variance_or_trend) {
    Config config = sample_config();
    config.variance = 0;
    const std::int64_t level = Series(config)["revenue"].front();
    for (const Trend trend : all_trends) {
        for (const std::int32_t count : {2, 3, 500}) {
            config.trend = trend;
            config.count = count;
            EXPECT_EQ(Series(config)["revenue"].front(), level);
        }
    }
}

// R3.
TEST(Series, times_are_even_from_the_beginning_of_the_window_to_its_end) {
    for (const std::int32_t count : {2, 3, 7, 30, 365, 99'991, 1'000'000}) {
        for (const std::int32_t days : {1, 30, 36'500}) {
            Config config = sample_config(UserType::government);
            config.count = count;
            config.time_range_days = days;
            Clock clock(config);
            clock.advance();
            EXPECT_EQ(clock.now(), config.as_of - days * microseconds_a_day);
            std::int64_t least = clock.gap() + 1, most = 0;
            for (std::int32_t index = 1; index < count; ++index) {
                const std::int64_t before = clock.now();
                clock.advance();
                least = std::min(least, clock.now() - before);
                most = std::max(most, clock.now() - before);
            }
            EXPECT_EQ(clock.now(), config.as_of);
            EXPECT_GT(least, 0);
            EXPECT_LE(most - least, 1);
        }
    }
}

TEST(Series, has_as_many_points_as_asked) {
    for (const std::int32_t count : {1, 2, 3, 4, 5, 30, 1000}) {
        Config config = sample_config();
        config.count = count;
        EXPECT_EQ(Series(config).ids.size(), static_cast<std::size_t>(count));
    }
}

TEST(Series, one_point_is_at_the_end_and_on_the_trend) {
    Config config = sample_config();
    config.count = 2;
    config.trend = Trend::improving;
    const Series two(config);
    config.count = 1;
    const Series one_point(config);
    EXPECT_EQ(one_point.timestamps, std::vector<std::int64_t>{config.as_of});
    EXPECT_EQ(one_point["revenue"].front(), two["revenue"].back());
}

TEST(Series, ids_are_version_8_unique_and_in_the_order_of_time) {
    for (const std::int32_t days : {1, 36'500}) {
        Config config = sample_config(UserType::government);
        config.count = 100'000;
        config.time_range_days = days;
        const Series series(config);
        for (std::size_t j = 0; j < series.ids.size(); ++j) {
            const Uuid& id = series.ids[j];
            ASSERT_EQ(id[6] >> 4, 8);
            ASSERT_EQ(id[8] >> 6, 2);
            std::int64_t milliseconds = 0;
            for (std::size_t byte = 0; byte < 6; ++byte)
                milliseconds = milliseconds * 256 + id[byte];
            const std::int64_t now = series.timestamps[j];
            if (now >= 0) {
                ASSERT_EQ(milliseconds, now / 1000);
            }
            if (now >= 0 && j > 0 && series.timestamps[j - 1] >= 0) {
                ASSERT_LT(series.ids[j - 1], id);
            }
        }
        EXPECT_EQ(std::set<Uuid>(series.ids.begin(), series.ids.end()).size(), series.ids.size());
    }
}

// The 74 bits beside the milliseconds alone tell the points apart.
TEST(Series, ids_are_unique_without_their_time) {
    Config config = sample_config();
    config.count = 100'000;
    std::set<Uuid> rests;
    for (Uuid id : Series(config).ids) {
        std::fill_n(id.begin(), 6, std::uint8_t{0});
        rests.insert(id);
    }
    EXPECT_EQ(rests.size(), 100'000u);
}

TEST(Series, memory_does_not_grow_with_the_count) {
    const auto allocated = [](std::int32_t count) {
        Config config = sample_config();
        config.count = count;
        const std::size_t before = bytes_allocated;
        Generator generator(config);
        Point point;
        std::int32_t points = 0;
        while (generator.next(point))
            ++points;
        EXPECT_EQ(points, count);
        return bytes_allocated - before;
    };
    const std::size_t little = allocated(3);
    EXPECT_LE(allocated(200'000), little);
    EXPECT_LT(little, 16'384u);
    for (const std::int32_t count : {100, 10'000, 20'000, 30'000, 50'000})
        EXPECT_LE(allocated(count), little + (std::size_t{2} << 20)) << count;
}

int pauses = 0;

TEST(Series, preparing_pauses_and_can_be_cancelled) {
    Config config = sample_config();
    config.count = 100'000;
    pauses = 0;
    Generator generator(config, [] { ++pauses; });
    EXPECT_EQ(pauses, 100'000 / 512);
    EXPECT_THROW(Generator(config, [] { throw std::bad_alloc(); }), std::bad_alloc);
}

// A cancel within 512 points: also where one call passes over all but the last.
TEST(Series, generating_pauses_whatever_is_left_out) {
    Config config = sample_config();
    config.count = 100'000;
    for (const double missing : {0.0, 0.5, 1.0}) {
        config.disturbance.missing_rate = missing;
        Generator generator(config, [] { ++pauses; });
        pauses = 0;
        Point point;
        while (generator.next(point)) {
        }
        EXPECT_EQ(pauses, 100'000 / 512) << missing;
    }
}

} // namespace
} // namespace auxeira::synthesis
