// Access tokens: what RFC 8725 (sections 3.1 to 3.12), its successor's draft and RFC 9068 ask for, section by
// section.
#include "api_key.hpp"
#include "encoding.hpp"
#include "token.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

namespace {

using auxeira::api::base64url;
using auxeira::api::Ed25519Key;
using auxeira::api::HmacKey;
using auxeira::api::Identity;
using auxeira::api::KeyRing;
using auxeira::api::SigningKey;
using auxeira::api::Tokens;

constexpr std::int64_t now = 1'800'000'000;
const std::string user = "7323868b-5c5f-4820-880f-166883ae883c";
const std::string session = "be057624-d099-48ee-b1af-e866dd8312f6";
const std::string seed = "a seed for the tests, thirty-two";
const std::string old_secret = "a secret of the kind that was used before";
const std::string times = R"("iat":1800000000,"exp":1800000900)";

const Identity identity{user, session, "1e15eaed-2496-4b25-a8b9-29a3c0cbee48", "user", "government", 3};

std::string header_of(const SigningKey& key) {
    return R"({"alg":")" + std::string(key.algorithm()) + R"(","typ":"at+jwt","kid":")" + key.name() + "\"}";
}

std::string origin(const std::string& members = R"("iss":"auxeira","aud":"auxeira-api")") {
    return '{' + members + (members.empty() ? "" : ",");
}

std::string claims(const std::string& more) {
    return origin() + R"("sub":")" + user + R"(","sid":")" + session + R"(","ver":1,)" + more + '}';
}

std::string signed_parts(const std::string& head, const std::string& body, const SigningKey& key) {
    return head + '.' + body + '.' + base64url(key.sign(head + '.' + body));
}

// The current key is of one kind and the previous one of the other, so that both are tried.
KeyRing::Keys two_keys(std::unique_ptr<SigningKey> current, std::unique_ptr<SigningKey> previous) {
    KeyRing::Keys keys;
    keys.push_back(std::move(current));
    keys.push_back(std::move(previous));
    return keys;
}

class ApiToken : public testing::Test {
protected:
    ApiToken() : tokens("auxeira", "auxeira-api", std::make_unique<Ed25519Key>(seed)) {
        EXPECT_GE(sodium_init(), 0);
        tokens.replace(two_keys(std::make_unique<Ed25519Key>(seed), std::make_unique<HmacKey>(old_secret)));
    }

    bool accepts(const std::string& text, std::int64_t at = now) const {
        return tokens.verify(text, at).identity.has_value();
    }
    bool accepts_claims(const std::string& text) const { return accepts(token(header, text)); }
    bool accepts_with(const std::string& more) const { return accepts_claims(claims(more)); }

    // Signed with either key, by its own algorithm, whatever the header says.
    bool accepts_header(const std::string& text) const {
        return accepts(token(text, claims(times))) ||
               accepts(signed_parts(base64url(text), base64url(claims(times)), old_key));
    }

    std::string token(const std::string& head, const std::string& body) const {
        return signed_parts(base64url(head), base64url(body), key);
    }

    const Ed25519Key key{seed};
    const HmacKey old_key{old_secret};
    const std::string header = header_of(key);
    Tokens tokens;
};

TEST_F(ApiToken, round_trip_keeps_the_identity) {
    const auto verdict = tokens.verify(tokens.issue(identity, now, 900), now + 899);
    ASSERT_TRUE(verdict.identity) << verdict.fault;
    EXPECT_EQ(verdict.identity->user, user);
    EXPECT_EQ(verdict.identity->session, session);
    EXPECT_EQ(verdict.identity->organization, identity.organization);
    EXPECT_EQ(verdict.identity->role, "user");
    EXPECT_EQ(verdict.identity->user_type, "government");
    EXPECT_EQ(verdict.identity->version, 3);
    EXPECT_EQ(verdict.identity->key_hash, "");
    EXPECT_EQ(verdict.expiry, now + 900);
}

TEST_F(ApiToken, two_tokens_differ) {
    EXPECT_NE(tokens.issue(identity, now, 900), tokens.issue(identity, now, 900));
}

TEST_F(ApiToken, hand_made_token_is_accepted) {
    EXPECT_TRUE(accepts(token(header, claims(times))));
    EXPECT_TRUE(accepts_header(header_of(old_key)));
}

// --- 3.1: the algorithm -----------------------------------------------------------------------------------

