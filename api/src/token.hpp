// Access tokens: JWT as RFC 8725 and RFC 9068 want them, one algorithm for each key.
#pragma once

#include "signing_key.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

// Who a request speaks for: a user, or an API key. The database checks all of it again.
struct Identity {
    std::string user;
    std::string session;
    std::string organization; // empty = none
    std::string role;
    std::string user_type;
    std::int64_t version = 0; // of the session's rights, from 1; raised when they change

    // In place of all of the above: an API key is known by its hash alone.
    std::string key_hash = {};   // SHA-256 of the key, 64 hexadecimal digits
    std::string key_prefix = {}; // the part of it that is no secret, for the log
};

struct Verdict {
    std::optional<Identity> identity;
    const char* fault = nullptr; // why not; for tests and the debug log, never for the client
    std::int64_t expiry = 0;     // of a token that is accepted
};

class Tokens {
public:
    // Tokens are signed with this key and accepted with it.
    Tokens(std::string issuer, std::string audience, std::unique_ptr<SigningKey> key);

    // Tokens are accepted with this key too: the one used before a rotation.
    void accept(std::unique_ptr<SigningKey> key);

    std::string issue(const Identity& identity, std::int64_t now, std::int64_t lifetime) const;
    Verdict verify(std::string_view token, std::int64_t now) const;

    // The public keys for others who check tokens: a JWK Set (RFC 7517).
    std::string key_set() const;

private:
    const SigningKey* key_of(std::string_view header) const;

    std::string issuer_;
    std::string audience_;
    std::vector<std::unique_ptr<SigningKey>> keys_; // the first one signs
    std::map<std::string, const SigningKey*, std::less<>> names_;
    std::map<std::string, const SigningKey*, std::less<>> headers_; // as issued with each key
};

} // namespace auxeira::api
