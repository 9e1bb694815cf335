// Templates in the pure room: expressions, what they make of the generator, and correlated noise.
#include <gtest/gtest.h>

#include "synthesis/template.hpp"
#include "synthesis_json.hpp"
#include "synthesis_series.hpp"

namespace auxeira::synthesis {
namespace {

constexpr std::string_view names[] = {"a", "b", "c"};

double value_of(std::string_view text, std::vector<double> values = {2, 3, 7}) {
    const Expression::Parsed parsed = Expression::parse(text, names);
    EXPECT_TRUE(parsed.expression) << text << ": " << parsed.fault;
    return parsed.expression ? parsed.expression->value(values) : 0;
}

std::string fault_of(std::string_view text) {
    return Expression::parse(text, names).fault;
}

bool holds(std::string_view text, std::vector<double> values, double tolerance = 0) {
    const Condition::Parsed parsed = Condition::parse(text, names);
    EXPECT_TRUE(parsed.condition) << text << ": " << parsed.fault;
    return parsed.condition && parsed.condition->holds(values, tolerance);
}

// The series of a template, one vector of values in their unit for each metric by its name.
struct Made {
    Template made;
    std::vector<std::vector<double>> columns;

    Made(std::string_view text, const Config& config) : made(JsonText::parse(text)) {
        const Dashboard& dashboard = made.dashboard();
        columns.resize(dashboard.metrics.size());
        Generator generator(config, dashboard);
        Inspector inspector(made);
        for (Point point; generator.next(point);) {
            inspector.check(point.values);
            for (std::size_t j = 0; j < columns.size(); ++j) {
                const double unit = std::pow(10, dashboard.metrics[j].decimals);
                columns[j].push_back(static_cast<double>(point.values[j]) / unit);
            }
        }
    }

