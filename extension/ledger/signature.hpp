// Ed25519 (RFC 8032), by libcrypto.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ledger/bytes.hpp"

struct evp_pkey_st;

namespace auxeira::ledger {

using Signature = std::array<std::uint8_t, 64>;
using PublicKey = std::array<std::uint8_t, 32>;

class SigningKey {
public:
    // The content of a key file: PEM (PKCS #8, not encrypted), or the 32 bytes of a seed. A Rejection
    // otherwise.
    explicit SigningKey(std::string_view content);

    Signature sign(std::string_view message) const;
    PublicKey public_key() const;

private:
    struct Free {
        void operator()(evp_pkey_st* key) const noexcept;
    };
    std::unique_ptr<evp_pkey_st, Free> key_;
};

// The content of a file of a public key: PEM, 32 bytes, or these in hexadecimal on one line. A Rejection
// otherwise.
PublicKey read_public_key(std::string_view content);

bool verify_signature(const PublicKey& key, std::string_view message, const Signature& signature);

// A short name for a key: the first eight digits of its SHA-256.
std::string key_id(const PublicKey& key);

} // namespace auxeira::ledger
