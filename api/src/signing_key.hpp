// Keys that sign access tokens and check them. A key knows its own algorithm and name, so that no header of a
// token can choose another one for it.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace auxeira::api {

class SigningKey {
public:
    SigningKey() = default;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    virtual ~SigningKey() = default;

    virtual std::string_view algorithm() const = 0; // `alg`
    virtual const std::string& name() const = 0;    // `kid`; says nothing about a secret
    virtual std::string public_jwk() const = 0;     // empty when others must not have the key
    virtual std::string sign(std::string_view message) const = 0;
    virtual bool verify(std::string_view message, std::string_view signature) const = 0;
};

// EdDSA (RFC 8037).
class Ed25519Key : public SigningKey {
public:
    static constexpr std::size_t seed_bytes = 32;

    explicit Ed25519Key(std::string_view seed);
    ~Ed25519Key() override;

    std::string_view algorithm() const override { return "EdDSA"; }
    const std::string& name() const override { return name_; }
    std::string public_jwk() const override;
    std::string sign(std::string_view message) const override;
    bool verify(std::string_view message, std::string_view signature) const override;

private:
    std::array<unsigned char, 32> public_{};
    std::array<unsigned char, 64> secret_{};
    std::string name_;
};

// HS256.
class HmacKey : public SigningKey {
public:
    explicit HmacKey(std::string secret);
    ~HmacKey() override;

    std::string_view algorithm() const override { return "HS256"; }
    const std::string& name() const override { return name_; }
    std::string public_jwk() const override { return {}; }
    std::string sign(std::string_view message) const override;
    bool verify(std::string_view message, std::string_view signature) const override;

private:
    std::string secret_;
    std::string name_;
};

} // namespace auxeira::api