    const std::vector<double>& operator[](std::string_view name) const {
        const auto& metrics = made.dashboard().metrics;
        const auto found =
            std::find_if(metrics.begin(), metrics.end(), [name](auto& m) { return m.name == name; });
        return columns.at(static_cast<std::size_t>(found - metrics.begin()));
    }
};

Config config_of(std::uint64_t seed, std::int32_t count = 365, Trend trend = Trend::stable) {
    Config config = sample_config();
    config.count = count;
    config.time_range_days = 365;
    config.trend = trend;
    config.seed = seed;
    return config;
}

std::string simple(std::string_view rule, std::string_view schema = R"({"type": "number"})") {
    return R"({"user_type": "government", "data_schema": {"x": )" + std::string(schema) +
           R"(}, "generation_rules": {"x": )" + std::string(rule) + "}}";
}

std::vector<double> logs(std::vector<double> values) {
    for (double& value : values)
        value = std::log(value);
    return values;
}

} // namespace

// --- Expressions
// ---------------------------------------------------------------------------------------------

TEST(TemplateExpression, has_the_usual_precedence) {
    EXPECT_EQ(value_of("a + b * c"), 23);
    EXPECT_EQ(value_of("(a + b) * c"), 35);
    EXPECT_EQ(value_of("c - b - a"), 2);
    EXPECT_EQ(value_of("c / a / 2"), 1.75);
    EXPECT_EQ(value_of("-a * -b"), 6);
    EXPECT_EQ(value_of("--a"), 2);
    EXPECT_EQ(value_of("- (a - c)"), 5);
    EXPECT_EQ(value_of(" 1.5e2 "), 150);
}

TEST(TemplateExpression, rounds_half_away_from_zero) {
    EXPECT_EQ(value_of("round(2.5)"), 3);
    EXPECT_EQ(value_of("round(-2.5)"), -3);
    EXPECT_EQ(value_of("round(c / b, 3)"), 2.333);
    EXPECT_EQ(value_of("round(0.125, 2)"), 0.13);
}

TEST(TemplateExpression, takes_extremes_of_two_or_more) {
    EXPECT_EQ(value_of("min(c, a, b)"), 2);
    EXPECT_EQ(value_of("max(a, b + b, c)"), 7);
    EXPECT_TRUE(std::isnan(value_of("min(0 / 0, 1)")));
    EXPECT_TRUE(std::isnan(value_of("max(1, 0 / 0)")));
}

TEST(TemplateExpression, tells_where_it_is_wrong) {
    EXPECT_EQ(fault_of(""), "expected a number, a metric or \"(\" at character 1, where it ends");
    EXPECT_EQ(fault_of("a b"), "expected an operator or the end at character 3, not \"b\"");
    EXPECT_EQ(fault_of("(a"), "expected \")\" at character 3, where it ends");
    EXPECT_EQ(fault_of("ä"), "expected a number, a metric or \"(\" at character 1, not \"ä\"");
    EXPECT_EQ(fault_of("d"), "names \"d\", which is not a metric of the template");
    EXPECT_EQ(fault_of("min(a)"), "expected \",\" and another value at character 6, not \")\"");
    EXPECT_EQ(fault_of("a; b"), "expected an operator or the end at character 2, not \"; b\"");
}

TEST(TemplateExpression, has_an_end_and_a_bottom) {
    const auto nested = [](std::size_t levels) {
        return std::string(levels, '(') + "a" + std::string(levels, ')');
    };
    EXPECT_EQ(value_of(nested(32)), 2);
    EXPECT_EQ(fault_of(nested(33)), "has more than 32 parentheses inside one another");
    EXPECT_EQ(fault_of(std::string(1001, '-')), "has 1001 bytes, at most 1000 are allowed");
    // The most that wait at once: in each parenthesis a sum, a product and an extreme.
    std::string waiting;
    for (int level = 0; level < 32; ++level)
        waiting += "a+b*max(a,";
    waiting += "c" + std::string(32, ')');
    EXPECT_GT(value_of(waiting), 0);
}

TEST(TemplateExpression, knows_the_bounds_of_its_value) {
    const auto bounds = [](std::string_view text) {
        const Interval of[] = {{1, 2}, {-1, 3}, {0, std::numeric_limits<double>::infinity()}};
        return Expression::parse(text, names).expression->bounds(of);
    };
    EXPECT_EQ(bounds("a + b").low, 0);
    EXPECT_EQ(bounds("a - b").high, 3);
    EXPECT_EQ(bounds("a * b").low, -2);
    EXPECT_EQ(bounds("12 * c").low, 0);
    EXPECT_TRUE(std::isinf(bounds("a / b").low));
    EXPECT_EQ(bounds("b / a").low, -1);
    EXPECT_EQ(bounds("min(a, c)").high, 2);
    EXPECT_EQ(bounds("-max(a, b)").low, -3);
}

TEST(TemplateCondition, allows_for_rounding_and_for_nothing_else) {
    EXPECT_TRUE(holds("a + b = c", {0.1, 0.2, 0.3}));
    EXPECT_TRUE(holds("a * 12 = b", {1234.56, 14814.72, 0}));
    EXPECT_FALSE(holds("a * 12 = b", {1234.56, 14814.73, 0}));
    EXPECT_TRUE(holds("a * 12 = b", {1e11, 12e11, 0}));
    EXPECT_FALSE(holds("a * 12 = b", {1e11, 12e11 + 0.01, 0}));
    EXPECT_TRUE(holds("c - a = b", {1e12, 0.01, 1e12 + 0.01}));
    EXPECT_TRUE(holds("round(a, 2) = b", {1.005, 1.01, 0}, 0.01));
    EXPECT_FALSE(holds("a / b = c", {1, 0, 1}));
}

TEST(TemplateCondition, compares_within_its_tolerance) {
    EXPECT_TRUE(holds("a <= b", {2, 2, 0}));
    EXPECT_FALSE(holds("a <= b", {2.1, 2, 0}));
    EXPECT_TRUE(holds("a <= b", {2.1, 2, 0}, 0.2));
    EXPECT_TRUE(holds("a >= b", {2, 2, 0}));
    EXPECT_FALSE(holds("a >= b", {1.9, 2, 0}));
    EXPECT_TRUE(holds("a = b", {1.9, 2, 0}, 0.1));
}

// --- Series
// ----------------------------------------------------------------------------------------------------

TEST(Template, of_the_catalogue_makes_the_same_series) {
    for (const Dashboard& dashboard : catalogue()) {
        const Template made(describe(dashboard));
        for (const Trend trend : {Trend::improving, Trend::declining, Trend::volatile_}) {
            Config config = config_of(11, 200, trend);
            config.user_type = *find_user_type(dashboard.name);
            Generator plain(config), other(config, made.dashboard());
            Inspector inspector(made);
            Point here, there;
            while (plain.next(here)) {
                ASSERT_TRUE(other.next(there));
                inspector.check(there.values);
                ASSERT_TRUE(std::equal(here.values.begin(), here.values.end(), there.values.begin(),
                                       there.values.end()))
                    << dashboard.name;
                ASSERT_NE(here.id, there.id);
            }
            EXPECT_FALSE(other.next(there));
        }
    }
}

TEST(Template, levels_have_the_distribution_that_was_asked_for) {
    struct Case {
        const char* rule;
        double mean, deviation;
        bool of_logarithm;
    };
    const Case cases[] = {
        {R"({"median": 1000, "sd": 0.5})", std::log(1000), 0.5, true},
        {R"({"distribution": "normal", "mean": 1000, "sd": 100})", 1000, 100, false},
        {R"({"distribution": "uniform", "low": 1000, "high": 2200})", 1600, 1200 / std::sqrt(12), false},
        {R"({"distribution": "constant", "value": 77})", 77, 0, false},
    };
    for (const auto& [rule, expected, deviation, of_logarithm] : cases) {
        std::vector<double> levels;
        for (std::uint64_t seed = 0; seed < 2000; ++seed) {
            Config config = config_of(seed, 2);
            config.variance = 0;
            levels.push_back(Made(simple(rule), config)["x"][0]);
        }
        if (of_logarithm) levels = logs(levels);
        const double average = mean(levels);
        double squares = 0;
        for (const double level : levels)
            squares += (level - average) * (level - average) / 2000;
        EXPECT_NEAR(average, expected, 0.1 * deviation + 1e-9) << rule;
        EXPECT_NEAR(std::sqrt(squares), deviation, 0.06 * deviation + 1e-9) << rule;
    }
}

TEST(Template, draws_are_independent_and_moved_by_the_trend) {
    const std::string rule =
        R"({"model": "draw", "distribution": "normal", "mean": 100, "sd": 10, "trendResponse": 1})";
    std::vector<double> slopes, neighbours;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const Made series(simple(rule), config_of(seed, 365, Trend::improving));
        const LogLine line(series["x"]);
        slopes.push_back(line.slope);
        const std::vector<double>& left = line.residuals;
        neighbours.push_back(correlation({left.begin(), left.end() - 1}, {left.begin() + 1, left.end()}));
    }
    EXPECT_NEAR(median(slopes), std::log(1.3), 0.05);
    EXPECT_NEAR(mean(neighbours), 0, 0.03);
}