TEST_F(ApiToken, RFC8725_3_1_alg_is_fixed_by_the_key) {
    for (const std::string& kid : {key.name(), old_key.name()})
        for (const char* alg :
             {"none", "None", "nOnE", "NONE", "", "hs256", "eddsa", "Ed25519", "HS384", "HS512", "RS256",
              "PS256", "ES256", "ES384", "RSA1_5", "PBES2-HS256+A128KW", "dir"})
            EXPECT_FALSE(accepts_header(std::string(R"({"alg":")") + alg + R"(","typ":"at+jwt","kid":")" +
                                        kid + "\"}"))
                << alg;
}

TEST_F(ApiToken, RFC8725_3_1_alg_is_a_text) {
    for (const char* alg : {R"("alg":1,)", R"("alg":null,)", R"("alg":["EdDSA"],)", ""})
        EXPECT_FALSE(
            accepts_header(std::string("{") + alg + R"("typ":"at+jwt","kid":")" + key.name() + "\"}"));
}

TEST_F(ApiToken, RFC8725_3_1_alg_of_the_other_key) {
    EXPECT_FALSE(accepts_header(R"({"alg":"HS256","typ":"at+jwt","kid":")" + key.name() + "\"}"));
    EXPECT_FALSE(accepts_header(R"({"alg":"EdDSA","typ":"at+jwt","kid":")" + old_key.name() + "\"}"));
}

TEST_F(ApiToken, RFC8725_3_1_public_key_as_HS256_secret) {
    const std::string jwk = key.public_jwk();
    const std::string x = jwk.substr(jwk.find(R"("x":")") + 5, 43);
    for (const std::string& known : {x, *auxeira::api::from_base64url(x), jwk, key.name()})
        for (const std::string& kid : {key.name(), old_key.name(), HmacKey(known).name()}) {
            const std::string head = R"({"alg":"HS256","typ":"at+jwt","kid":")" + kid + "\"}";
            EXPECT_FALSE(accepts(signed_parts(base64url(head), base64url(claims(times)), HmacKey(known))));
        }
}

// --- 3.3: everything is verified --------------------------------------------------------------------------

TEST_F(ApiToken, RFC8725_3_3_any_changed_character_is_noticed) {
    for (const std::string& text : {token(header, claims(times)), tokens.issue(identity, now, 900)})
        for (std::size_t i = 0; i < text.size(); ++i) {
            std::string changed = text;
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            EXPECT_FALSE(accepts(changed)) << i;
        }
}

TEST_F(ApiToken, RFC8725_3_3_another_key_is_noticed) {
    const std::string body = base64url(claims(times));
    EXPECT_FALSE(accepts(signed_parts(base64url(header), body, Ed25519Key(std::string(32, 'x')))));
    EXPECT_FALSE(accepts(signed_parts(base64url(header), body, HmacKey(seed))));
    EXPECT_FALSE(accepts(signed_parts(base64url(header_of(old_key)), body, HmacKey(""))));
}

TEST_F(ApiToken, RFC8725_3_3_signature_is_stripped) {
    const std::string text = token(header, claims(times));
    EXPECT_FALSE(accepts(text.substr(0, text.rfind('.'))));
    EXPECT_FALSE(accepts(text.substr(0, text.rfind('.') + 1)));
    EXPECT_FALSE(accepts(text.substr(0, text.size() - 2)));
}

TEST_F(ApiToken, RFC8725_3_3_number_of_parts_is_three) {
    const std::string text = token(header, claims(times));
    for (const std::string& other :
         {std::string(), std::string("."), std::string(".."), std::string("..."), text + ".", text + ".x",
          text + ".x.y", "." + text, std::string(8192, '.')})
        EXPECT_FALSE(accepts(other)) << other;
}

TEST_F(ApiToken, RFC8725_3_3_encoding_is_strict) {
    const std::string head = base64url(header);
    const std::string body = base64url(claims(times));
    ASSERT_TRUE(accepts(signed_parts(head, body, key)));
    EXPECT_FALSE(accepts(signed_parts(head + "=", body, key)));
    for (const char* more : {"=", "==", " ", "\n", "\t", "+", "/"})
        EXPECT_FALSE(accepts(signed_parts(head, body + more, key))) << more;
    EXPECT_FALSE(accepts(signed_parts(head, body, key) + "="));
    EXPECT_FALSE(accepts(" " + signed_parts(head, body, key)));
}

TEST_F(ApiToken, RFC8725_3_3_trailing_bits_are_zero) {
    // 64 bytes leave 4 unused bits in the last character, 32 bytes 2: setting one names the same bytes.
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::string text : {token(header, claims(times)), signed_parts(base64url(header_of(old_key)),
                                                                        base64url(claims(times)), old_key)}) {
        ASSERT_TRUE(accepts(text));
        text.back() = alphabet[alphabet.find(text.back()) | 1U];
        EXPECT_FALSE(accepts(text));
    }
}

