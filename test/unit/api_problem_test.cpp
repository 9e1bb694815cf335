// SQLSTATE to HTTP status, and what of an error a client gets to see.
#include "problem.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::DatabaseError;
using auxeira::api::Problem;
using auxeira::api::problem_of;
using auxeira::api::to_response;

Problem problem(const char* sqlstate) {
    return problem_of({sqlstate, "table users of alice", "Key (email)=(a@b.c).", "Look in schema x."});
}

bool shows(const Problem& shown, const char* text) {
    return to_response(shown, "/p", "id").body.find(text) != std::string::npos;
}

struct Expectation {
    const char* sqlstate;
    int status;
    bool shown;
};

class ApiProblem : public testing::TestWithParam<Expectation> {};

TEST_P(ApiProblem, has_status_and_hides_what_is_not_ours) {
    const Problem result = problem(GetParam().sqlstate);
    EXPECT_EQ(result.status, GetParam().status);
    EXPECT_EQ(shows(result, "alice"), GetParam().shown);
    EXPECT_EQ(shows(result, "Look in schema"), GetParam().shown);
    EXPECT_FALSE(shows(result, "a@b.c"));
    EXPECT_EQ(shows(result, GetParam().sqlstate), GetParam().status != 500);
}

INSTANTIATE_TEST_SUITE_P(Sqlstates, ApiProblem,
                         testing::Values(Expectation{"ZA400", 400, true}, Expectation{"ZA401", 401, true},
                                         Expectation{"ZA409", 409, true}, Expectation{"ZA429", 429, true},
                                         Expectation{"22023", 422, true}, Expectation{"22P02", 422, false},
                                         Expectation{"22003", 422, false}, Expectation{"23502", 422, false},
                                         Expectation{"23514", 422, false}, Expectation{"23505", 409, false},
                                         Expectation{"23503", 409, false}, Expectation{"28000", 401, true},
                                         Expectation{"28P01", 401, true}, Expectation{"42501", 403, false},
                                         Expectation{"P0002", 404, true}, Expectation{"40001", 503, false},
                                         Expectation{"40P01", 503, false}, Expectation{"53300", 503, false},
                                         Expectation{"57P01", 503, false}, Expectation{"08006", 503, false},
                                         Expectation{"57014", 504, false}, Expectation{"42P01", 500, false},
                                         Expectation{"XX000", 500, false}, Expectation{"P0001", 500, false},
                                         Expectation{"23P01", 500, false}, Expectation{"99999", 500, false}),
                         [](const auto& instance) {
                             return std::string("state_") + instance.param.sqlstate;
                         });

TEST(ApiProblemText, faults_are_taken_from_the_detail) {
    const Problem result =
        problem_of({"22023", "2 values are wrong",
                    "metrics[0].x: must be a number: not text\ndays: 1 to 365\nnoise", ""});
    ASSERT_EQ(result.errors.size(), 2U);
    EXPECT_EQ(result.errors[0].path, "metrics[0].x");
    EXPECT_EQ(result.errors[0].message, "must be a number: not text");
    EXPECT_EQ(result.errors[1].path, "days");
}

TEST(ApiProblemText, quoted_names_in_a_path_may_hold_colons) {
    const auto faults = auxeira::api::faults_of("responses.team.\"a: \\\"b\\\"\": must be a number\n"
                                                "x\": is odd\n: nothing");
    ASSERT_EQ(faults.size(), 3U);
    EXPECT_EQ(faults[0].path, "responses.team.\"a: \\\"b\\\"\"");
    EXPECT_EQ(faults[0].message, "must be a number");
    EXPECT_EQ(faults[1].path, "x\"");
    EXPECT_EQ(faults[2].path, "");
}

TEST(ApiProblemText, hint_is_added_to_the_detail) {
    EXPECT_EQ(problem_of({"ZA409", "address is taken", "", "Log in."}).detail, "address is taken. Log in.");
    EXPECT_EQ(problem_of({"ZA409", "address is taken", "", "Log in."}).error, "address is taken");
}

TEST(ApiProblemText, members_are_those_of_the_contract) {
    const auto response =
        to_response(auxeira::api::missing_fields({"email", "password"}), "/api/auth/login", "r-1");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.content_type, "application/problem+json; charset=utf-8");
    EXPECT_EQ(
        response.body,
        R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"Missing required field: email",)"
        R"("instance":"/api/auth/login","code":"ZA400","error":"Missing required field: email","requestId":"r-1",)"
        R"("errors":[{"path":"email","message":"is required"},{"path":"password","message":"is required"}]})");
}

TEST(ApiProblemText, one_hint_is_shown_to_those_who_may_not) {
    const Problem refused = problem_of({"42501", "table users", "", "Verify the e-mail address first."});
    EXPECT_EQ(refused.error, "You are not allowed to do this");
    EXPECT_EQ(refused.detail, "You are not allowed to do this. Verify the e-mail address first.");
}

TEST(ApiProblemText, delays_are_told_in_seconds) {
    const auto delay = [](const char* detail) {
        return problem_of({"ZA429", "wait", detail, ""}).retry_after;
    };
    EXPECT_EQ(delay("7"), 7);
    EXPECT_EQ(delay("3600"), 3600);
    for (const char* detail : {"", "0", "-1", "3601", "99999999999999", "7 s", "x", "1e1"})
        EXPECT_EQ(delay(detail), 60) << detail;
    EXPECT_EQ(auxeira::api::too_many_attempts(30).retry_after, 30);
}

TEST(ApiProblemText, headers_say_what_to_do) {
    const auto headers = [](const Problem& shown) { return to_response(shown, "", "").headers; };
    EXPECT_EQ(headers(auxeira::api::unauthenticated()), "WWW-Authenticate: Bearer\r\n");
    EXPECT_EQ(headers(auxeira::api::invalid_token()), "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
    EXPECT_EQ(headers(problem("28000")), "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n");
    EXPECT_EQ(headers(problem("28P01")), "WWW-Authenticate: Bearer\r\n");
    EXPECT_EQ(headers(problem("ZA401")), "WWW-Authenticate: Bearer\r\n");
    EXPECT_EQ(headers(auxeira::api::code_needed()), "WWW-Authenticate: Bearer\r\n");
    EXPECT_EQ(headers(auxeira::api::too_many_attempts(30)), "Retry-After: 30\r\n");
    EXPECT_EQ(headers(problem("53300")), "Retry-After: 5\r\n");
    EXPECT_EQ(headers(problem("ZA429")), "Retry-After: 60\r\n");
    EXPECT_EQ(headers(problem("23505")), "");
}

} // namespace
