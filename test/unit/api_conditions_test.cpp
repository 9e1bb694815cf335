// What If-None-Match, If-Match and Idempotency-Key say.
#include "conditions.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using auxeira::api::Conditions;
using auxeira::api::find_route;
using auxeira::api::Request;
using auxeira::api::RequestParser;

const std::string one(32, 'a');
const std::string two = "0123456789abcdef0123456789abcdef";

Conditions conditions_of(const std::string& method, const std::string& path, const std::string& fields) {
    Request request;
    RequestParser parser(request);
    const std::string text = method + ' ' + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
    std::string_view input = text;
    EXPECT_EQ(parser.feed(input), RequestParser::Step::head) << fields;
    return read_conditions(request, *find_route(method, path).route);
}

std::string if_none_match(const std::string& fields) {
    const Conditions conditions = conditions_of("GET", "/api/dashboard/metrics", fields);
    EXPECT_TRUE(conditions.fault.empty()) << fields;
    EXPECT_TRUE(conditions.if_match.empty() && conditions.idempotency_key.empty()) << fields;
    return conditions.if_none_match;
}

Conditions of_change(const std::string& fields) {
    return conditions_of("PATCH", "/api/organizations/x", fields);
}

Conditions of_post(const std::string& fields) {
    return conditions_of("POST", "/api/documents", fields);
}

TEST(IfNoneMatch, is_a_list_of_tags_from_here) {
    EXPECT_EQ(if_none_match(""), "");
    EXPECT_EQ(if_none_match("If-None-Match: \"" + one + "\"\r\n"), one);
    EXPECT_EQ(if_none_match("if-none-match: W/\"" + one + "\"\r\n"), one);
    EXPECT_EQ(if_none_match("If-None-Match: \"" + one + "\" , \"" + two + "\"\r\n"), one + ',' + two);
    EXPECT_EQ(if_none_match("If-None-Match: , \"" + one + "\",,\r\n"), one);
    EXPECT_EQ(if_none_match("If-None-Match: \"" + one + "\"\r\nIf-None-Match: \"" + two + "\"\r\n"),
              one + ',' + two);
    EXPECT_EQ(if_none_match("If-None-Match: \"" + one + "-gzip\"\r\n"), one)
        << "a compressed body is the same answer";
    EXPECT_EQ(if_none_match("If-None-Match: *\r\n"), "*");
}

TEST(IfNoneMatch, names_nothing_that_is_not_from_here) {
    EXPECT_EQ(if_none_match("If-None-Match: \"x\", \"a,b\"\r\n"), "-");
    EXPECT_EQ(if_none_match("If-None-Match: \"x\", \"" + one + "\"\r\n"), one);
    EXPECT_EQ(if_none_match("If-None-Match: \"" + std::string(31, 'a') + "\"\r\n"), "-");
    EXPECT_EQ(if_none_match("If-None-Match: \"" + std::string(32, 'A') + "\"\r\n"), "-");
    EXPECT_EQ(if_none_match("If-None-Match: \"\"\r\n"), "-");
}

TEST(IfNoneMatch, that_is_malformed_is_none) {
    for (const std::string& text :
         {one, "\"" + one, one + "\"", "w/\"" + one + "\"", "\"" + one + "\" \"" + two + "\"",
          std::string("*, *"), "\"" + one + "\", *", std::string("\"a b\""), std::string(",")})
        EXPECT_EQ(if_none_match("If-None-Match: " + text + "\r\n"), "") << text;
}

TEST(IfMatch, is_compared_strongly) {
    EXPECT_EQ(of_change("If-Match: \"" + one + "\"\r\n").if_match, one);
    EXPECT_EQ(of_change("If-Match: *\r\n").if_match, "*");
    EXPECT_EQ(of_change("If-Match: W/\"" + one + "\"\r\n").if_match, "-");
    EXPECT_EQ(of_change("If-Match: \"x\"\r\n").if_match, "-");
    EXPECT_EQ(of_change("If-None-Match: \"" + one + "\"\r\n").if_none_match, "");
    EXPECT_EQ(of_change("").if_match, "");
    for (const std::string& text : {one, std::string(), std::string(","), "\"" + one})
        EXPECT_FALSE(of_change("If-Match: " + text + "\r\n").fault.empty()) << text;
}

TEST(IfMatch, says_nothing_about_reading) {
    EXPECT_EQ(conditions_of("GET", "/api/documents", "If-Match: \"" + one + "\"\r\n").if_match, "");
}

TEST(IdempotencyKey, is_a_string_with_or_without_quotes) {
    EXPECT_EQ(of_post("").idempotency_key, "");
    EXPECT_EQ(of_post("Idempotency-Key: \"8e03978e-40d5\"\r\n").idempotency_key, "8e03978e-40d5");
    EXPECT_EQ(of_post("idempotency-key: 8e03978e-40d5\r\n").idempotency_key, "8e03978e-40d5");
    EXPECT_EQ(of_post("Idempotency-Key: " + std::string(255, 'k') + "\r\n").idempotency_key,
              std::string(255, 'k'));
    EXPECT_EQ(of_change("Idempotency-Key: k\r\n").idempotency_key, "k");
}

TEST(IdempotencyKey, has_a_form) {
    for (const std::string& text : {std::string(), std::string("\"\""), std::string("\"k"),
                                    std::string("k\""), std::string("\"a\\\"b\""), std::string("a b"),
                                    std::string("\xC3\xA9"), std::string(256, 'k'), std::string("\"")}) {
        const Conditions conditions = of_post("Idempotency-Key: " + text + "\r\n");
        EXPECT_FALSE(conditions.fault.empty()) << text;
        EXPECT_EQ(conditions.idempotency_key, "") << text;
    }
    EXPECT_FALSE(of_post("Idempotency-Key: a\r\nIdempotency-Key: a\r\n").fault.empty());
}

TEST(IdempotencyKey, is_of_no_use_where_repeating_does_no_harm) {
    EXPECT_EQ(conditions_of("GET", "/api/documents", "Idempotency-Key: \"\r\n").idempotency_key, "");
    EXPECT_EQ(conditions_of("DELETE", "/api/auth/sessions/x", "Idempotency-Key: k\r\n").idempotency_key, "");
    EXPECT_EQ(
        conditions_of("PUT", "/api/integrations/x/credentials", "Idempotency-Key: k\r\n").idempotency_key,
        "");
    EXPECT_EQ(conditions_of("POST", "/api/auth/logout", "Idempotency-Key: k\r\n").idempotency_key, "");
}

} // namespace