// --- 3.4: points of the curve -----------------------------------------------------------------------------

TEST_F(ApiToken, RFC8725_3_4_signature_of_zeros) {
    const std::string message = base64url(header) + '.' + base64url(claims(times)) + '.';
    for (const std::size_t size : {0U, 32U, 64U, 70U, 96U, 132U})
        EXPECT_FALSE(accepts(message + base64url(std::string(size, '\0')))) << size;
    EXPECT_FALSE(accepts(message + base64url(std::string(64, '\xFF'))));
}

// --- 3.6 and 3.7: no compression, UTF-8 -------------------------------------------------------------------

TEST_F(ApiToken, RFC8725_3_6_compression_is_refused) {
    for (const char* zip : {"DEF", "GZ", ""})
        EXPECT_FALSE(accepts_header(header.substr(0, header.size() - 1) + R"(,"zip":")" + zip + "\"}"));
}

TEST_F(ApiToken, RFC8725_3_7_only_utf8) {
    EXPECT_FALSE(accepts_with(times + ",\"x\":\"\xFF\""));
    EXPECT_FALSE(accepts_with(times + R"(,"x":"\ud800")"));
    EXPECT_TRUE(accepts_with(times + ",\"x\":\"\xC3\xA9\""));
    std::string utf16;
    for (const char c : claims(times))
        utf16 += {c, '\0'};
    EXPECT_FALSE(accepts_claims(utf16));
    EXPECT_FALSE(accepts_claims("\xEF\xBB\xBF" + claims(times))) << "byte order mark";
}

// --- 3.8 and 3.9: from whom, about whom, for whom ---------------------------------------------------------

class ApiTokenOrigin : public ApiToken {
protected:
    bool accepts_origin(const std::string& members) const {
        return accepts_claims(origin(members) + R"("sub":")" + user + R"(","sid":")" + session +
                              R"(","ver":1,)" + times + '}');
    }
    bool accepts_subject(const std::string& members) const {
        return accepts_claims(origin() + members + (members.empty() ? "" : ",") + times + '}');
    }
};

TEST_F(ApiTokenOrigin, RFC8725_3_8_issuer) {
    ASSERT_TRUE(accepts_origin(R"("iss":"auxeira","aud":"auxeira-api")"));
    for (const char* issuer :
         {"", R"("iss":"",)", R"("iss":"other",)", R"("iss":"AUXEIRA",)", R"("iss":"auxeira ",)",
          R"("iss":null,)", R"("iss":["auxeira"],)", R"("iss":true,)"})
        EXPECT_FALSE(accepts_origin(std::string(issuer) + R"("aud":"auxeira-api")")) << issuer;
}

TEST_F(ApiTokenOrigin, RFC8725_3_8_subject_and_session) {
    const std::string right = R"("sub":")" + user + R"(","sid":")" + session + "\"";
    ASSERT_TRUE(accepts_subject(right + R"(,"ver":1)"));
    for (const std::string& wrong :
         {std::string(), std::string(R"("sub":"1","sid":"2")"), std::string(R"("sub":null,"sid":null)"),
          "\"sub\":\"" + user + "\"", "\"sid\":\"" + session + "\"",
          R"("sub":[")" + user + R"("],"sid":")" + session + "\"",
          R"("sub":"' or true --","sid":")" + session + "\""})
        EXPECT_FALSE(accepts_subject(wrong + (wrong.empty() ? "" : ",") + R"("ver":1)")) << wrong;
}

TEST_F(ApiTokenOrigin, version_of_rights_is_a_whole_number_from_1) {
    const std::string right = R"("sub":")" + user + R"(","sid":")" + session + "\"";
    EXPECT_FALSE(accepts_subject(right));
    EXPECT_TRUE(accepts_subject(right + R"(,"ver":2147483647)"));
    for (const char* version :
         {"0", "-1", R"("1")", "1.0", "1e0", "null", "true", "[1]", "99999999999999999999"})
        EXPECT_FALSE(accepts_subject(right + R"(,"ver":)" + version)) << version;
}

TEST_F(ApiTokenOrigin, RFC8725_3_9_audience) {
    for (const char* audience :
         {"", R"(,"aud":"")", R"(,"aud":"other")", R"(,"aud":null)", R"(,"aud":["auxeira-api"])",
          R"(,"aud":["x","auxeira-api"])", R"(,"aud":{"auxeira-api":1})", R"(,"aud":"*")"})
        EXPECT_FALSE(accepts_origin(std::string(R"("iss":"auxeira")") + audience)) << audience;
}

