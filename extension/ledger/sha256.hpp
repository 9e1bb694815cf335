// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). libcrypto does the work, with the processor's
// instructions.
#pragma once

#include <openssl/sha.h>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

// One hash after another: finish() leaves it ready for the next.
class Sha256 {
public:
    Sha256();

    Sha256& add(ByteView bytes);
    Hash finish();

private:
    SHA256_CTX context_;
};

Hash sha256(ByteView bytes);
Hash hmac_sha256(ByteView key, ByteView message);

} // namespace auxeira::ledger
