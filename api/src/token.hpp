// Access tokens: JWT as RFC 8725 and RFC 9068 want them, one algorithm for each key.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

// Who a token speaks for; the database checks all of it again.
struct Identity {
    std::string user;
    std::string session;
    std::string organization; // empty = none
    std::string role;
    std::string user_type;
};

// A key knows its own algorithm, so that no header can choose another one for it.
class Key {
public:
    Key() = default;
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    virtual ~Key() = default;

    virtual std::string_view algorithm() const = 0;
    virtual std::string sign(std::string_view message) const = 0;
    virtual bool verify(std::string_view message, std::string_view signature) const = 0;
};

// HS256.
class HmacKey : public Key {
public:
    explicit HmacKey(std::string secret) : secret_(std::move(secret)) {}
    ~HmacKey() override;

    std::string_view algorithm() const override { return "HS256"; }
    std::string sign(std::string_view message) const override;
    bool verify(std::string_view message, std::string_view signature) const override;

private:
    std::string secret_;
};

struct Verdict {
    std::optional<Identity> identity;
    const char* fault = nullptr; // why not; for tests and the debug log, never for the client
};

class Tokens {
public:
    Tokens(std::string issuer, std::string audience);

    // The name (`kid`) of a secret, which says nothing about it.
    static std::string key_name(std::string_view secret);

    // Tokens are signed with this key and accepted with it.
    void use(const std::string& name, std::unique_ptr<Key> key);
    // Tokens are accepted with this key: the one used before a rotation.
    void accept(const std::string& name, std::unique_ptr<Key> key);

    std::string issue(const Identity& identity, std::int64_t now, std::int64_t lifetime) const;
    Verdict verify(std::string_view token, std::int64_t now) const;

private:
    std::string encoded_header(const std::string& name) const;
    const Key* key_of(std::string_view header) const;

    std::string issuer_;
    std::string audience_;
    std::string signing_name_;
    std::map<std::string, std::unique_ptr<Key>, std::less<>> keys_;
    std::map<std::string, const Key*, std::less<>> headers_; // as issued with each key
};

} // namespace auxeira::api
