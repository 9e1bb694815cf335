#include "ledger/signature.hpp"

#include <climits>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "ledger/sha256.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    void operator()(BIO* stream) const noexcept { BIO_free(stream); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

constexpr std::size_t seed_bytes = 32;
constexpr std::string_view pem_start = "-----BEGIN ";

// libcrypto keeps its errors for whoever asks next, and that may be the server's TLS.
void require(bool done, const char* message) {
    if (done) return;
    ERR_clear_error();
    throw std::runtime_error(message);
}

EVP_PKEY* only_ed25519(EVP_PKEY* key, const char* message) {
    Key owned(key);
    ERR_clear_error();
    if (!owned || EVP_PKEY_get_base_id(owned.get()) != EVP_PKEY_ED25519)
        throw Rejection(Reason::invalid_value, message, {}, "openssl genpkey -algorithm ed25519 makes a key");
    return owned.release();
}

// Nobody can be asked for the password of a key.
int no_password(char*, int, int, void*) {
    return -1;
}

std::unique_ptr<BIO, Free> stream_of(std::string_view content) {
    require(content.size() <= INT_MAX, "key too long");
    return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

EVP_PKEY* private_key(std::string_view content) {
    if (content.starts_with(pem_start))
        return PEM_read_bio_PrivateKey(stream_of(content).get(), nullptr, no_password, nullptr);
    if (content.size() != seed_bytes) return nullptr;
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(content).data(), seed_bytes);
}

PublicKey raw(const EVP_PKEY* key) {
    PublicKey bytes{};
    std::size_t length = bytes.size();
    require(EVP_PKEY_get_raw_public_key(key, bytes.data(), &length) == 1,
            "libcrypto could not give the public key");
    return bytes;
}

std::optional<PublicKey> plain_public_key(std::string_view content) {
    if (content.size() == sizeof(PublicKey)) return sized<PublicKey>(Bytes(content.begin(), content.end()));
    while (content.ends_with('\n') || content.ends_with('\r'))
        content.remove_suffix(1);
    return sized<PublicKey>(from_hex(content));
}

} // namespace

void SigningKey::Free::operator()(evp_pkey_st* key) const noexcept {
    EVP_PKEY_free(key);
}

SigningKey::SigningKey(std::string_view content)
    : key_(only_ed25519(private_key(content), "no private Ed25519 key in the file")) {}

Signature SigningKey::sign(std::string_view message) const {
    const Context context(EVP_MD_CTX_new());
    Signature signature{};
    std::size_t length = signature.size();
    const ByteView bytes = bytes_of(message);
    require(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                EVP_DigestSign(context.get(), signature.data(), &length, bytes.data(), bytes.size()) == 1,
            "libcrypto could not sign");
    return signature;
}

PublicKey SigningKey::public_key() const {
    return raw(key_.get());
}

PublicKey read_public_key(std::string_view content) {
    if (const auto key = plain_public_key(content)) return *key;
    const Key key(only_ed25519(PEM_read_bio_PUBKEY(stream_of(content).get(), nullptr, no_password, nullptr),
                               "no public Ed25519 key in the file"));
    return raw(key.get());
}

bool verify_signature(const PublicKey& key, std::string_view message, const Signature& signature) {
    const Key public_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    const Context context(EVP_MD_CTX_new());
    const ByteView bytes = bytes_of(message);
    const bool good =
        public_key && context &&
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes.data(), bytes.size()) == 1;
    ERR_clear_error();
    return good;
}

std::string key_id(const PublicKey& key) {
    return hex(sha256(key)).substr(0, 8);
}

} // namespace auxeira::ledger
