// R1: the same bytes with every compiler, C library and processor. This program is built with two compilers.
#include <gtest/gtest.h>

#include "synthesis/actions.hpp"
#include "synthesis/deals.hpp"
#include "synthesis/identifier.hpp"
#include "synthesis/months.hpp"
#include "synthesis/template.hpp"
#include "synthesis_golden.hpp"
#include "synthesis_json.hpp"
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
    void add(const Uuid& id) {
        for (const std::uint8_t byte : id)
            add_byte(byte);
    }
    void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }
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
            for (const Uuid& id : series.ids)
                sum.add(id);
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
        MonthsConfig config{seed, {}, 48, new_year_2026, {}, 0.2, std::nullopt, seed % 2 == 0, false};
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

// --- What SQL asks for, in words, and every column of what it is answered ----------------------------------

void add(const Month& row, Checksum& sum) {
    for (const std::int64_t value : {std::int64_t{row.month},
                                     static_cast<std::int64_t>(row.stage),
                                     row.customers,
                                     row.new_customers,
                                     row.lost_customers,
                                     row.mrr,
                                     row.arr,
                                     row.new_mrr,
                                     row.expansion_mrr,
                                     row.reactivation_mrr,
                                     row.contraction_mrr,
                                     row.churned_mrr,
                                     row.revenue,
                                     row.cogs,
                                     row.sales_marketing,
                                     row.operating_outflow,
                                     row.net_burn,
                                     row.financing,
                                     row.cash,
                                     row.headcount,
                                     row.hires,
                                     row.leavers,
                                     row.sse_score,
                                     row.environmental,
                                     row.social,
                                     row.governance,
                                     row.scope1_tco2e,
                                     row.scope2_tco2e,
                                     row.lives_reached,
                                     row.beneficiaries,
                                     std::int64_t{row.is_closed}}) {
        sum.add(static_cast<std::uint64_t>(value));
    }
    for (const Ratio& ratio :
         {row.arpa, row.runway_months, row.cac, row.ltv, row.ltv_cac, row.cac_payback_months, row.grr_12m,
          row.nrr_12m, row.gross_margin, row.logo_churn, row.quick_ratio, row.burn_multiple, row.pre_money}) {
        sum.add(static_cast<std::uint64_t>(ratio.value_or(std::numeric_limits<std::int64_t>::min())));
    }
}

// Everything is named for some, and drawn for the others.
MonthsRequest request_of(std::size_t number) {
    MonthsRequest request;
    request.seed = number * 0x9E3779B97F4A7C15;
    request.org = {static_cast<std::uint8_t>(number), 2, 3};
    request.months = 30;
    request.as_of = new_year_2026 + static_cast<std::int64_t>(number) * microseconds_a_day;
    request.business_model = business_model_names[number % 5];
    if (number % 2 == 0) request.stage = stage_names[number / 2 % 7];
    if (number % 3 > 0) request.industry = number % 3 == 1 ? industry_names[number % 8] : "Fishing";
    if (number % 4 > 0) request.region = number % 4 == 1 ? region_names[number % 6] : "AFRICA";
    if (number % 5 > 0) request.trend = name_of(all_trends[number % 4]);
    request.variance = static_cast<double>(number % 11) / 10;
    request.survival = number % 3 == 0;
    return request;
}

TEST(Golden, books_of_companies_asked_for_in_words) {
    std::vector<Checksum> sums(business_model_names.size());
    for (std::size_t number = 0; number < 210; ++number) {
        Checksum& sum = sums[number % 5];
        const MonthsConfig config = check(request_of(number));
        const Company company = draw_company(config.seed, config.org, config.profile);
        for (const int part : {static_cast<int>(company.stage), static_cast<int>(company.industry),
                               static_cast<int>(company.region), static_cast<int>(company.business_model),
                               company.founded_months_ago, company.lifetime_months.value_or(-1)})
            sum.add(static_cast<std::uint64_t>(part));
        for (const Month& row : make_months(config))
            add(row, sum);
    }
    for (std::size_t model = 0; model < sums.size(); ++model) {
        const std::uint64_t value = sums[model].value();
        EXPECT_EQ(value, golden_books[model]) << business_model_names[model] << ": 0x" << std::hex << value;
    }
}

