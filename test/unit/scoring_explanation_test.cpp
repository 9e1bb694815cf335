// Next steps and the report of a change.
#include <gtest/gtest.h>

#include "scoring/score.hpp"

namespace auxeira::scoring {
namespace {

void expect_step(const NextStep& step, Component component, std::string_view question, double gain) {
    EXPECT_EQ(step.component, component);
    EXPECT_EQ(step.question, question);
    EXPECT_EQ(step.gain, gain);
}

TEST(NextSteps, AreTheThreeLargestGains) {
    Answers answers;
    answers.add("team", "done", 1);
    answers.add("team", "almost", 0.9);
    answers.add("market", "only", 0.3);
    answers.add("traction", "b", 0);
    answers.add("traction", "a", 0.5);
    const Score result = score(answers, {});
    ASSERT_EQ(result.next_steps.size(), 3u);
    expect_step(result.next_steps[0], Component::market, "only", 7.27); // 20 / .55 * .2
    expect_step(result.next_steps[1], Component::team, "almost", 2.27); // 25 / (.55 * 2) * .1
    expect_step(result.next_steps[2], Component::traction, "a",
                1.82); // 10 / (.55 * 2) * .2, before b by name
}

TEST(NextSteps, EqualGainsKeepTheOrderOfComponents) {
    Answers answers;
    answers.add("product", "q", 0);
    answers.add("market", "q", 0);
    const Score result = score(answers, {});
    ASSERT_EQ(result.next_steps.size(), 2u);
    expect_step(result.next_steps[0], Component::market, "q", 10);
    expect_step(result.next_steps[1], Component::product, "q", 10);
}

TEST(NextSteps, PolicyZeroDoesNotStretchThem) {
    Answers answers;
    answers.add("team", "q", 0.5);
    const Score result = score(answers, {.missing_policy = MissingPolicy::zero});
    ASSERT_EQ(result.next_steps.size(), 1u);
    expect_step(result.next_steps[0], Component::team, "q", 5);
    EXPECT_EQ(result.components[0]->headroom, 12.5);
}

TEST(NextSteps, StepsAreOnTheUnitScale) {
    Answers answers;
    answers.add("team", "q", 90);
    expect_step(score(answers, {.scale = Scale::percent}).next_steps.at(0), Component::team, "q", 10);
}

TEST(NextSteps, FullMarksLeaveNone) {
    Answers answers;
    answers.add("team", "q", 1);
    EXPECT_TRUE(score(answers, {}).next_steps.empty());
}

TEST(NextSteps, GainIsWhatTheStepAdds) {
    Answers answers;
    answers.add("team", "q", 0.5);
    answers.add("market", "q", 0.25);
    const Score before = score(answers, {});
    answers.list[0].value += 0.2;
    EXPECT_NEAR(score(answers, {}).raw - before.raw, before.next_steps[0].gain, 0.005);
}

TEST(Change, IsExactToTheDecimal) {
    const Breakdown before{20.1, 12.0, {}, 6.8, 5.0, {}};
    const Breakdown after{20.2, 11.9, 16.0, {}, 5.0, {}};
    const Breakdown expected{0.1, -0.1, 16.0, -6.8, 0.0, {}};
    EXPECT_EQ(change(before, after), expected);
    EXPECT_NE(20.2 - 20.1, 0.1) << "the case would be proof of nothing";
}

} // namespace
} // namespace auxeira::scoring
