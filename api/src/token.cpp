#include "token.hpp"

#include "encoding.hpp"
#include "json.hpp"
#include "json_object.hpp"
#include "url.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>

namespace auxeira::api {

namespace {

constexpr std::size_t max_token = 8192;
constexpr std::int64_t leeway = 30;
constexpr std::string_view token_type = "at+jwt"; // RFC 9068

std::string hmac(std::string_view secret, std::string_view message) {
    std::string tag(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
    crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(message.data()),
                                  message.size());
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(tag.data()));
    sodium_memzero(&state, sizeof state);
    return tag;
}

using Members = std::vector<JsonMember>;

// The decoded part, checked to be a JSON object without duplicate members; empty when it is not.
std::string object_text(std::string_view part) {
    std::optional<std::string> text = from_base64url(part);
    return text && !check_object(*text) ? std::move(*text) : std::string();
}

const JsonMember* find(const Members& members, std::string_view name) {
    const auto found =
        std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
    return found == members.end() ? nullptr : &*found;
}

std::string text_of(const Members& members, std::string_view name) {
    const JsonMember* member = find(members, name);
    return member == nullptr ? std::string() : string_value(member->value).value_or("");
}

// Whole numbers that fit; anything else is as good as missing.
std::optional<std::int64_t> time_of(const Members& members, std::string_view name) {
    const JsonMember* member = find(members, name);
    if (member == nullptr) return std::nullopt;
    std::int64_t number = 0;
    const char* end = member->value.data() + member->value.size();
    const auto [stop, error] = std::from_chars(member->value.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

const char* fault_in_times(const Members& claims, std::int64_t now) {
    const auto expiry = time_of(claims, "exp");
    const auto issued = time_of(claims, "iat");
    const auto start = time_of(claims, "nbf");
    if (!expiry) return "exp is missing or not a whole number";
    if (*expiry <= now) return "expired";
    if (!issued) return "iat is missing or not a whole number";
    if (*issued > now + leeway) return "issued in the future";
    if (find(claims, "nbf") != nullptr && !start) return "nbf is not a whole number";
    if (start && *start > now + leeway) return "not valid yet";
    return nullptr;
}

} // namespace

HmacKey::~HmacKey() {
    sodium_memzero(secret_.data(), secret_.size());
}

std::string HmacKey::sign(std::string_view message) const {
    return hmac(secret_, message);
}

bool HmacKey::verify(std::string_view message, std::string_view signature) const {
    const std::string expected = hmac(secret_, message);
    return signature.size() == expected.size() &&
           sodium_memcmp(expected.data(), signature.data(), expected.size()) == 0;
}

Tokens::Tokens(std::string issuer, std::string audience)
    : issuer_(std::move(issuer)), audience_(std::move(audience)) {}

std::string Tokens::key_name(std::string_view secret) {
    return hex(hmac(secret, "auxeira key name")).substr(0, 16);
}

void Tokens::use(const std::string& name, std::unique_ptr<Key> key) {
    signing_name_ = name;
    accept(name, std::move(key));
}

void Tokens::accept(const std::string& name, std::unique_ptr<Key> key) {
    const auto [place, added] = keys_.try_emplace(name, std::move(key));
    if (added) headers_[encoded_header(name)] = place->second.get();
}

std::string Tokens::encoded_header(const std::string& name) const {
    JsonObject header;
    header.text("alg", keys_.at(name)->algorithm()).text("typ", token_type).text("kid", name);
    return base64url(header.str());
}

std::string Tokens::issue(const Identity& identity, std::int64_t now, std::int64_t lifetime) const {
    const Key& key = *keys_.at(signing_name_);
    JsonObject claims;
    claims.text("iss", issuer_).text("aud", audience_).text("sub", identity.user);
    claims.text("sid", identity.session).text("role", identity.role).text("userType", identity.user_type);
    identity.organization.empty() ? claims.raw("org", "null") : claims.text("org", identity.organization);
    claims.number("iat", now).number("exp", now + lifetime).text("jti", base64url(random_bytes(16)));
    const std::string message = encoded_header(signing_name_) + '.' + base64url(claims.str());
    return message + '.' + base64url(key.sign(message));
}

// A header as issued here needs no reading. Of any other the key's name is taken and nothing else: an unknown
// member (crit, jku, jwk, x5u, zip, ...) is a reason to refuse, not something to follow.
const Key* Tokens::key_of(std::string_view part) const {
    const auto known = headers_.find(part);
    if (known != headers_.end()) return known->second;
    const std::string text = object_text(part);
    if (text.empty()) return nullptr;
    const Members header = members(text);
    if (header.size() != 3 || text_of(header, "typ") != token_type) return nullptr;
    const auto found = keys_.find(text_of(header, "kid"));
    if (found == keys_.end()) return nullptr;
    return found->second->algorithm() == text_of(header, "alg") ? found->second.get() : nullptr;
}

Verdict Tokens::verify(std::string_view token, std::int64_t now) const {
    if (token.size() > max_token) return {std::nullopt, "too long"};
    const std::vector<std::string_view> parts = split(token, '.');
    if (parts.size() != 3) return {std::nullopt, "not three parts"};
    const Key* key = key_of(parts[0]);
    if (key == nullptr) return {std::nullopt, "unacceptable header"};
    const auto signature = from_base64url(parts[2]);
    const std::string_view message = token.substr(0, parts[0].size() + 1 + parts[1].size());
    if (!signature || !key->verify(message, *signature)) return {std::nullopt, "wrong signature"};

    const std::string text = object_text(parts[1]);
    if (text.empty()) return {std::nullopt, "malformed claims"};
    const Members claims = members(text);
    if (const char* fault = fault_in_times(claims, now)) return {std::nullopt, fault};
    if (text_of(claims, "iss") != issuer_) return {std::nullopt, "another issuer"};
    if (text_of(claims, "aud") != audience_) return {std::nullopt, "another audience"};
    Identity identity{text_of(claims, "sub"), text_of(claims, "sid"), text_of(claims, "org"),
                      text_of(claims, "role"), text_of(claims, "userType")};
    if (!is_uuid(identity.user) || !is_uuid(identity.session)) return {std::nullopt, "sub or sid is no UUID"};
    return {std::move(identity), nullptr};
}

} // namespace auxeira::api
