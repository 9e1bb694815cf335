// The published vectors of both formula versions, to the last digit.
#include <algorithm>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "scoring/score.hpp"

namespace auxeira::scoring {
namespace {

using Json = nlohmann::ordered_json;

Json vectors() {
    std::ifstream file(TEST_DIRECTORY "/vectors/sse.json");
    return Json::parse(file).at("sse");
}

Answers answers_of(const Json& responses, double factor = 1) {
    Answers answers;
    for (const auto& [component, questions] : responses.items()) {
        for (const auto& [question, value] : questions.items()) {
            answers.add(component, question, value.get<double>() * factor);
        }
    }
    return answers;
}

// One figure of each component that is present, as the vectors write it.
Json figures(const Score& score, double ComponentScore::*figure) {
    Json object = Json::object();
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (score.components[i]) object[std::string(components[i].name)] = *score.components[i].*figure;
    }
    return object;
}

void expect_first_version(const Score& score, const Json& expected) {
    EXPECT_EQ(score.total, expected.at("total"));
    EXPECT_EQ(score.raw, expected.at("raw"));
    EXPECT_EQ(figures(score, &ComponentScore::points), expected.at("breakdown"));
    EXPECT_EQ(score.percentile_v1, expected.at("pct"));
    EXPECT_EQ(score.success_probability_v1, expected.at("sp"));
    EXPECT_EQ(score.formula_version, "sse-1.0");
}

void expect_second_version(const Score& score, const Json& expected) {
    EXPECT_EQ(score.total, expected.at("T"));
    EXPECT_EQ(score.raw, expected.at("raw"));
    EXPECT_EQ(score.present_weight, expected.at("Wp"));
    EXPECT_EQ(figures(score, &ComponentScore::score), expected.at("comp"));
    EXPECT_EQ(figures(score, &ComponentScore::points), expected.at("points"));
    EXPECT_EQ(score.coverage, expected.at("cov"));
    EXPECT_EQ(score.confidence, expected.at("conf"));
    EXPECT_EQ(score.band, expected.at("half"));
    EXPECT_EQ(score.reference_percentile, expected.at("pref"));
    EXPECT_EQ(score.success_probability, expected.at("p"));
    EXPECT_EQ(figures(score, &ComponentScore::headroom), expected.at("headroom"));
    EXPECT_EQ(score.formula_version, "sse-2.0");
}

TEST(Vectors, AllMatch) {
    int checked = 0;
    for (const Json& vector : vectors()) {
        SCOPED_TRACE(vector.at("id").get<std::string>());
        const Answers answers = answers_of(vector.at("responses"));
        Options options;
        options.scale = scale_named(vector.value("scale", "unit"));
        expect_second_version(score(answers, options), vector.at("v2"));
        options.missing_policy = MissingPolicy::zero;
        if (vector.contains("v1")) expect_first_version(score(answers, options), vector.at("v1"));
        ++checked;
    }
    EXPECT_EQ(checked, 7);
}

TEST(Vectors, StatusFollowsThePresentWeight) {
    for (const Json& vector : vectors()) {
        const bool provisional = vector.at("v2").at("Wp") < 0.5;
        const Score result = score(answers_of(vector.at("responses")), {.scale = Scale::automatic});
        EXPECT_EQ(name(result.status), provisional ? "provisional" : "scored");
    }
}

TEST(Vectors, PercentScaleIsTheUnitScaleTimesAHundred) {
    const Json first = vectors().at(0);
    const Answers answers = answers_of(first.at("responses"), 100);
    expect_second_version(score(answers, {.scale = Scale::percent}), first.at("v2"));
}

TEST(Vectors, LikertFromOneToFive) {
    const Json responses = Json::parse(R"({
        "team": {"q1": 5, "q2": 4, "q3": 5}, "market": {"q1": 4, "q2": 3}, "product": {"q1": 5, "q2": 4, "q3": 4},
        "business": {"q1": 3, "q2": 3}, "financial": {"q1": 2, "q2": 4}, "traction": {"q1": 2, "q2": 3}})");
    const Score result = score(answers_of(responses), {.scale = Scale::likert1_5});
    EXPECT_EQ(result.total, 68);
    EXPECT_NEAR(result.raw, 68.3333, 0.00005);
    EXPECT_EQ(figures(result, &ComponentScore::points), Json::parse(R"({"team": 22.9, "market": 12.5,
        "product": 16.7, "business": 7.5, "financial": 5.0, "traction": 3.8})"));
    EXPECT_EQ(result.reference_percentile, 81.3);
    EXPECT_EQ(result.success_probability, 0.249);
}

TEST(Vectors, AnswersOnAnotherScaleAreAllRefused) {
    const Json first = vectors().at(0);
    try {
        score(answers_of(first.at("responses"), 5), {});
        FAIL() << "no refusal";
    } catch (const Rejection& rejection) {
        const std::string& detail = rejection.detail();
        EXPECT_EQ(std::count(detail.begin(), detail.end(), '\n'), 12); // of 14 answers one is 0.2 * 5 = 1
        EXPECT_TRUE(detail.starts_with("responses.team.q1: 4 is outside 0 to 1 (scale unit)\n"));
        EXPECT_TRUE(detail.ends_with("\nresponses.traction.q2: 2 is outside 0 to 1 (scale unit)"));
    }
}

} // namespace
} // namespace auxeira::scoring
