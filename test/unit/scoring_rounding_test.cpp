// Rounding must be Python's: on a grid of hundredths it differs visibly from rounding half up.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "scoring/rounding.hpp"
#include "scoring/score.hpp"

namespace auxeira::scoring {
namespace {

// The C library's conversion is correctly rounded, as Python's is.
double by_printf(double value, int decimals) {
    char text[400];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return std::strtod(text, nullptr);
}

TEST(Rounding, TiesGoToTheEvenDigit) {
    EXPECT_EQ(round_decimals(6.25, 1), 6.2);
    EXPECT_EQ(round_decimals(6.75, 1), 6.8);
    EXPECT_EQ(round_decimals(5.625, 2), 5.62);
    EXPECT_EQ(round_decimals(0.5, 0), 0);
    EXPECT_EQ(round_decimals(1.5, 0), 2);
}

TEST(Rounding, TheBinaryValueDecides) {
    EXPECT_EQ(round_decimals(0.15, 1), 0.1); // a little less than it looks, though 0.15 * 10 is 1.5
    EXPECT_EQ(round_decimals(0.25, 1), 0.2);
    EXPECT_EQ(round_decimals(0.35, 1), 0.3); // less
    EXPECT_EQ(round_decimals(1.15, 1), 1.1); // less
    EXPECT_EQ(round_decimals(2.675, 2), 2.67);
    EXPECT_EQ(round_decimals(-0.15, 1), -0.1);
}

TEST(Rounding, LargeAndOddValuesPassThrough) {
    EXPECT_EQ(round_decimals(1e300, 1), 1e300);
    EXPECT_EQ(round_decimals(123456789012.25, 1), 123456789012.2);
    EXPECT_EQ(round_decimals(2200935703504985.0, 1), 2200935703504985.0); // ten times it is no double
    EXPECT_TRUE(std::isinf(round_decimals(HUGE_VAL, 1)));
    EXPECT_TRUE(std::isnan(round_decimals(std::nan(""), 1)));
}

TEST(Rounding, AgreesWithCorrectlyRoundedConversion) {
    std::mt19937_64 random(15);
    std::uniform_real_distribution<double> hundred(0, 100), exponent(-3, 16);
    for (int decimals = 0; decimals <= 3; ++decimals) {
        for (int i = 0; i < 100'000; ++i) {
            const double tie = i / 2000.0; // on and beside the ties of three decimals
            for (const double value : {tie, std::nextafter(tie, 0), std::nextafter(tie, 1e9), hundred(random),
                                       std::pow(10, exponent(random))}) {
                ASSERT_EQ(round_decimals(value, decimals), by_printf(value, decimals)) << value;
            }
        }
    }
}

// How many of the hundredths give other points of a component than rounding half up in decimal would.
TEST(Rounding, ComponentGridDiffersFromHalfUp) {
    int differ = 0;
    for (const int percent : {25, 20, 15, 10}) {
        for (int hundredths = 0; hundredths <= 100; ++hundredths) {
            const double points = hundredths / 100.0 * 100 * (percent / 100.0);
            const int exact = hundredths * percent; // in hundredths of a point
            const int half_up = (exact + 5) / 10;   // in tenths
            if (round_decimals(points, 1) != half_up / 10.0) ++differ;
        }
    }
    EXPECT_EQ(differ, 62);
}

TEST(Rounding, TotalGridDiffersFromHalfUp) {
    int differ = 0;
    for (int thousandths = 0; thousandths <= 1000; ++thousandths) {
        Answers answers;
        for (const ComponentRow& component : components) {
            answers.add(component.name, "q1", thousandths / 1000.0);
        }
        if (score(answers, {}).total != (thousandths + 5) / 10) ++differ;
    }
    EXPECT_EQ(differ, 43);
}

} // namespace
} // namespace auxeira::scoring
