// Decoding of paths and query strings.
#include "url.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::parse_query;
using auxeira::api::percent_decode;

TEST(ApiUrl, escapes_are_decoded) {
    EXPECT_EQ(percent_decode("a%20b%2Fc%C3%A9", false), "a b/cé");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("a+b", false), "a+b");
    EXPECT_EQ(percent_decode("", true), "");
    EXPECT_EQ(percent_decode("%252e", true), "%2e") << "decoded once";
}

TEST(ApiUrl, bad_escapes_are_refused) {
    for (const char* text :
         {"%", "%1", "a%", "%zz", "%1g", "%%41", "%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "%c3"})
        EXPECT_FALSE(percent_decode(text, true)) << text;
}

TEST(ApiUrl, query_gives_names_and_values) {
    const auto query = parse_query("type=startup_founder&days=30&empty=&flag&a%26b=c%3Dd&&x=1=2");
    EXPECT_TRUE(query.fault.empty());
    const auxeira::api::Parameters expected = {{"type", "startup_founder"},
                                               {"days", "30"},
                                               {"empty", ""},
                                               {"flag", ""},
                                               {"a&b", "c=d"},
                                               {"x", "1=2"}};
    EXPECT_EQ(query.parameters, expected);
    EXPECT_TRUE(parse_query("").parameters.empty());
}

TEST(ApiUrl, repeated_names_are_refused) {
    EXPECT_FALSE(parse_query("a=1&a=2").fault.empty());
    EXPECT_FALSE(parse_query("a=1&b=1&%61=1").fault.empty());
    EXPECT_TRUE(parse_query("a=1&A=1").fault.empty());
}

TEST(ApiUrl, bad_query_is_refused) {
    EXPECT_FALSE(parse_query("a=%00").fault.empty());
    EXPECT_FALSE(parse_query("%=1").fault.empty());
}

} // namespace
