// Confidence, percentiles and probabilities.
#include <cmath>

#include <gtest/gtest.h>

#include "rejection.hpp"
#include "scoring/likelihood.hpp"
#include "scoring/score.hpp"

namespace auxeira::scoring {
namespace {

Answers complete() {
    Answers answers;
    for (const ComponentRow& component : components) {
        answers.add(component.name, "q1", 0.5);
        answers.add(component.name, "q2", 0.5);
    }
    return answers;
}

TEST(Confidence, FollowsVerification) {
    EXPECT_EQ(score(complete(), {}).confidence, 0.88);
    EXPECT_EQ(score(complete(), {.verification = Verification::peer}).confidence, 0.931);
    EXPECT_EQ(score(complete(), {.verification = Verification::document}).confidence, 0.974);
    EXPECT_EQ(score(complete(), {.verification = Verification::integration}).confidence, 1);
    EXPECT_EQ(score(complete(), {.verification = Verification::integration}).band, 0);
}

TEST(Confidence, FallsWithAge) {
    const auto at = [](double days) {
        return score(complete(), {.verification = Verification::integration, .age_days = days});
    };
    EXPECT_EQ(at(180).confidence, 0.779); // e^(-1/4)
    EXPECT_EQ(at(180).data_quality, 0.368);
    EXPECT_EQ(at(1e6).confidence, 0.05);
    EXPECT_EQ(at(1e6).band, 19);
    EXPECT_EQ(at(180).total, 50);
}

TEST(Confidence, FollowsTheAnsweredShareOfTheQuestionnaire) {
    Options options;
    options.expected = {4, 2, 0, 2, 1, 2}; // half of team's; fewer than answered counts as all
    const Score result = score(complete(), options);
    EXPECT_EQ(result.coverage, 0.875);
    EXPECT_EQ(result.present_weight, 1);
    EXPECT_EQ(result.confidence, 0.823); // .875^.5 * .6^.25
    EXPECT_EQ(result.data_quality, 0.6);
}

TEST(Status, HalfOfTheWeightIsEnough) {
    Answers answers;
    answers.add("team", "q1", 1);
    answers.add("business", "q1", 1);
    EXPECT_EQ(score(answers, {}).status, Status::provisional);
    answers.add("financial", "q1", 1);
    EXPECT_EQ(score(answers, {}).status, Status::scored);
}

TEST(DataQuality, IsTheWeakestOfTheThree) {
    Answers answers;
    answers.add("team", "q1", 1);
    EXPECT_EQ(score(answers, {}).data_quality, 0.25);
}

TEST(Percentile, OfNobodyElseIsTheReference) {
    EXPECT_EQ(percentile(62.75, {0, 0, 0}), 69.7);
    EXPECT_EQ(percentile(55, {0, 0, 0}), 50);
    EXPECT_EQ(percentile(100, {0, 0, 0}), 99);
    EXPECT_EQ(percentile(0, {0, 0, 0}), 1);
}

TEST(Percentile, ShrinksSmallCohorts) {
    EXPECT_EQ(percentile(55, {30, 30, 0}), 75);
    EXPECT_EQ(percentile(55, {30, 0, 30}), 50);
    EXPECT_EQ(percentile(55, {10, 10, 0}), 62.5);
    EXPECT_EQ(percentile(55, {1'000'000'000, 250'000'000, 0}), 25);
    EXPECT_EQ(percentile(55, {1'000'000, 1'000'000, 0}), 99);
}

TEST(Percentile, RefusesImpossibleCohorts) {
    EXPECT_THROW(percentile(55, {3, 2, 2}), Rejection);
    EXPECT_THROW(percentile(55, {-1, 0, 0}), Rejection);
    EXPECT_THROW(percentile(55, {1, -1, 0}), Rejection);
    EXPECT_THROW(percentile(55, {1, 0, -1}), Rejection);
    EXPECT_THROW(percentile(std::nan(""), {1, 0, 0}), Rejection);
    EXPECT_THROW(percentile(100.1, {1, 0, 0}), Rejection);
    EXPECT_THROW(percentile(-0.1, {1, 0, 0}), Rejection);
}

TEST(Percentile, FirstVersionIsTheOriginals) {
    EXPECT_EQ(percentile_v1(0), 5);
    EXPECT_EQ(percentile_v1(62), 74);
    EXPECT_EQ(percentile_v1(79), 94);
    EXPECT_EQ(percentile_v1(100), 95);
}

TEST(Probability, RisesStrictlyWithTheTotal) {
    for (const double base : {0.001, default_base_rate, 0.306, 0.999}) {
        double last = 0;
        for (int raw = 0; raw <= 10'000; ++raw) {
            const double now = success_probability(raw / 100.0, base);
            ASSERT_GT(now, last);
            ASSERT_LT(now, 1);
            last = now;
        }
    }
}

TEST(Probability, AtTheReferenceMeanIsTheBaseRate) {
    EXPECT_NEAR(success_probability(55, 0.154), 0.154, 1e-15);
    EXPECT_NEAR(success_probability(55, 0.306), 0.306, 1e-15);
    Answers answers;
    answers.add("team", "q1", 0.55);
    EXPECT_EQ(score(answers, {.base_rate = 0.306}).success_probability, 0.306);
}

TEST(Probability, FirstVersionIsTheOriginals) {
    EXPECT_EQ(success_probability_v1(55), 0.44);
    EXPECT_EQ(success_probability_v1(100), 0.8);
}

} // namespace
} // namespace auxeira::scoring
