// Access tokens: the cases of RFC 8725 and its successor's draft that apply to HS256.
#include "encoding.hpp"
#include "token.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

namespace {

using auxeira::api::base64url;
using auxeira::api::HmacKey;
using auxeira::api::Identity;
using auxeira::api::Tokens;

const std::string secret(32, 'k');
constexpr std::int64_t now = 1'800'000'000;
const std::string user = "7323868b-5c5f-4820-880f-166883ae883c";
const std::string session = "be057624-d099-48ee-b1af-e866dd8312f6";

std::string header(const std::string& text = {}) {
    return text.empty() ? R"({"alg":"HS256","typ":"at+jwt","kid":")" + Tokens::key_name(secret) + "\"}"
                        : text;
}

std::string claims(const std::string& more = R"("iat":1800000000,"exp":1800000900)") {
    return R"({"iss":"auxeira","aud":"auxeira-api","sub":")" + user + R"(","sid":")" + session + "\"" +
           (more.empty() ? "" : "," + more) + "}";
}

std::string signed_parts(const std::string& head, const std::string& body, const std::string& key = secret) {
    return head + '.' + body + '.' + base64url(HmacKey(key).sign(head + '.' + body));
}

std::string token(const std::string& head, const std::string& body) {
    return signed_parts(base64url(head), base64url(body));
}

class ApiToken : public testing::Test {
protected:
    ApiToken() : tokens("auxeira", "auxeira-api") {
        EXPECT_GE(sodium_init(), 0);
        tokens.use(Tokens::key_name(secret), std::make_unique<HmacKey>(secret));
    }

    bool accepts(const std::string& text, std::int64_t at = now) const {
        return tokens.verify(text, at).identity.has_value();
    }
    bool accepts_claims(const std::string& more) const { return accepts(token(header(), claims(more))); }
    bool accepts_header(const std::string& text) const { return accepts(token(text, claims())); }

    Tokens tokens;
};

TEST_F(ApiToken, round_trip_keeps_the_identity) {
    const Identity identity{user, session, "1e15eaed-2496-4b25-a8b9-29a3c0cbee48", "user", "government"};
    const auto verdict = tokens.verify(tokens.issue(identity, now, 900), now + 899);
    ASSERT_TRUE(verdict.identity) << verdict.fault;
    EXPECT_EQ(verdict.identity->user, user);
    EXPECT_EQ(verdict.identity->session, session);
    EXPECT_EQ(verdict.identity->organization, identity.organization);
    EXPECT_EQ(verdict.identity->role, "user");
    EXPECT_EQ(verdict.identity->user_type, "government");
}

TEST_F(ApiToken, ends_at_its_expiry) {
    const std::string text = tokens.issue({user, session, "", "user", ""}, now, 900);
    EXPECT_TRUE(accepts(text, now + 899));
    EXPECT_FALSE(accepts(text, now + 900));
}

TEST_F(ApiToken, two_tokens_differ) {
    const Identity identity{user, session, "", "user", ""};
    EXPECT_NE(tokens.issue(identity, now, 900), tokens.issue(identity, now, 900));
}

TEST_F(ApiToken, hand_made_token_is_accepted) {
    EXPECT_TRUE(accepts(token(header(), claims())));
}