TEST(Template, counts_are_of_a_poisson_distribution) {
    for (const double expected : {0.5, 4.0, 39.0, 41.0, 500.0}) {
        const std::string rule =
            R"({"model": "draw", "distribution": "poisson", "mean": )" + std::to_string(expected) + "}";
        const std::vector<double> counts =
            Made(simple(rule, R"({"type": "integer"})"), config_of(5, 20000))["x"];
        const double average = mean(counts);
        double squares = 0;
        for (const double count : counts)
            squares += (count - average) * (count - average) / static_cast<double>(counts.size());
        EXPECT_NEAR(average, expected, 5 * std::sqrt(expected / 20000));
        EXPECT_NEAR(squares / expected, 1, 0.06);
    }
}

// The residuals of a metric and of the one that it goes with, over 60 seeds.
TEST(Template, noise_is_correlated_as_was_asked_for) {
    for (const double coefficient : {0.8, 0.4, 0.0, -0.6, 1.0}) {
        const std::string text = R"({"user_type": "government",
            "data_schema": {"a": {"type": "number", "decimals": 6}, "b": {"type": "number", "decimals": 6},
                            "c": {"type": "number", "decimals": 6}},
            "generation_rules": {"b": {"low": 100, "high": 1000, "correlation": {"with": "a", "coefficient": )" +
                                 std::to_string(coefficient) + R"(}}, "a": {"low": 100, "high": 1000},
              "c": {"low": 100, "high": 1000, "correlation": {"with": "b", "coefficient": 0.5}}}})";
        std::vector<double> near, far;
        for (std::uint64_t seed = 0; seed < 60; ++seed) {
            const Made series(text, config_of(seed, 365, Trend::stable));
            const LogLine a(series["a"]), b(series["b"]), c(series["c"]);
            near.push_back(correlation(a.residuals, b.residuals));
            far.push_back(correlation(a.residuals, c.residuals));
        }
        EXPECT_NEAR(mean(near), coefficient, 0.1);
        EXPECT_NEAR(mean(far), coefficient / 2, 0.1);
    }
}

