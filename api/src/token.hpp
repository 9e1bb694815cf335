// Access tokens: JWT as RFC 8725 and RFC 9068 want them, one algorithm for each key.
#pragma once

#include "signing_key.hpp"

#include <atomic>
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

// The keys at a time. Does not change any more.
struct KeyRing {
    using Keys = std::vector<std::unique_ptr<SigningKey>>;

    explicit KeyRing(Keys keys);

    Keys keys; // the first one signs; tokens of all are accepted
    std::map<std::string, const SigningKey*, std::less<>> names;
    std::map<std::string, const SigningKey*, std::less<>> headers; // as issued with each key
};

class Tokens {
public:
    // Tokens are signed with the first key, and accepted with all: the others are those of before a rotation.
    Tokens(std::string issuer, std::string audience, KeyRing::Keys keys);
    Tokens(std::string issuer, std::string audience, std::unique_ptr<SigningKey> key);

    // For all that is issued and verified from now on, while other threads go on doing so.
    void replace(KeyRing::Keys keys);
    // Another number when the keys are others.
    std::uint64_t generation() const { return generation_; }

    std::string issue(const Identity& identity, std::int64_t now, std::int64_t lifetime) const;
    Verdict verify(std::string_view token, std::int64_t now) const;

    // The public keys for others who check tokens: a JWK Set (RFC 7517).
    std::string key_set() const;

private:
    const std::string issuer_;
    const std::string audience_;
    std::atomic<std::shared_ptr<const KeyRing>> ring_;
    std::atomic<std::uint64_t> generation_{0};
};

} // namespace auxeira::api