TEST_F(ApiToken, algorithm_is_fixed_by_the_key) {
    const std::string kid = "\"kid\":\"" + Tokens::key_name(secret) + "\"";
    for (const char* alg :
         {"none", "None", "nOnE", "NONE", "", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA"})
        EXPECT_FALSE(accepts_header(std::string(R"({"alg":")") + alg + R"(","typ":"at+jwt",)" + kid + "}"))
            << alg;
    EXPECT_FALSE(accepts_header(R"({"alg":1,"typ":"at+jwt",)" + kid + "}"));
    EXPECT_FALSE(accepts_header(R"({"typ":"at+jwt",)" + kid + "}"));
}

TEST_F(ApiToken, type_is_required) {
    const std::string kid = "\"kid\":\"" + Tokens::key_name(secret) + "\"";
    for (const char* type : {"JWT", "jwt", "at+JWT", "rt+jwt", ""})
        EXPECT_FALSE(accepts_header(std::string(R"({"alg":"HS256","typ":")") + type + "\"," + kid + "}"))
            << type;
    EXPECT_FALSE(accepts_header(R"({"alg":"HS256",)" + kid + "}"));
}

TEST_F(ApiToken, key_name_is_only_looked_up) {
    for (const char* kid : {"", "x", "../../dev/null", "' or 1=1 --", "https://evil.example/jwks.json"})
        EXPECT_FALSE(accepts_header(std::string(R"({"alg":"HS256","typ":"at+jwt","kid":")") + kid + "\"}"))
            << kid;
    EXPECT_FALSE(accepts_header(R"({"alg":"HS256","typ":"at+jwt"})"));
    EXPECT_FALSE(accepts_header(R"({"alg":"HS256","typ":"at+jwt","kid":[]})"));
}

TEST_F(ApiToken, other_header_members_are_refused) {
    for (const char* member :
         {R"("crit":["exp"])", R"("jku":"https://evil.example")", R"("jwk":{})", R"("x5u":"u")",
          R"("x5c":[])", R"("zip":"DEF")", R"("b64":false)", R"("cty":"JWT")"}) {
        std::string text = header();
        text.insert(text.size() - 1, std::string(",") + member);
        EXPECT_FALSE(accepts_header(text)) << member;
    }
}

TEST_F(ApiToken, duplicate_members_are_refused) {
    std::string text = header();
    text.insert(1, R"("alg":"none",)");
    EXPECT_FALSE(accepts_header(text));
    EXPECT_FALSE(accepts_claims(R"("iat":1800000000,"exp":1800000900,"exp":1900000000)"));
    EXPECT_FALSE(accepts_claims(R"("iat":1800000000,"exp":1800000900,"\u0065xp":1900000000)"));
}

TEST_F(ApiToken, expiry_must_be_a_whole_number) {
    for (const char* expiry : {R"("1800000900")", "1800000900.5", "1e400", "1.9e9", "null", "true",
                               "[1800000900]", "-1", "0", "99999999999999999999999", "18446744073709551615"})
        EXPECT_FALSE(accepts_claims(std::string(R"("iat":1800000000,"exp":)") + expiry)) << expiry;
    EXPECT_FALSE(accepts_claims(R"("iat":1800000000)"));
}

TEST_F(ApiToken, issue_and_start_may_be_a_little_ahead) {
    EXPECT_TRUE(accepts_claims(R"("iat":1800000030,"exp":1800000900)"));
    EXPECT_FALSE(accepts_claims(R"("iat":1800000031,"exp":1800000900)"));
    EXPECT_TRUE(accepts_claims(R"("iat":1800000000,"nbf":1800000030,"exp":1800000900)"));
    EXPECT_FALSE(accepts_claims(R"("iat":1800000000,"nbf":1800000031,"exp":1800000900)"));
    EXPECT_FALSE(accepts_claims(R"("iat":1800000000,"nbf":"1800000000","exp":1800000900)"));
    EXPECT_FALSE(accepts_claims(R"("iat":"1800000000","exp":1800000900)"));
    EXPECT_FALSE(accepts_claims(R"("exp":1800000900)"));
}

TEST_F(ApiToken, issuer_audience_and_subject_are_required) {
    const std::string times = R"(,"iat":1800000000,"exp":1800000900})";
    const std::string subject = R"("sub":")" + user + R"(","sid":")" + session + "\"";
    EXPECT_TRUE(accepts(token(header(), R"({"iss":"auxeira","aud":"auxeira-api",)" + subject + times)));
    EXPECT_FALSE(accepts(token(header(), R"({"aud":"auxeira-api",)" + subject + times)));
    EXPECT_FALSE(accepts(token(header(), R"({"iss":"auxeira",)" + subject + times)));
    EXPECT_FALSE(accepts(token(header(), R"({"iss":"other","aud":"auxeira-api",)" + subject + times)));
    EXPECT_FALSE(accepts(token(header(), R"({"iss":"auxeira","aud":"other",)" + subject + times)));
    EXPECT_FALSE(accepts(token(header(), R"({"iss":"auxeira","aud":["x"],)" + subject + times)));
    for (const char* who :
         {R"("sub":"1","sid":"2")", R"("sub":null)", R"("sub":"7323868b-5c5f-4820-880f-166883ae883c")"})
        EXPECT_FALSE(
            accepts(token(header(), std::string(R"({"iss":"auxeira","aud":"auxeira-api",)") + who + times)));
}

TEST_F(ApiToken, encoding_is_strict) {
    const std::string head = base64url(header());
    const std::string body = base64url(claims());
    EXPECT_TRUE(accepts(signed_parts(head, body)));
    EXPECT_FALSE(accepts(signed_parts(head + "=", body)));
    EXPECT_FALSE(accepts(signed_parts(head, body + "=")));
    EXPECT_FALSE(accepts(signed_parts(head, body + " ")));
    EXPECT_FALSE(accepts(signed_parts(head, body + "\n")));
    EXPECT_FALSE(accepts(signed_parts(head, body + "+")));
    EXPECT_FALSE(accepts(signed_parts(head, body) + "="));
    // 32 bytes leave 2 unused bits in the last character: setting one names the same bytes.
    std::string text = signed_parts(head, body);
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    text.back() = alphabet[alphabet.find(text.back()) | 1U];
    EXPECT_FALSE(accepts(text));
}

TEST_F(ApiToken, number_of_parts_is_three) {
    const std::string text = token(header(), claims());
    EXPECT_FALSE(accepts(""));
    EXPECT_FALSE(accepts("."));
    EXPECT_FALSE(accepts(".."));
    EXPECT_FALSE(accepts("..."));
    EXPECT_FALSE(accepts(text + "."));
    EXPECT_FALSE(accepts(text + ".x"));
    EXPECT_FALSE(accepts(text.substr(0, text.rfind('.'))));
    EXPECT_FALSE(accepts(text.substr(0, text.rfind('.') + 1))) << "signature stripped";
    EXPECT_FALSE(accepts(R"({"payload":"x","signatures":[]})")) << "JSON serialisation";
}

TEST_F(ApiToken, long_tokens_are_refused) {
    EXPECT_FALSE(accepts(std::string(1024 * 1024, 'a')));
    EXPECT_FALSE(accepts(token(
        header(), claims(R"("iat":1800000000,"exp":1800000900,"x":")" + std::string(8192, 'x') + "\""))));
}

TEST_F(ApiToken, deep_claims_are_refused) {
    EXPECT_FALSE(accepts_claims(R"("iat":1800000000,"exp":1800000900,"x":)" + std::string(40, '[') +
                                std::string(40, ']')));
}

TEST_F(ApiToken, any_changed_character_is_noticed) {
    const std::string text = token(header(), claims());
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(accepts(changed)) << i;
    }
}

TEST_F(ApiToken, another_secret_is_noticed) {
    const std::string body = base64url(claims());
    EXPECT_FALSE(accepts(signed_parts(base64url(header()), body, std::string(32, 'x'))));
    EXPECT_FALSE(accepts(signed_parts(base64url(header()), body, "")));
}

TEST_F(ApiToken, previous_key_is_accepted_until_it_is_dropped) {
    const std::string old_token = tokens.issue({user, session, "", "user", ""}, now, 900);
    const std::string fresh(32, 'f');
    Tokens rotated("auxeira", "auxeira-api");
    rotated.use(Tokens::key_name(fresh), std::make_unique<HmacKey>(fresh));
    EXPECT_FALSE(rotated.verify(old_token, now).identity);
    rotated.accept(Tokens::key_name(secret), std::make_unique<HmacKey>(secret));
    EXPECT_TRUE(rotated.verify(old_token, now).identity);
    EXPECT_FALSE(accepts(rotated.issue({user, session, "", "user", ""}, now, 900)));
}

TEST_F(ApiToken, refresh_token_is_no_access_token) {
    EXPECT_FALSE(accepts("rt_" + base64url(auxeira::api::random_bytes(32))));
}

} // namespace
