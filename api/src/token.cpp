#include "token.hpp"

#include "encoding.hpp"
#include "json.hpp"
#include "json_object.hpp"
#include "url.hpp"

#include <algorithm>
#include <charconv>

namespace auxeira::api {

namespace {

constexpr std::size_t max_token = 8192;
constexpr std::int64_t leeway = 30;
constexpr std::string_view token_type = "at+jwt"; // RFC 9068

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
std::optional<std::int64_t> number_of(const Members& members, std::string_view name) {
    const JsonMember* member = find(members, name);
    if (member == nullptr) return std::nullopt;
    std::int64_t number = 0;
    const char* end = member->value.data() + member->value.size();
    const auto [stop, error] = std::from_chars(member->value.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

const char* fault_in_times(const Members& claims, std::int64_t now) {
    const auto expiry = number_of(claims, "exp");
    const auto issued = number_of(claims, "iat");
    const auto start = number_of(claims, "nbf");
    if (!expiry) return "exp is missing or not a whole number";
    if (*expiry <= now) return "expired";
    if (!issued) return "iat is missing or not a whole number";
    if (*issued > now + leeway) return "issued in the future";
    if (find(claims, "nbf") != nullptr && !start) return "nbf is not a whole number";
    if (start && *start > now + leeway) return "not valid yet";
    return nullptr;
}

Verdict refused(const char* fault) {
    return {.identity = std::nullopt, .fault = fault};
}

// Of claims whose times and origin are in order.
Verdict verdict_on(const Members& claims) {
    Identity identity{text_of(claims, "sub"),      text_of(claims, "sid"),
                      text_of(claims, "org"),      text_of(claims, "role"),
                      text_of(claims, "userType"), number_of(claims, "ver").value_or(0)};
    if (!is_uuid(identity.user) || !is_uuid(identity.session)) return refused("sub or sid is no UUID");
    if (identity.version < 1) return refused("ver is missing or not a whole number from 1");
    return {.identity = std::move(identity), .expiry = *number_of(claims, "exp")};
}

std::string encoded_header(const SigningKey& key) {
    JsonObject header;
    header.text("alg", key.algorithm()).text("typ", token_type).text("kid", key.name());
    return base64url(header.str());
}

// A header as issued here needs no reading. Of any other the key's name is taken and nothing else: an unknown
// member (crit, jku, jwk, x5u, zip, ...) is a reason to refuse, not something to follow.
const SigningKey* key_of(const KeyRing& ring, std::string_view part) {
    const auto known = ring.headers.find(part);
    if (known != ring.headers.end()) return known->second;
    const std::string text = object_text(part);
    if (text.empty()) return nullptr;
    const Members header = members(text);
    if (header.size() != 3 || text_of(header, "typ") != token_type) return nullptr;
    const auto found = ring.names.find(text_of(header, "kid"));
    if (found == ring.names.end()) return nullptr;
    return found->second->algorithm() == text_of(header, "alg") ? found->second : nullptr;
}

KeyRing::Keys only(std::unique_ptr<SigningKey> key) {
    KeyRing::Keys keys;
    keys.push_back(std::move(key));
    return keys;
}

} // namespace

KeyRing::KeyRing(Keys given) {
    for (auto& key : given) {
        if (!names.try_emplace(key->name(), key.get()).second) continue;
        headers.emplace(encoded_header(*key), key.get());
        keys.push_back(std::move(key));
    }
}

Tokens::Tokens(std::string issuer, std::string audience, KeyRing::Keys keys)
    : issuer_(std::move(issuer)), audience_(std::move(audience)),
      ring_(std::make_shared<const KeyRing>(std::move(keys))) {}

Tokens::Tokens(std::string issuer, std::string audience, std::unique_ptr<SigningKey> key)
    : Tokens(std::move(issuer), std::move(audience), only(std::move(key))) {}

// In this order: a verdict that was found with the old keys must not be kept as one of the new ones.
void Tokens::replace(KeyRing::Keys keys) {
    ring_ = std::make_shared<const KeyRing>(std::move(keys));
    ++generation_;
}

std::string Tokens::issue(const Identity& identity, std::int64_t now, std::int64_t lifetime) const {
    const std::shared_ptr<const KeyRing> ring = ring_;
    const SigningKey& key = *ring->keys.front();
    JsonObject claims;
    claims.text("iss", issuer_).text("aud", audience_).text("sub", identity.user);
    claims.text("sid", identity.session).text("role", identity.role).text("userType", identity.user_type);
    identity.organization.empty() ? claims.raw("org", "null") : claims.text("org", identity.organization);
    claims.number("ver", identity.version).number("iat", now).number("exp", now + lifetime);
    claims.text("jti", base64url(random_bytes(16)));
    const std::string message = encoded_header(key) + '.' + base64url(claims.str());
    return message + '.' + base64url(key.sign(message));
}

std::string Tokens::key_set() const {
    std::string keys;
    const std::shared_ptr<const KeyRing> ring = ring_;
    for (const auto& key : ring->keys) {
        const std::string jwk = key->public_jwk();
        if (!jwk.empty()) keys += (keys.empty() ? "" : ",") + jwk;
    }
    return JsonObject().raw("keys", '[' + keys + ']').str();
}

Verdict Tokens::verify(std::string_view token, std::int64_t now) const {
    if (token.size() > max_token) return refused("too long");
    const std::vector<std::string_view> parts = split(token, '.');
    if (parts.size() != 3) return refused("not three parts");
    const std::shared_ptr<const KeyRing> ring = ring_;
    const SigningKey* key = key_of(*ring, parts[0]);
    if (key == nullptr) return refused("unacceptable header");
    const auto signature = from_base64url(parts[2]);
    const std::string_view message = token.substr(0, parts[0].size() + 1 + parts[1].size());
    if (!signature || !key->verify(message, *signature)) return refused("wrong signature");

    const std::string text = object_text(parts[1]);
    if (text.empty()) return refused("malformed claims");
    const Members claims = members(text);
    if (const char* fault = fault_in_times(claims, now)) return refused(fault);
    if (text_of(claims, "iss") != issuer_) return refused("another issuer");
    if (text_of(claims, "aud") != audience_) return refused("another audience");
    return verdict_on(claims);
}

} // namespace auxeira::api