TEST(Template, is_the_same_bytes_for_the_same_seed) {
    const std::string text = R"({"user_type": "startup_founder",
        "data_schema": {"mrr": {"type": "number"}, "arr": {"type": "number"}, "n": {"type": "integer"}},
        "generation_rules": {"mrr": {"median": 10000, "sd": 0.5}, "arr": {"expression": "mrr * 12"},
                             "n": {"model": "draw", "distribution": "poisson", "mean": 12}}})";
    const auto checksum = [&text](std::uint64_t seed) {
        std::uint64_t sum = 0xcbf29ce484222325;
        for (const std::vector<double>& column : Made(text, config_of(seed)).columns) {
            for (const double value : column)
                sum = (sum ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3;
        }
        return sum;
    };
    EXPECT_EQ(checksum(1), checksum(1));
    EXPECT_NE(checksum(1), checksum(2));
}

TEST(Template, refuses_a_point_that_breaks_its_rules) {
    const std::string text =
        R"({"user_type": "government", "data_schema": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "generation_rules": {"a": {"distribution": "constant", "value": 4}, "b": {"expression": "a * 2"}},
        "validation_rules": {"identities": [{"name": "twice", "expression": "b = a * 3"}]}})";
    Config config = config_of(1, 3);
    config.variance = 0;
    try {
        Made made(text, config);
        FAIL() << "the rule does not hold";
    } catch (const Rejection& refused) {
        EXPECT_EQ(refused.message(), "point 0 does not keep the rules of the template");
        EXPECT_EQ(refused.detail(),
                  "validation_rules.identities[0]: \"twice\", b = a * 3, does not hold with a = 4, b = 8");
    }
}

// --- Numbers that are too large
// ------------------------------------------------------------------------------

namespace {

// What making a series of the metric x comes to: the fault, or nothing.
std::string outcome(std::string_view rules, const Config& config,
                    std::string_view schema = R"({"type": "number"})") {
    const std::string text = R"({"user_type": "government", "data_schema": {"x": )" + std::string(schema) +
                             R"(, "of": {"type": "integer", "kind": "cumulative"}},
        "generation_rules": {"x": )" +
                             std::string(rules) + R"(, "of": {"low": 1000, "high": 1000}}})";
    try {
        const Made made(text, config);
        return {};
    } catch (const Rejection& refused) {
        const bool is_range = refused.reason() == Reason::out_of_range;
        return (is_range ? "22003 " : "22023 ") + refused.detail();
    }
}

Config century(double variance = 0) {
    Config config = config_of(3, 100, Trend::improving);
    config.variance = variance;
    config.time_range_days = 36'500;
    return config;
}

} // namespace

TEST(Template, refuses_what_grows_beyond_exact_numbers) {
    const std::string beyond = "22003 generation_rules.x: is beyond 90071992547409.92 at point ";
    EXPECT_EQ(outcome(R"({"low": 1e12, "high": 1e12})", century()), "");
    for (const char* const rule : {R"({"low": 1e12, "high": 1e12, "pace": 100, "model": "accumulates"})",
                                   R"({"low": 1e12, "high": 1e12, "model": "part", "of": "of"})",
                                   R"({"low": 1e12, "high": 1e12, "model": "purchases", "of": "of"})",
                                   R"({"median": 1e6, "sd": 5, "model": "draw"})"}) {
        Config config = century(1);
        config.trend = Trend::volatile_;
        config.count = 20'000;
        const std::string fault = outcome(rule, config);
        EXPECT_EQ(fault.substr(0, beyond.size()), beyond) << rule;
    }
}