TEST(Golden, numbers_of_named_streams) {
    Checksum sum;
    for (std::uint64_t index = 0; index < 500; ++index) {
        const Stream stream = named_stream(index % 7, "golden");
        sum.add(uniform_double(stream, index));
        sum.add(normal_double(stream, index));
        sum.add(named_identifier(index % 7, "golden", index, std::nullopt));
        sum.add(
            named_identifier(index % 7, "golden", index, new_year_2026 - static_cast<std::int64_t>(index)));
    }
    EXPECT_EQ(sum.value(), golden_named_draws) << std::hex << sum.value();
}

// --- Templates ---------------------------------------------------------------------------------------------

// Every model, distribution, operator and function, correlations of levels and of growth, and rules to keep.
constexpr std::string_view golden_template = R"({"user_type": "startup_founder",
  "data_schema": {
    "mrr": {"type": "number"}, "people": {"type": "integer"}, "area": {"type": "number", "decimals": 3},
    "share": {"type": "number", "decimals": 6}, "fee": {"type": "number"}, "calls": {"type": "integer"},
    "spread": {"type": "number"}, "swing": {"type": "number"}, "level": {"type": "number", "decimals": 4},
    "fixed": {"type": "integer"}, "visits": {"type": "integer"}, "crowd": {"type": "integer"},
    "reached": {"type": "integer", "kind": "cumulative"}, "year": {"type": "number", "kind": "ytd"},
    "days": {"type": "integer", "kind": "streak"}, "active": {"type": "integer"},
    "spent": {"type": "number", "kind": "cumulative"}, "paid": {"type": "number"}, "team": {"type": "integer"},
    "burn": {"type": "number"}, "months": {"type": "number", "decimals": 1}, "arr": {"type": "number"},
    "each": {"type": "number", "decimals": 4}, "odd": {"type": "number", "decimals": 6}},
  "generation_rules": {
    "mrr": {"distribution": "lognormal", "median": 20000, "sd": 0.6},
    "people": {"distribution": "normal", "mean": 400, "sd": 60, "correlation": {"with": "mrr", "coefficient": 0.8}},
    "area": {"distribution": "uniform", "low": 10, "high": 90, "ceiling": 95, "maximum": 100,
             "correlation": {"with": "people", "coefficient": -0.5}},
    "share": {"distribution": "constant", "value": 0.25, "maximum": 1, "trendResponse": 0.3},
    "fee": {"distribution": "lognormal", "low": 5, "high": 50, "goodDirection": "down",
            "correlation": {"with": "mrr", "coefficient": 0.4, "levelFollows": "growth"}},
    "calls": {"distribution": "poisson", "mean": 30},
    "spread": {"model": "draw", "distribution": "lognormal", "median": 9, "sd": 1.5, "trendResponse": 1},
    "swing": {"model": "draw", "distribution": "normal", "mean": -3, "sd": 40, "minimum": -1000},
    "level": {"model": "draw", "distribution": "uniform", "low": 0.5, "high": 1.5},
    "fixed": {"model": "draw", "distribution": "constant", "value": 7},
    "visits": {"model": "draw", "distribution": "poisson", "mean": 3.5},
    "crowd": {"model": "draw", "distribution": "poisson", "low": 20000, "high": 90000},
    "reached": {"low": 1000, "high": 5000, "pace": 0.8},
    "year": {"low": 10000, "high": 90000}, "days": {"low": 3, "high": 30},
    "active": {"model": "part", "of": "people", "less": "fixed", "low": 0.4, "high": 0.9, "ceiling": 1},
    "spent": {"model": "purchases", "of": "reached", "low": 2, "high": 20},
    "paid": {"model": "sales", "of": "people", "low": 5000, "high": 9000},
    "team": {"model": "staff", "low": 12, "high": 60}, "burn": {"low": 4000, "high": 9000},
    "months": {"model": "runway", "of": "burn", "low": 6, "high": 18},
    "arr": {"expression": "mrr * 12"}, "each": {"expression": "round(mrr / max(people, 1), 2) - 0.1 * fee"},
    "odd": {"expression": "-min(area, fee, -swing * level) / 3 + (spread - 1e-3) * share", "minimum": -100000}},
  "validation_rules": {
    "identities": [{"expression": "mrr * 12 = arr"}, {"expression": "active <= people - fixed"},
                   {"name": "near", "expression": "each * people >= 0", "tolerance": 1e9}],
    "ranges": {"area": {"minimum": 0, "maximum": 100}}}})";

