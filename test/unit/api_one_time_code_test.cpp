// One-time codes: the vectors of RFC 6238 (appendix B, SHA-1, of which the last six digits are ours), the
// window, base 32, and recovery codes.
#include "encoding.hpp"
#include "one_time_code.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace {

using auxeira::api::base32;
using auxeira::api::matching_step;
using auxeira::api::new_recovery_codes;
using auxeira::api::new_totp_secret;
using auxeira::api::recovery_code_hash;
using auxeira::api::sha256;
using auxeira::api::totp_uri;

const std::string secret = "12345678901234567890";

struct Vector {
    std::time_t time;
    const char* code;
};

constexpr Vector vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                              {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};

TEST(ApiOneTimeCode, vectors_of_rfc_6238) {
    for (const Vector& vector : vectors)
        EXPECT_EQ(matching_step(secret, vector.code, vector.time), vector.time / 30) << vector.time;
}

TEST(ApiOneTimeCode, the_step_is_the_one_of_the_code_and_not_of_the_clock) {
    const std::time_t start = 1111111110; // of a step, whose code is 050471
    for (const std::time_t now : {start, start + 29, start - 1, start - 30, start + 30, start + 59})
        EXPECT_EQ(matching_step(secret, "050471", now), start / 30) << now;
    for (const std::time_t now : {start - 31, start + 60})
        EXPECT_EQ(matching_step(secret, "050471", now), std::nullopt) << now;
}

TEST(ApiOneTimeCode, other_texts_are_no_codes) {
    for (const char* code : {"", "0", "50471", "0050471", "89050471", " 50471", "050471 ", "05047a", "-50471",
                             "+50471", "０５０４７１", "050472"})
        EXPECT_EQ(matching_step(secret, code, 1111111111), std::nullopt) << code;
    EXPECT_EQ(matching_step(secret, std::string("050471\0", 7), 1111111111), std::nullopt);
    EXPECT_EQ(matching_step("another secret of 20", "050471", 1111111111), std::nullopt);
}

TEST(ApiOneTimeCode, secrets_are_shown_as_apps_want_them) {
    EXPECT_EQ(base32(secret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    EXPECT_EQ(base32(new_totp_secret()).size(), 32U);
    EXPECT_NE(new_totp_secret(), new_totp_secret());
    EXPECT_EQ(totp_uri(secret, "a+b c@d.example"),
              "otpauth://totp/Auxeira:a%2bb%20c%40d.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
              "&issuer=Auxeira&algorithm=SHA1&digits=6&period=30");
}

TEST(ApiRecoveryCode, ten_different_ones_without_ambiguous_characters) {
    const auto codes = new_recovery_codes();
    const std::regex form("[2-9a-km-np-z]{4}(-[2-9a-km-np-z]{4}){3}");
    for (const std::string& code : codes)
        EXPECT_TRUE(std::regex_match(code, form)) << code;
    EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), 10U);
}

TEST(ApiRecoveryCode, is_known_however_it_is_typed) {
    const auto hash = recovery_code_hash("abcd-efgh-jkmn-pq23");
    EXPECT_EQ(hash, sha256("abcdefghjkmnpq23"));
    for (const char* code : {"abcdefghjkmnpq23", "ABCD-EFGH-JKMN-PQ23", " abcd efgh jkmn pq23 "})
        EXPECT_EQ(recovery_code_hash(code), hash) << code;
}

TEST(ApiRecoveryCode, other_texts_are_none) {
    for (const char* code : {"", "-", "abcd-efgh-jkmn-pq2", "abcd-efgh-jkmn-pq234", "abcd-efgh-jkmn-pq20",
                             "abcd-efgh-jkmn-pql3", "abcd-efgh-jkmn-pq2é", "abcd_efgh_jkmn_pq23"})
        EXPECT_EQ(recovery_code_hash(code), std::nullopt) << code;
}

} // namespace
