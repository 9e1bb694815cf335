// JSON text: what is refused, where the fault is said to be, and that nothing else is changed.
#include "json.hpp"
#include "json_object.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::check_object;
using auxeira::api::JsonObject;
using auxeira::api::max_json_depth;
using auxeira::api::members;
using auxeira::api::splice;

bool accepted(std::string_view text) {
    return !check_object(text);
}

std::string nested(std::size_t levels) {
    return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

TEST(ApiJson, objects_are_accepted) {
    for (const char* text :
         {"{}", " \r\n\t{} \n", R"({"a":1,"b":[true,null,{"a":1}],"":"","é":"\ud83d\ude00"})",
          R"({"a":-0.0e-10,"b":123456789012345678901234567890.5})"})
        EXPECT_TRUE(accepted(text)) << text;
}

TEST(ApiJson, other_values_are_refused) {
    for (const char* text :
         {"", " ", "[]", "1", "null", "\"{}\"", "true", "{}{}", "{} x", "{},", "\xEF\xBB\xBF{}"})
        EXPECT_FALSE(accepted(text)) << text;
}

TEST(ApiJson, malformed_text_is_refused) {
    for (const char* text : {"{",
                             "}",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "{\"a\":01}",
                             "{\"a\":+1}",
                             "{\"a\":.5}",
                             "{\"a\":1.}",
                             "{\"a\":NaN}",
                             "{\"a\":Infinity}",
                             "{\"a\":0x10}",
                             "{\"a\":1e400}",
                             "{\"a\":\"\n\"}",
                             "{\"a\":\"\\x\"}",
                             "{\"a\":1/*c*/}",
                             "{\"a\":[1,2}",
                             "{\"a\":tru}"})
        EXPECT_FALSE(accepted(text)) << text;
}

TEST(ApiJson, strings_are_unicode_without_nul) {
    for (const char* text :
         {R"({"a":"\ud800"})", R"({"a":"\udc00\ud800"})", R"({"\ud800":1})", R"({"a":"\ud800x"})",
          R"({"a":"\u0000"})", R"({"a\u0000":1})", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}",
          "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}", "{\"a\":\"\xe2\x82\"}"})
        EXPECT_FALSE(accepted(text)) << text;
}

TEST(ApiJson, raw_nul_is_refused_wherever_it_is) {
    using namespace std::string_literals;
    EXPECT_FALSE(accepted("{}\0"s));
    EXPECT_FALSE(accepted("{}\0garbage"s));
    EXPECT_FALSE(accepted("\0{}"s));
    EXPECT_FALSE(accepted("{\"a\":\"\0\"}"s));
}

TEST(ApiJson, duplicate_keys_are_refused_at_every_level) {
    EXPECT_FALSE(accepted(R"({"a":1,"a":1})"));
    EXPECT_FALSE(accepted(R"({"a":1,"\u0061":1})"));
    EXPECT_FALSE(accepted(R"({"x":[{"a":1,"b":2,"a":3}]})"));
    EXPECT_TRUE(accepted(R"({"a":{"a":{"a":1}},"b":{"a":1},"A":1})"));
}

TEST(ApiJson, depth_is_limited) {
    EXPECT_TRUE(accepted(nested(max_json_depth)));
    EXPECT_FALSE(accepted(nested(max_json_depth + 1)));
    EXPECT_FALSE(accepted(std::string(1'000'000, '[')));
    EXPECT_FALSE(accepted("{\"a\":" + std::string(1'000'000, '[')));
}

TEST(ApiJson, many_keys_stay_fast) {
    std::string text = "{";
    for (int i = 0; i < 200'000; ++i)
        text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    EXPECT_TRUE(accepted(text + "}"));
    EXPECT_FALSE(accepted(text + ",\"77\":0}"));
}

TEST(ApiJson, fault_says_line_and_byte) {
    const auto fault = check_object("{\n  \"a\": 1,\n  \"b\": ?\n}");
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->line, 3U);
    EXPECT_EQ(fault->byte, 20U);
    EXPECT_EQ(fault->reason, "not valid JSON");
    EXPECT_NE(check_object(R"({"ab":1,"ab":2})")->reason.find("\"ab\""), std::string::npos);
    EXPECT_EQ(check_object("")->byte, 1U);
}

TEST(ApiJson, members_are_found_as_written) {
    const auto found =
        members(R"( { "a" : 1.50 , "p\u0061ss":"x,y}\"{" ,"c":{"a":[1,{"b":"]"}]},"a":null } )");
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[0].name, "a");
    EXPECT_EQ(found[0].value, "1.50");
    EXPECT_EQ(found[1].name, "pass");
    EXPECT_EQ(found[1].key, R"("p\u0061ss")");
    EXPECT_EQ(found[1].value, R"("x,y}\"{")");
    EXPECT_EQ(found[2].value, R"({"a":[1,{"b":"]"}]})");
    EXPECT_EQ(found[3].value, "null");
    EXPECT_TRUE(members("{}").empty());
    EXPECT_TRUE(members(" { \n } ").empty());
}

TEST(ApiJson, string_value_is_decoded) {
    EXPECT_EQ(auxeira::api::string_value(R"("a\"\u00e9")"), "a\"é");
    EXPECT_FALSE(auxeira::api::string_value("1"));
    EXPECT_FALSE(auxeira::api::string_value("null"));
}

TEST(ApiJson, splice_adds_at_the_end_and_changes_nothing) {
    EXPECT_EQ(splice("{}", {}), "{}");
    EXPECT_EQ(splice(" { } ", {{"a", "1"}}), R"({ "a":"1"})");
    EXPECT_EQ(splice(R"({"n":1.000000000000000000001})", {{"a\"", "x\\\n"}, {"b", "é"}}),
              R"({"n":1.000000000000000000001,"a\"":"x\\\u000a","b":"é"})");
    EXPECT_TRUE(accepted(splice(R"({"n":[1]} )", {{"x", "\x01\x7f\""}})));
}

TEST(ApiJson, written_objects_are_valid) {
    JsonObject object;
    object.text("a\n", "line\r\nforged").number("n", -5).raw("r", "[1]").text("bad", "\xff\xfe");
    EXPECT_EQ(object.str(), R"({"a\u000a":"line\u000d\u000aforged","n":-5,"r":[1],"bad":"??"})");
    EXPECT_TRUE(accepted(object.str()));
    EXPECT_EQ(JsonObject().str(), "{}");
}

} // namespace