TEST_F(ApiToken, RFC8725_3_9_token_for_another_service_of_the_same_key) {
    const Tokens reports("auxeira", "auxeira-reports", std::make_unique<Ed25519Key>(seed));
    const Tokens partner("partner", "auxeira-api", std::make_unique<Ed25519Key>(seed));
    EXPECT_FALSE(accepts(reports.issue(identity, now, 900)));
    EXPECT_FALSE(accepts(partner.issue(identity, now, 900)));
    EXPECT_FALSE(reports.verify(tokens.issue(identity, now, 900), now).identity);
}

// --- 3.10: nothing that a token says is followed ----------------------------------------------------------

TEST_F(ApiToken, RFC8725_3_10_kid_is_only_looked_up) {
    for (const char* kid : {"", "x", "../../dev/null", "/etc/passwd", "' or 1=1 --", "' union select 'key",
                            "https://evil.example/jwks.json", "\\u0000", "%00", "*"})
        EXPECT_FALSE(accepts_header(std::string(R"({"alg":"EdDSA","typ":"at+jwt","kid":")") + kid + "\"}"))
            << kid;
    for (const char* kid : {"", R"(,"kid":[])", R"(,"kid":null)", R"(,"kid":1)", R"(,"kid":{})"})
        EXPECT_FALSE(accepts_header(std::string(R"({"alg":"EdDSA","typ":"at+jwt")") + kid + "}")) << kid;
}

TEST_F(ApiToken, RFC8725_3_10_other_header_members_are_refused) {
    for (const std::string& known : {header, header_of(old_key)})
        for (const std::string& member :
             {std::string(R"("jku":"https://evil.example")"), "\"jwk\":" + key.public_jwk(),
              std::string(R"("x5c":[])"), std::string(R"("x5u":"u")"), std::string(R"("x5t":"t")"),
              std::string(R"("crit":["exp"])"), std::string(R"("b64":false)"), std::string(R"("cty":"JWT")"),
              std::string(R"("p2c":1)")}) {
            std::string text = known;
            text.insert(text.size() - 1, "," + member);
            EXPECT_FALSE(accepts_header(text)) << member;
        }
}

// --- 3.11 and 3.12: other kinds of tokens -----------------------------------------------------------------

TEST_F(ApiToken, RFC8725_3_11_typ_is_at_jwt) {
    const std::string rest = R"("alg":"EdDSA","kid":")" + key.name() + "\"}";
    for (const char* typ : {"", R"("typ":"",)", R"("typ":"JWT",)", R"("typ":"jwt",)", R"("typ":"at+JWT",)",
                            R"("typ":"application/at+jwt",)", R"("typ":"rt+jwt",)", R"("typ":"id+jwt",)",
                            R"("typ":null,)", R"("typ":["at+jwt"],)"})
        EXPECT_FALSE(accepts_header(std::string("{") + typ + rest)) << typ;
}

TEST_F(ApiToken, RFC8725_3_12_opaque_tokens_are_no_access_tokens) {
    const std::string opaque = base64url(auxeira::api::random_bytes(32));
    for (const char* prefix : {"rt_", "vt_", "ak_", "ak_0123abcd_", ""})
        EXPECT_FALSE(accepts(prefix + opaque)) << prefix;
}

TEST_F(ApiToken, RFC8725_3_12_access_tokens_are_no_api_keys) {
    const std::string text = token(header, claims(times));
    for (const char* prefix : {"", "ak_", "ak_0123abcd_"})
        EXPECT_FALSE(auxeira::api::api_key_identity(prefix + text)) << prefix;
}

// --- The successor's draft: one form, small and without ambiguity -----------------------------------------

TEST_F(ApiToken, rfc8725bis_json_serialisation) {
    const std::string text = token(header, claims(times));
    const auto first = text.find('.');
    const auto second = text.rfind('.');
    const std::string protected_header = R"("protected":")" + text.substr(0, first) + "\"";
    const std::string signature = R"("signature":")" + text.substr(second + 1) + "\"";
    const std::string payload = R"("payload":")" + text.substr(first + 1, second - first - 1) + "\"";
    EXPECT_FALSE(accepts('{' + protected_header + ',' + payload + ',' + signature + '}'));
    EXPECT_FALSE(accepts('{' + payload + R"(,"signatures":[{)" + protected_header + ',' + signature + "}]}"));
}

TEST_F(ApiToken, rfc8725bis_long_tokens) {
    EXPECT_FALSE(accepts(std::string(1024 * 1024, 'a')));
    EXPECT_TRUE(accepts_with(times + R"(,"x":")" + std::string(4096, 'x') + "\""));
    EXPECT_FALSE(accepts_with(times + R"(,"x":")" + std::string(8192, 'x') + "\""));
}

