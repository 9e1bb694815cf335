// R1: the same bytes with every compiler, C library and processor. This program is built with two compilers.
#include <gtest/gtest.h>

#include "synthesis/actions.hpp"
#include "synthesis/deals.hpp"
#include "synthesis/identifier.hpp"
#include "synthesis/months.hpp"
#include "synthesis_golden.hpp"
#include "synthesis_series.hpp"

namespace auxeira::synthesis {
namespace {

constexpr Trend all_trends[] = {Trend::improving, Trend::declining, Trend::stable, Trend::volatile_};

std::vector<UserType> all_user_types() {
    std::vector<UserType> types;
    for (const Dashboard& each : catalogue())
        types.push_back(*find_user_type(each.name));
    return types;
}

// FNV-1a, 64 bits, little end first.
class Checksum {
public:
    void add(std::uint64_t number) {
        for (int shift = 0; shift < 64; shift += 8)
            add_byte(static_cast<std::uint8_t>(number >> shift));
    }
    void add_byte(std::uint8_t byte) { sum_ = (sum_ ^ byte) * 0x100000001b3; }
    std::uint64_t value() const { return sum_; }

private:
    std::uint64_t sum_ = 0xcbf29ce484222325;
};

std::uint64_t checksum(const Series& series, std::size_t column) {
    Checksum sum;
    for (const std::int64_t value : series.columns[column])
        sum.add(static_cast<std::uint64_t>(value));
    return sum.value();
}

std::vector<Config> golden_configs(UserType user_type) {
    std::vector<Config> configs;
    for (const Trend trend : all_trends) {
        for (const std::int32_t count : {1, 2, 3, 30, 1000}) {
            Config config = sample_config(user_type);
            config.trend = trend;
            config.count = count;
            config.time_range_days = 400;
            config.seed = 0xC0FFEE00'00000000 + static_cast<std::uint64_t>(count);
            config.org = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
            configs.push_back(config);
        }
    }
    return configs;
}

TEST(Golden, values_are_the_same_with_every_compiler) {
    for (const UserType user_type : all_user_types()) {
        std::vector<Checksum> sums(dashboard(user_type).metrics.size());
        for (const Config& config : golden_configs(user_type)) {
            const Series series(config);
            for (std::size_t j = 0; j < sums.size(); ++j)
                sums[j].add(checksum(series, j));
        }
        for (std::size_t j = 0; j < sums.size(); ++j) {
            const std::string name = std::string(dashboard(user_type).name) + "." +
                                     std::string(dashboard(user_type).metrics[j].name);
            const auto golden = golden_values.find(name);
            ASSERT_NE(golden, golden_values.end()) << name;
            EXPECT_EQ(golden->second, sums[j].value()) << name << ": 0x" << std::hex << sums[j].value();
        }
    }
}

TEST(Golden, ids_and_times_are_the_same_with_every_compiler) {
    Checksum sum;
    for (const UserType user_type : all_user_types()) {
        for (const Config& config : golden_configs(user_type)) {
            const Series series(config);
            for (const Uuid& id : series.ids) {
                for (const std::uint8_t byte : id)
                    sum.add_byte(byte);
            }
            for (const std::int64_t time : series.timestamps)
                sum.add(static_cast<std::uint64_t>(time));
        }
    }
    EXPECT_EQ(sum.value(), golden_ids_and_times) << std::hex << sum.value();
}

// Companies of every stage and model, some of which close; faults and shocks too.
TEST(Golden, companies_are_the_same_with_every_compiler) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 35; ++seed) {
        MonthsConfig config{seed, {}, 48, new_year_2026, {}, 0.2, std::nullopt, seed % 2 == 0};
        config.profile.stage = static_cast<Stage>(seed % 7);
        config.profile.business_model = static_cast<BusinessModel>(seed % 5);
        if (seed % 3 > 0) config.trend = all_trends[seed % 4];
        for (const Month& row : make_months(config)) {
            for (const std::int64_t value :
                 {row.customers, row.mrr, row.expansion_mrr, row.contraction_mrr, row.operating_outflow,
                  row.cogs, row.sales_marketing, row.cash, row.headcount, row.runway_months.value_or(-1),
                  row.ltv.value_or(-1), row.grr_12m.value_or(-1), row.nrr_12m.value_or(-1), row.sse_score,
                  row.pre_money.value_or(-1), row.environmental, row.scope1_tco2e, row.beneficiaries}) {
                sum.add(static_cast<std::uint64_t>(value));
            }
        }
    }
    EXPECT_EQ(sum.value(), golden_companies) << std::hex << sum.value();
}

TEST(Golden, deals_and_actions_are_the_same_with_every_compiler) {
    Checksum sum;
    for (int deal = 0; deal < 500; ++deal) {
        for (const Investor investor : {Investor::vc, Investor::angel}) {
            const Deal drawn = draw_deal(investor, 1, std::to_string(deal));
            sum.add(static_cast<std::uint64_t>(drawn.multiple));
            sum.add(static_cast<std::uint64_t>(drawn.holding_years));
        }
    }
    Actions actions({1, {}, 400, new_year_2026, std::nullopt, Trend::volatile_, 1});
    for (std::vector<std::int64_t> times; actions.next_day(times);) {
        for (const std::int64_t time : times)
            sum.add(static_cast<std::uint64_t>(time));
    }
    EXPECT_EQ(sum.value(), golden_draws) << std::hex << sum.value();
}

TEST(Golden, disturbed_series_are_the_same_with_every_compiler) {
    Checksum sum;
    for (std::uint64_t seed = 0; seed < 14; ++seed) {
        Config config = sample_config();
        config.count = 500;
        config.seed = seed;
        config.profile.stage = static_cast<Stage>(seed % 7);
        config.disturbance = {0.1, 0.2, 0.2, 2};
        Generator generator(config);
        for (Point point; generator.next(point);) {
            sum.add(static_cast<std::uint64_t>(point.reported_at));
            for (std::size_t j = 0; j < point.values.size(); ++j) {
                sum.add(static_cast<std::uint64_t>(point.values[j]));
                sum.add(static_cast<std::uint64_t>(point.first_values[j]));
            }
        }
    }
    EXPECT_EQ(sum.value(), golden_disturbed) << std::hex << sum.value();
}

} // namespace
} // namespace auxeira::synthesis
