// What is accepted, on which scale, and what a refusal says.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scoring/answers.hpp"
#include "scoring/score.hpp"

namespace auxeira::scoring {
namespace {

struct Given {
    std::string_view component, question;
    double value;
};

Answers answers_of(const std::vector<Given>& given) {
    Answers answers;
    for (const Given& one : given) {
        answers.add(one.component, one.question, one.value);
    }
    return answers;
}

// The detail of the refusal; empty when there is none.
std::string refusal(const Answers& answers, const Options& options = {}) {
    try {
        score(answers, options);
        return {};
    } catch (const Rejection& rejection) {
        EXPECT_EQ(rejection.reason(), Reason::invalid_value);
        EXPECT_FALSE(rejection.hint().empty());
        return rejection.detail();
    }
}

TEST(Answers, EndsOfEveryScaleAreAccepted) {
    for (const ScaleRow& scale : scales) {
        const Answers answers = answers_of({{"team", "low", scale.lowest}, {"team", "high", scale.highest}});
        EXPECT_EQ(score(answers, {.scale = scale_named(scale.name)}).total, 50) << scale.name;
    }
}

TEST(Answers, BeyondTheEndsOfEveryScaleIsRefused) {
    for (const ScaleRow& scale : scales) {
        for (const double outside :
             {std::nextafter(scale.lowest, -1e9), std::nextafter(scale.highest, 1e9), -1e308, 1e308}) {
            const std::string detail =
                refusal(answers_of({{"team", "q", outside}}), {.scale = scale_named(scale.name)});
            EXPECT_NE(detail.find("responses.team.q: "), std::string::npos) << scale.name << ' ' << outside;
        }
    }
}

TEST(Answers, EveryFaultIsListed) {
    EXPECT_EQ(refusal(answers_of(
                  {{"team", "q1", 4}, {"team", "q2", 0.5}, {"teem", "q1", 0.5}, {"market", "q", -0.25}})),
              "responses.teem: is not a component (team, market, product, business, financial, traction)\n"
              "responses.team.q1: 4 is outside 0 to 1 (scale unit)\n"
              "responses.market.q: -0.25 is outside 0 to 1 (scale unit)");
}

TEST(Answers, NotANumberAndInfinityAreRefused) {
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(
        refusal(answers_of({{"team", "a", std::nan("")}, {"team", "b", infinity}, {"team", "c", -infinity}})),
        "responses.team.a: NaN is outside 0 to 1 (scale unit)\n"
        "responses.team.b: a number above 1.8e308 is outside 0 to 1 (scale unit)\n"
        "responses.team.c: a number below -1.8e308 is outside 0 to 1 (scale unit)");
}

TEST(Answers, NoAnswerAtAllIsRefused) {
    EXPECT_EQ(refusal({}), "responses: must hold at least one answer");
}

TEST(Answers, OptionsAreCheckedToo) {
    EXPECT_EQ(refusal(answers_of({{"team", "q", 2}}), {.age_days = -1, .base_rate = 1}),
              "responses.team.q: 2 is outside 0 to 1 (scale unit)\n"
              "age_days: -1 is not a number of days, 0 or more\n"
              "base_rate: 1 is not between 0 and 1");
    EXPECT_NE(refusal(answers_of({{"team", "q", 1}}), {.age_days = std::nan("")}), "");
    EXPECT_NE(refusal(answers_of({{"team", "q", 1}}), {.age_days = HUGE_VAL}), "");
    EXPECT_NE(refusal(answers_of({{"team", "q", 1}}), {.base_rate = 0}), "");
    EXPECT_NE(refusal(answers_of({{"team", "q", 1}}), {.base_rate = std::nan("")}), "");
}

TEST(Answers, OddKeysCannotPassForOtherPaths) {
    EXPECT_EQ(refusal(answers_of({{"team", "a.b\n\"c\"\\", 2}, {"team", "", 2}, {"team", "größe", 2}})),
              "responses.team.\"a.b\\u000a\\\"c\\\"\\\\\": 2 is outside 0 to 1 (scale unit)\n"
              "responses.team.\"\": 2 is outside 0 to 1 (scale unit)\n"
              "responses.team.größe: 2 is outside 0 to 1 (scale unit)");
}

TEST(Answers, FaultsBeyondAThousandAreCounted) {
    Faults faults;
    for (int i = 0; i < 1234; ++i) {
        faults.add("path", "fault");
    }
    try {
        faults.check("message", "hint");
        FAIL() << "no refusal";
    } catch (const Rejection& rejection) {
        const std::string& detail = rejection.detail();
        EXPECT_EQ(std::count(detail.begin(), detail.end(), '\n'), 1000);
        EXPECT_TRUE(detail.ends_with("\nmore: 234 further faults"));
    }
}

TEST(Answers, WithoutFaultsThereIsNoRefusal) {
    EXPECT_NO_THROW(Faults().check("message", "hint"));
}

TEST(AutomaticScale, IsTheSmallestThatHoldsTheLargest) {
    const auto inferred = [](double largest) {
        return inferred_scale(answers_of({{"team", "a", 0.1}, {"market", "b", largest}}).list);
    };
    EXPECT_EQ(inferred(1), Scale::unit);
    EXPECT_EQ(inferred(1.01), Scale::likert5);
    EXPECT_EQ(inferred(5), Scale::likert5);
    EXPECT_EQ(inferred(5.5), Scale::percent);
    EXPECT_EQ(inferred(1000), Scale::percent);
    EXPECT_EQ(inferred(std::nan("")), Scale::unit);
}

TEST(AutomaticScale, CostsConfidenceAndIsReported) {
    const Answers answers = answers_of({{"team", "q", 4}, {"market", "q", 0.5}});
    const Score named = score(answers, {.scale = Scale::likert5});
    const Score inferred = score(answers, {.scale = Scale::automatic});
    EXPECT_EQ(inferred.raw, named.raw);
    EXPECT_EQ(inferred.scale, Scale::likert5);
    EXPECT_TRUE(inferred.scale_inferred);
    EXPECT_FALSE(named.scale_inferred);
    EXPECT_EQ(named.confidence, 0.59);     // .45^.5 * .6^.25 = .59039
    EXPECT_EQ(inferred.confidence, 0.561); // times .95
}

TEST(Names, AreFoundOrRefusedWithTheChoices) {
    EXPECT_EQ(scale_named("likert1_5"), Scale::likert1_5);
    EXPECT_EQ(scale_named("auto"), Scale::automatic);
    EXPECT_EQ(missing_policy_named("zero"), MissingPolicy::zero);
    EXPECT_EQ(verification_named("integration"), Verification::integration);
    try {
        missing_policy_named("Zero");
        FAIL() << "no refusal";
    } catch (const Rejection& rejection) {
        EXPECT_EQ(rejection.detail(), "missing_policy: must be reweight or zero, not \"Zero\"");
    }
    EXPECT_THROW(scale_named(""), Rejection);
    EXPECT_THROW(verification_named("none"), Rejection);
}

TEST(Components, WeightsMakeOne) {
    double sum = 0;
    for (std::size_t i = 0; i < components.size(); ++i) {
        sum += weight(i);
        EXPECT_EQ(index(*find_component(components[i].name)), i);
    }
    EXPECT_EQ(sum, 1);
    EXPECT_FALSE(find_component("Team"));
}

} // namespace
} // namespace auxeira::scoring