TEST_F(ApiToken, rfc8725bis_duplicate_members) {
    for (const char* twice : {R"("alg":"none",)", R"("alg":"EdDSA",)", R"("\u0061lg":"none",)"}) {
        std::string text = header;
        text.insert(1, twice);
        EXPECT_FALSE(accepts_header(text)) << twice;
    }
    EXPECT_FALSE(accepts_with(times + R"(,"exp":1900000000)"));
    EXPECT_FALSE(accepts_with(times + R"(,"\u0065xp":1900000000)"));
    EXPECT_FALSE(accepts_with(times + R"(,"x":{"a":1,"a":2})"));
}

TEST_F(ApiToken, rfc8725bis_deep_claims) {
    EXPECT_TRUE(accepts_with(times + R"(,"x":)" + std::string(20, '[') + std::string(20, ']')));
    EXPECT_FALSE(accepts_with(times + R"(,"x":)" + std::string(40, '[') + std::string(40, ']')));
}

TEST_F(ApiToken, rfc8725bis_parts_are_objects) {
    for (const char* part : {"", "[]", "null", "1", "\"x\"", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":1,}"}) {
        EXPECT_FALSE(accepts_claims(part)) << part;
        EXPECT_FALSE(accepts_header(part)) << part;
    }
}

// --- Times ------------------------------------------------------------------------------------------------

TEST_F(ApiToken, ends_at_its_expiry) {
    const std::string text = tokens.issue(identity, now, 900);
    EXPECT_TRUE(accepts(text, now + 899));
    EXPECT_FALSE(accepts(text, now + 900));
}

TEST_F(ApiToken, exp_is_a_whole_number) {
    for (const char* expiry :
         {R"("1800000900")", "1800000900.5", "1800000900.0", "1e400", "1.9e9", "null", "true", "[1800000900]",
          "-1", "-0", "0", "99999999999999999999999", "18446744073709551615"})
        EXPECT_FALSE(accepts_with(std::string(R"("iat":1800000000,"exp":)") + expiry)) << expiry;
    EXPECT_FALSE(accepts_with(R"("iat":1800000000)"));
}

TEST_F(ApiToken, iat_and_nbf_may_be_a_little_ahead) {
    EXPECT_TRUE(accepts_with(R"("iat":1800000030,"exp":1800000900)"));
    EXPECT_FALSE(accepts_with(R"("iat":1800000031,"exp":1800000900)"));
    EXPECT_TRUE(accepts_with(times + R"(,"nbf":1800000030)"));
    EXPECT_FALSE(accepts_with(times + R"(,"nbf":1800000031)"));
    for (const char* start : {R"("1800000000")", "1.5", "null", "1e400"})
        EXPECT_FALSE(accepts_with(times + R"(,"nbf":)" + start)) << start;
    EXPECT_FALSE(accepts_with(R"("iat":"1800000000","exp":1800000900)"));
    EXPECT_FALSE(accepts_with(R"("exp":1800000900)"));
}

// --- Rotation ---------------------------------------------------------------------------------------------

TEST_F(ApiToken, previous_key_is_accepted_until_it_is_dropped) {
    const std::string old_token = tokens.issue(identity, now, 900);
    const std::string fresh = "another seed of thirty-two bytes";
    Tokens rotated("auxeira", "auxeira-api", std::make_unique<Ed25519Key>(fresh));
    EXPECT_FALSE(rotated.verify(old_token, now).identity);
    rotated.replace(two_keys(std::make_unique<Ed25519Key>(fresh), std::make_unique<Ed25519Key>(seed)));
    EXPECT_TRUE(rotated.verify(old_token, now).identity);
    EXPECT_FALSE(accepts(rotated.issue(identity, now, 900))) << "signed with the new key";
    EXPECT_EQ(rotated.generation(), 1U);
}

TEST_F(ApiToken, key_set_has_the_public_keys_only) {
    EXPECT_EQ(tokens.key_set(), R"({"keys":[)" + key.public_jwk() + "]}");
    tokens.replace(
        two_keys(std::make_unique<Ed25519Key>(seed), std::make_unique<Ed25519Key>(std::string(32, 'p'))));
    EXPECT_EQ(tokens.key_set(),
              R"({"keys":[)" + key.public_jwk() + "," + Ed25519Key(std::string(32, 'p')).public_jwk() + "]}");
    const Tokens symmetric("auxeira", "auxeira-api", std::make_unique<HmacKey>(old_secret));
    EXPECT_EQ(symmetric.key_set(), R"({"keys":[]})");
}

} // namespace
