// What must hold of every score, on deterministic random answers.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scoring/score.hpp"

namespace auxeira::scoring {
namespace {

constexpr int rounds = 2000;
const std::vector<std::string> questions{"q1", "q2", "q3", "q4", "q5"};

class Properties : public ::testing::Test {
protected:
    double uniform() { return std::uniform_real_distribution<double>(0, 1)(random); }
    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
    }

    // One to five answers of each component that the mask names, in hundredths as people give them.
    Answers answers(unsigned mask) {
        Answers result;
        for (std::size_t i = 0; i < components.size(); ++i) {
            if ((mask >> i & 1) == 0) continue;
            const std::size_t count = 1 + below(questions.size());
            for (std::size_t q = 0; q < count; ++q) {
                result.add(components[i].name, questions[q], std::round(uniform() * 100) / 100);
            }
        }
        return result;
    }
    unsigned any_mask() { return 1 + static_cast<unsigned>(below(63)); }

    std::mt19937_64 random{20};
};

constexpr unsigned all = 63;
constexpr MissingPolicy both[] = {MissingPolicy::reweight, MissingPolicy::zero};

TEST_F(Properties, MonotoneInEveryAnswer) {
    for (int i = 0; i < rounds; ++i) {
        Answers given = answers(any_mask());
        Answers better = given;
        double& value = better.list[below(better.list.size())].value;
        value += (1 - value) * uniform();
        for (const MissingPolicy policy : both) {
            const Score before = score(given, {.missing_policy = policy});
            const Score after = score(better, {.missing_policy = policy});
            ASSERT_GE(after.raw, before.raw);
            ASSERT_GE(after.total, before.total);
            ASSERT_GE(after.success_probability, before.success_probability);
        }
    }
}

TEST_F(Properties, OrderOfAnswersDoesNotMatter) {
    for (int i = 0; i < rounds; ++i) {
        const Answers given = answers(any_mask());
        Answers shuffled = given;
        std::shuffle(shuffled.list.begin(), shuffled.list.end(), random);
        const Score one = score(given, {}), other = score(shuffled, {});
        ASSERT_NEAR(one.raw, other.raw, 1e-12);
        ASSERT_EQ(one.next_steps.size(), other.next_steps.size());
        for (std::size_t step = 0; step < one.next_steps.size(); ++step) {
            ASSERT_EQ(one.next_steps[step].component, other.next_steps[step].component);
            ASSERT_EQ(one.next_steps[step].question, other.next_steps[step].question);
        }
    }
}

TEST_F(Properties, BoundsHold) {
    for (int i = 0; i < rounds; ++i) {
        const Answers given = answers(any_mask());
        for (const MissingPolicy policy : both) {
            const Score result = score(given, {.missing_policy = policy, .age_days = uniform() * 4000});
            ASSERT_TRUE(result.total >= 0 && result.total <= 100 && result.raw >= 0 && result.raw <= 100);
            ASSERT_TRUE(result.confidence >= 0.05 && result.confidence <= 1);
            ASSERT_TRUE(result.band >= 0 && result.band <= 19);
            ASSERT_TRUE(result.success_probability > 0 && result.success_probability < 1);
            ASSERT_TRUE(result.percentile_v1 >= 5 && result.percentile_v1 <= 95);
        }
    }
}

TEST_F(Properties, FullAndEmptyMarksReachTheEndsForEveryChoiceOfComponents) {
    for (unsigned mask = 1; mask <= all; ++mask) {
        for (const double mark : {0.0, 1.0}) {
            Answers given = answers(mask);
            for (Answer& answer : given.list) {
                answer.value = mark;
            }
            const Score result = score(given, {});
            ASSERT_EQ(result.total, mark * 100) << mask;
            ASSERT_TRUE(result.raw >= 0 && result.raw <= 100) << mask;
        }
    }
}

TEST_F(Properties, BreakdownSumsToTheRawTotal) {
    for (int i = 0; i < rounds; ++i) {
        const Answers given = answers(any_mask());
        for (const MissingPolicy policy : both) {
            const Score result = score(given, {.missing_policy = policy});
            double sum = 0;
            for (const auto& component : result.components) {
                sum += component ? component->points : 0;
            }
            ASSERT_NEAR(sum, result.raw, 0.3 + 1e-9);
        }
    }
}

TEST_F(Properties, PoliciesAgreeWhenAllComponentsArePresent) {
    for (int i = 0; i < rounds; ++i) {
        const Answers given = answers(all);
        const Score reweighted = score(given, {});
        const Score zero = score(given, {.missing_policy = MissingPolicy::zero});
        ASSERT_EQ(reweighted.raw, zero.raw);
        ASSERT_EQ(reweighted.total, zero.total);
        for (std::size_t c = 0; c < components.size(); ++c) {
            ASSERT_EQ(reweighted.components[c]->points, zero.components[c]->points);
        }
    }
}

TEST_F(Properties, ComponentAtTheMeanLeavesTheTotal) {
    for (int i = 0; i < rounds; ++i) {
        const unsigned missing = static_cast<unsigned>(below(components.size()));
        Answers given = answers(all & ~(1u << missing));
        const Score before = score(given, {});
        given.add(components[missing].name, "q1", before.raw / 100);
        const Score after = score(given, {});
        ASSERT_NEAR(after.raw, before.raw, 1e-12);
        const bool near_tie = std::fabs(std::fabs(before.raw - std::nearbyint(before.raw)) - 0.5) < 1e-9;
        ASSERT_TRUE(near_tie || after.total == before.total);
    }
}

TEST_F(Properties, SameAnswersGiveTheSameScore) {
    for (int i = 0; i < rounds; ++i) {
        const Answers given = answers(any_mask());
        const Score one = score(given, {}), other = score(given, {});
        ASSERT_EQ(one.raw, other.raw);
        ASSERT_EQ(one.confidence, other.confidence);
        ASSERT_EQ(one.success_probability, other.success_probability);
    }
}

TEST_F(Properties, TakingTheHeadroomReachesIt) {
    for (int i = 0; i < rounds; ++i) {
        Answers given = answers(any_mask());
        const Score before = score(given, {});
        const Component raised = given.list[below(given.list.size())].component;
        for (Answer& answer : given.list) {
            if (answer.component == raised) answer.value = 1;
        }
        ASSERT_NEAR(score(given, {}).raw, before.raw + before.components[index(raised)]->headroom, 0.0051);
    }
}

} // namespace
} // namespace auxeira::scoring
