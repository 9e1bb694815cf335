// Reading the members of a body: what is missing, what is of the wrong kind, what nobody asked for.
#include "fields.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::Fields;

std::string refusal(const Fields& fields) {
    const auto problem = fields.problem();
    if (!problem) return "";
    std::string text = std::to_string(problem->status);
    for (const auto& fault : problem->errors)
        text += " | " + fault.path + ": " + fault.message;
    return text;
}

TEST(ApiFields, texts_are_decoded) {
    Fields fields(R"({"email":"a\u0040b", "password" : "\"\\\n", "refresh":true})");
    EXPECT_EQ(fields.text("email"), "a@b");
    EXPECT_EQ(fields.secret("password")->text(), "\"\\\n");
    EXPECT_TRUE(fields.flag("refresh"));
    EXPECT_EQ(refusal(fields), "");
}

TEST(ApiFields, missing_ones_are_named_at_once) {
    Fields fields(R"({"password":null,"code":1})");
    fields.text("email");
    fields.secret("password");
    fields.text("code");
    fields.object("credentials");
    fields.require("code");
    fields.require("userType");
    EXPECT_EQ(refusal(fields),
              "400 | email: is required | password: is required | credentials: is required | "
              "userType: is required");
}

TEST(ApiFields, optional_ones_may_be_null) {
    Fields fields(R"({"code":null})");
    EXPECT_EQ(fields.optional_text("code"), std::nullopt);
    EXPECT_EQ(fields.optional_secret("recoveryCode"), nullptr);
    EXPECT_FALSE(fields.flag("refresh"));
    EXPECT_EQ(refusal(fields), "");
}

TEST(ApiFields, kinds_are_checked) {
    Fields fields(R"({"a":1,"b":["x"],"c":"true","d":[]})");
    EXPECT_EQ(fields.text("a"), "");
    EXPECT_EQ(fields.optional_text("b"), std::nullopt);
    fields.flag("c");
    fields.object("d");
    EXPECT_EQ(refusal(fields), "422 | a: must be a string | b: must be a string | c: must be true or false | "
                               "d: must be an object");
}

TEST(ApiFields, others_are_refused_where_they_are_not_welcome) {
    Fields fields(R"({"token":"x","user_type":"admin","to\u006ben2":1})");
    fields.text("token");
    EXPECT_EQ(refusal(fields), "");
    fields.refuse_others();
    EXPECT_EQ(refusal(fields),
              "422 | user_type: this field is not known here | token2: this field is not known here");
}

TEST(ApiFields, the_rest_is_left_as_it_was_written) {
    const Fields fields(R"({ "n" : 1.50, "password":"x", "p":{"password":"kept"}, "refr\u0065sh":true })");
    EXPECT_EQ(fields.without({"password", "refresh"}), R"({"n":1.50,"p":{"password":"kept"}})");
    EXPECT_EQ(fields.without({"n", "password", "refresh", "p"}), "{}");
}

TEST(ApiFields, inner_texts_are_looked_at_only) {
    const Fields fields(R"({"organization":{"name":"Ærø"},"profile":[1],"x":{"name":7}})");
    EXPECT_EQ(fields.inner_text("organization", "name"), "Ærø");
    EXPECT_EQ(fields.inner_text("organization", "other"), "");
    EXPECT_EQ(fields.inner_text("profile", "name"), "");
    EXPECT_EQ(fields.inner_text("x", "name"), "");
    EXPECT_EQ(fields.inner_text("y", "name"), "");
}

TEST(ApiFields, objects_are_given_as_written) {
    Fields fields(R"({"credentials": {"key": 1.0 , "s":"\u00e9"} })");
    EXPECT_EQ(fields.object("credentials"), R"({"key": 1.0 , "s":"\u00e9"})");
}

} // namespace
