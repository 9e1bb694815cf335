// Prometheus' text format: names, labels, numbers, cumulative buckets.
#include "exposition.hpp"
#include "process_figures.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <thread>

namespace {

using auxeira::api::Exposition;
using auxeira::api::Histogram;
using std::chrono::microseconds;

TEST(Exposition, AFamilyHasHelpTypeAndSamples) {
    Exposition page;
    page.family("things", "gauge", "What there is.").sample(3).sample(1.5, {{"kind", "a"}, {"of", "b"}});
    EXPECT_EQ(page.text(), "# HELP things What there is.\n# TYPE things gauge\nthings 3\n"
                           "things{kind=\"a\",of=\"b\"} 1.5\n");
}

TEST(Exposition, EscapesWhatTheFormatWantsEscaped) {
    Exposition page;
    page.family("x", "gauge", "a\\b\n\"c\"").sample(1, {{"l", "a\\b\n\"c\""}});
    EXPECT_EQ(page.text(), "# HELP x a\\\\b\\n\"c\"\n# TYPE x gauge\nx{l=\"a\\\\b\\n\\\"c\\\"\"} 1\n");
}

TEST(Exposition, NumbersAreExact) {
    Exposition page;
    page.family("x", "gauge", "");
    page.sample(1e15).sample(0.1).sample(-1).sample(std::numeric_limits<double>::infinity());
    page.sample(-std::numeric_limits<double>::infinity()).sample(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(page.text(), "# HELP x \n# TYPE x gauge\nx 1e+15\nx 0.1\nx -1\nx +Inf\nx -Inf\nx NaN\n");
}

TEST(Exposition, BucketsAddUp) {
    Histogram histogram;
    histogram.add(microseconds(500)); // on the first bound
    histogram.add(microseconds(501));
    histogram.add(std::chrono::seconds(60));
    Exposition page;
    page.family("t", "histogram", "").histogram(histogram, {{"r", "x"}});
    for (const char* line : {"t_bucket{r=\"x\",le=\"0.0005\"} 1\n", "t_bucket{r=\"x\",le=\"0.001\"} 2\n",
                             "t_bucket{r=\"x\",le=\"5\"} 2\n", "t_bucket{r=\"x\",le=\"+Inf\"} 3\n",
                             "t_sum{r=\"x\"} 60.001001\n", "t_count{r=\"x\"} 3\n"})
        EXPECT_NE(page.text().find(line), std::string::npos) << line << page.text();
}

TEST(Histogram, LosesNothingBetweenThreads) {
    Histogram histogram;
    const auto add = [&] {
        for (int i = 0; i < 10'000; ++i)
            histogram.add(microseconds(1));
    };
    std::thread other(add);
    add();
    other.join();
    EXPECT_EQ(histogram.count(0), 20'000U);
    EXPECT_NEAR(histogram.seconds(), 0.02, 1e-9);
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
    const auto figures = auxeira::api::process_figures();
    const auto now = static_cast<double>(std::time(nullptr));
    EXPECT_GT(figures.resident_bytes, 1e6);
    EXPECT_LT(figures.resident_bytes, figures.virtual_bytes);
    EXPECT_EQ(figures.threads, 1);
    EXPECT_GE(figures.open_descriptors, 3);
    EXPECT_LT(figures.open_descriptors, figures.most_descriptors);
    EXPECT_NEAR(figures.start_seconds, now, 600);
    EXPECT_EQ(figures.start_seconds, auxeira::api::process_figures().start_seconds);
    const auto is_late = [start = std::clock()] { return std::clock() - start > CLOCKS_PER_SEC / 10; };
    while (!is_late()) {
    }
    EXPECT_GT(auxeira::api::process_figures().cpu_seconds, figures.cpu_seconds);
}

} // namespace