TEST(Template, bounds_cut_what_grows_beyond_them) {
    for (const char* const rule :
         {R"({"low": 1e11, "high": 1e11, "pace": 100, "model": "accumulates", "maximum": 1e12})",
          R"({"low": 1e12, "high": 1e12, "model": "part", "of": "of", "maximum": 1e12})",
          R"({"low": 1e12, "high": 1e12, "model": "purchases", "of": "of", "maximum": 1e12})",
          R"({"median": 1e6, "sd": 5, "model": "draw", "maximum": 1e12})"}) {
        EXPECT_EQ(outcome(rule, century(1)), "") << rule;
    }
}

// In 64 bits, 30 of them behind the point, they would end at 43 million.
TEST(Template, sums_are_exact_up_to_the_largest_number) {
    const auto most = [](std::string_view rule, std::string_view kind, std::int32_t days) {
        Config config = config_of(3, 13, Trend::stable);
        config.variance = 0;
        config.time_range_days = days;
        const std::string schema = R"({"type": "number", "kind": ")" + std::string(kind) + "\"}";
        const std::vector<double> values = Made(simple(rule, schema), config)["x"];
        return *std::max_element(values.begin(), values.end());
    };
    EXPECT_NEAR(most(R"({"low": 1e12, "high": 1e12, "pace": 1})", "cumulative", 3653) / 11e12, 1, 1e-3);
    EXPECT_NEAR(most(R"({"low": 1e12, "high": 1e12})", "ytd", 365) / 1e12, 11.0 / 12, 1e-3);
    EXPECT_NEAR(most(R"({"low": 1e9, "high": 1e9, "pace": 0})", "cumulative", 365), 1e9, 0.01);
}

TEST(Template, refuses_what_is_no_number) {
    const std::string is_no_number = "22023 generation_rules.x.expression: is no number with of = ";
    for (const char* const expression :
         {"of / (of - of)", "(of - of) / (of - of)", "1e308 * of * of - 1e308 * of * of",
          "min(1, 0 / (of - of))", "max(of, -1 / (of - of) + 1 / (of - of))", "round(of / (of - of), 2)"}) {
        const std::string rule = R"({"expression": ")" + std::string(expression) + R"(", "minimum": -1e12})";
        EXPECT_EQ(outcome(rule, century()).substr(0, is_no_number.size()), is_no_number) << expression;
    }
    for (const char* const expression : {"of * 1e15", "-of * 1e15", "1e300 * of"}) {
        const std::string rule = R"({"expression": ")" + std::string(expression) + R"(", "minimum": -1e12})";
        EXPECT_EQ(outcome(rule, century()),
                  "22003 generation_rules.x: is beyond 90071992547409.92 at point 0")
            << expression;
    }
}

// What is computed from it is not blamed.
TEST(Template, tells_which_metric_is_no_number) {
    const std::string text = R"({"user_type": "government",
        "data_schema": {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "number", "decimals": 6},
                        "d": {"type": "integer", "kind": "cumulative"}},
        "generation_rules": {"a": {"low": 5, "high": 5}, "b": {"expression": "a / (a - a) * a"},
            "c": {"model": "part", "of": "b", "low": 2, "high": 2, "minimum": -1e12},
            "d": {"model": "purchases", "of": "b", "low": 2, "high": 2}}})";
    Config config = config_of(1, 3);
    config.variance = 0;
    try {
        const Made made(text, config);
        FAIL() << "a division by zero";
    } catch (const Rejection& refused) {
        EXPECT_EQ(refused.detail(), "generation_rules.b.expression: is no number with a = 5");
    }
}

} // namespace auxeira::synthesis
