#include "signing_key.hpp"

#include "encoding.hpp"
#include "json_object.hpp"

#include <sodium.h>

#include <stdexcept>

namespace auxeira::api {

namespace {

const unsigned char* octets(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <std::size_t Size>
std::string coordinate(const std::array<unsigned char, Size>& bytes) {
    return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// RFC 7638: the required members only, in the order of their names.
std::string thumbprint(const std::string& x) {
    return base64url(sha256(JsonObject().text("crv", "Ed25519").text("kty", "OKP").text("x", x).str()));
}

std::string hmac(std::string_view secret, std::string_view message) {
    std::string tag(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, octets(secret), secret.size());
    crypto_auth_hmacsha256_update(&state, octets(message), message.size());
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(tag.data()));
    sodium_memzero(&state, sizeof state);
    return tag;
}

} // namespace

Ed25519Key::Ed25519Key(std::string_view seed) {
    static_assert(seed_bytes == crypto_sign_SEEDBYTES);
    static_assert(sizeof public_ == crypto_sign_PUBLICKEYBYTES &&
                  sizeof secret_ == crypto_sign_SECRETKEYBYTES);
    if (seed.size() != seed_bytes) throw std::invalid_argument("the seed of an Ed25519 key has 32 bytes");
    crypto_sign_seed_keypair(public_.data(), secret_.data(), octets(seed));
    name_ = thumbprint(coordinate(public_));
}

Ed25519Key::~Ed25519Key() {
    sodium_memzero(secret_.data(), secret_.size());
}

std::string Ed25519Key::public_jwk() const {
    JsonObject jwk;
    jwk.text("kty", "OKP").text("crv", "Ed25519").text("x", coordinate(public_));
    return jwk.text("kid", name_).text("alg", algorithm()).text("use", "sig").str();
}

std::string Ed25519Key::sign(std::string_view message) const {
    std::string signature(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, octets(message),
                         message.size(), secret_.data());
    return signature;
}

// Libsodium refuses points of small order, points not in their one form, and S beyond the order of the group.
bool Ed25519Key::verify(std::string_view message, std::string_view signature) const {
    return signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(octets(signature), octets(message), message.size(), public_.data()) ==
               0;
}

HmacKey::HmacKey(std::string secret)
    : secret_(std::move(secret)), name_(hex(hmac(secret_, "auxeira key name")).substr(0, 16)) {}

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

} // namespace auxeira::api