Config template_config(std::uint64_t seed, Trend trend) {
    Config config = sample_config();
    config.seed = seed;
    config.trend = trend;
    config.count = 120;
    config.time_range_days = 700;
    config.disturbance = {0.05, 0.1, 0.2, 1};
    return config;
}

TEST(Golden, templates_are_the_same_with_every_compiler) {
    const Template made(JsonText::parse(golden_template));
    std::vector<Checksum> sums(made.dashboard().metrics.size());
    Checksum ids;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        Generator generator(template_config(seed, all_trends[seed % 4]), made.dashboard());
        Inspector inspector(made);
        for (Point point; generator.next(point);) {
            inspector.check(point.values);
            ids.add(point.id);
            for (std::size_t j = 0; j < sums.size(); ++j) {
                sums[j].add(static_cast<std::uint64_t>(point.values[j]));
                sums[j].add(static_cast<std::uint64_t>(point.first_values[j]));
            }
        }
    }
    EXPECT_EQ(ids.value(), golden_template_ids) << std::hex << ids.value();
    for (std::size_t j = 0; j < sums.size(); ++j) {
        const std::string_view name = made.dashboard().metrics[j].name;
        const auto golden = golden_template_values.find(name);
        const std::uint64_t value = sums[j].value();
        EXPECT_TRUE(golden != golden_template_values.end() && golden->second == value)
            << "{\"" << name << "\", 0x" << std::hex << value << "},";
    }
}

TEST(Golden, expressions_are_computed_to_the_same_bit) {
    constexpr std::string_view names[] = {"a", "b", "c"};
    Checksum sum;
    for (const std::string_view text :
         {"a * b + c", "a * b - c * a", "a / b / c", "round(a / 3, 6) * b", "min(a, b, c) - max(a, b)",
          "-(a - b) * (b - c) / 7", "1e-3 * a + .1", "a / (b - b)", "(a - a) / (b - b)"}) {
        const Expression expression = *Expression::parse(text, names).expression;
        for (std::uint64_t index = 0; index < 200; ++index) {
            const Stream stream = named_stream(index, text);
            const double values[] = {1e6 * uniform_double(stream, 0), normal_double(stream, 1),
                                     1e-3 * uniform_double(stream, 2)};
            const double value = expression.value(values);
            sum.add(std::isnan(value) ? 0.0 : value); // the sign of what is no number is the processor's
        }
    }
    EXPECT_EQ(sum.value(), golden_expressions) << std::hex << sum.value();
}

// The square of 1 + 2^-30 is 2^-60 more than what a double of it shows.
TEST(Golden, products_are_rounded_before_they_are_added) {
    const volatile double value = 1 + 0x1p-30, square = 1 + 0x1p-29;
    EXPECT_EQ(value * value - square, 0);
}

TEST(Golden, deals_and_actions_are_the_same_with_every_compiler) {
    Checksum sum;
    for (int deal = 0; deal < 500; ++deal) {
        for (const Investor investor : {Investor::vc, Investor::angel}) {
            const Deal drawn = draw_deal(investor, 1, std::to_string(deal));
            sum.add(static_cast<std::uint64_t>(drawn.multiple));
            sum.add(static_cast<std::uint64_t>(drawn.holding_years));
            sum.add(static_cast<std::uint64_t>(multiple_at(investor, deal / 499.0)));
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
