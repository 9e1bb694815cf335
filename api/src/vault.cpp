#include "vault.hpp"

#include "encoding.hpp"

#include <sodium.h>

#include <stdexcept>

namespace auxeira::api {

namespace {

// The sealed text: version | name of the key | nonce | ciphertext and tag.
constexpr char version = 1;
constexpr std::size_t name_bytes = 8;
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t head_bytes = 1 + name_bytes + nonce_bytes;

static_assert(Vault::key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

const unsigned char* octets(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* octets(std::string& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

} // namespace

Vault::Vault(std::string key, std::string previous_key)
    : key_(named(std::move(key))), previous_(previous_key.empty() ? Key{} : named(std::move(previous_key))) {}

Vault::~Vault() {
    sodium_memzero(key_.bytes.data(), key_.bytes.size());
    sodium_memzero(previous_.bytes.data(), previous_.bytes.size());
}

Vault::Key Vault::named(std::string bytes) {
    if (bytes.size() != key_bytes) throw std::invalid_argument("a vault's key has 32 bytes");
    constexpr std::string_view label = "auxeira vault key name";
    std::string digest(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256(octets(digest), octets(label), label.size(), octets(bytes));
    return {digest.substr(0, name_bytes), std::move(bytes)};
}

const Vault::Key* Vault::key_of(std::string_view name) const {
    if (name == key_.name) return &key_;
    return name == previous_.name ? &previous_ : nullptr;
}

std::string Vault::seal(std::string_view plain, std::string_view context) const {
    const std::string nonce = random_bytes(nonce_bytes);
    std::string sealed = version + key_.name + nonce;
    sealed.resize(head_bytes + plain.size() + tag_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(octets(sealed) + head_bytes, nullptr, octets(plain),
                                               plain.size(), octets(context), context.size(), nullptr,
                                               octets(nonce), octets(key_.bytes));
    return sealed;
}

std::optional<std::string> Vault::open(std::string_view sealed, std::string_view context) const {
    if (sealed.size() < head_bytes + tag_bytes || sealed.front() != version) return std::nullopt;
    const Key* key = key_of(sealed.substr(1, name_bytes));
    if (key == nullptr) return std::nullopt;
    const std::string_view nonce = sealed.substr(1 + name_bytes, nonce_bytes);
    const std::string_view cipher = sealed.substr(head_bytes);
    std::string plain(cipher.size() - tag_bytes, '\0');
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        octets(plain), nullptr, nullptr, octets(cipher), cipher.size(), octets(context), context.size(),
        octets(nonce), octets(key->bytes));
    if (failed != 0) return std::nullopt;
    return plain;
}

} // namespace auxeira::api
