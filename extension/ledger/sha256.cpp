#include "ledger/sha256.hpp"

#include <new>
#include <stdexcept>

#include <openssl/evp.h>

namespace auxeira::ledger {

namespace {

constexpr std::size_t block_bytes = 64;

void require(bool done) {
    if (!done) throw std::runtime_error("libcrypto could not compute SHA-256");
}

// Looked up once: finding it takes three times as long as hashing a node.
const EVP_MD* algorithm() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(fetched != nullptr);
    return fetched;
}

std::array<std::uint8_t, block_bytes> padded_key(ByteView key, std::uint8_t pad) {
    const Hash short_key = key.size() > block_bytes ? sha256(key) : Hash{};
    const ByteView used = key.size() > block_bytes ? ByteView(short_key) : key;
    std::array<std::uint8_t, block_bytes> block{};
    std::copy(used.begin(), used.end(), block.begin());
    for (std::uint8_t& byte : block)
        byte ^= pad;
    return block;
}

} // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_) throw std::bad_alloc();
    start();
}

void Sha256::start() {
    require(EVP_DigestInit_ex(context_.get(), algorithm(), nullptr) == 1);
}

Sha256& Sha256::add(ByteView bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
    return *this;
}

Hash Sha256::finish() {
    Hash hash{};
    require(EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr) == 1);
    start();
    return hash;
}

Hash sha256(ByteView bytes) {
    return Sha256().add(bytes).finish();
}

Hash hmac_sha256(ByteView key, ByteView message) {
    const Hash inner = Sha256().add(padded_key(key, 0x36)).add(message).finish();
    return Sha256().add(padded_key(key, 0x5c)).add(inner).finish();
}

} // namespace auxeira::ledger
