// The EVP functions of OpenSSL 3 allocate memory for each hash, which takes as long as hashing a row does.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ledger/sha256.hpp"

#include <algorithm>

namespace auxeira::ledger {

namespace {

constexpr std::size_t block_bytes = 64;

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

Sha256::Sha256() {
    SHA256_Init(&context_);
}

Sha256& Sha256::add(ByteView bytes) {
    SHA256_Update(&context_, bytes.data(), bytes.size());
    return *this;
}

Hash Sha256::finish() {
    Hash hash{};
    SHA256_Final(hash.data(), &context_);
    SHA256_Init(&context_);
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
