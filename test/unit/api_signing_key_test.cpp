// Signing keys: published vectors, and signatures that a careless library would take.
#include "encoding.hpp"
#include "signing_key.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

namespace {

using auxeira::api::base64url;
using auxeira::api::Ed25519Key;
using auxeira::api::from_base64url;
using auxeira::api::HmacKey;

std::string bytes_of(const std::string& hex) {
    std::string bytes(hex.size() / 2, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(std::stoi(hex.substr(i * 2, 2), nullptr, 16));
    return bytes;
}

// The key of RFC 8037, appendix A.
class ApiSigningKey : public testing::Test {
protected:
    ApiSigningKey() { EXPECT_GE(sodium_init(), 0); }

    const Ed25519Key key{*from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")};
    const std::string message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const std::string signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
};

TEST_F(ApiSigningKey, RFC8037_A_2_public_key) {
    EXPECT_EQ(key.public_jwk(),
              R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
              R"("kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","alg":"EdDSA","use":"sig"})");
}

TEST_F(ApiSigningKey, RFC8037_A_3_thumbprint_is_the_name) {
    EXPECT_EQ(key.name(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST_F(ApiSigningKey, RFC8037_A_4_signature) {
    EXPECT_EQ(base64url(key.sign(message)), signature);
    EXPECT_TRUE(key.verify(message, *from_base64url(signature)));
    EXPECT_FALSE(key.verify(message + "x", *from_base64url(signature)));
}

TEST_F(ApiSigningKey, seed_has_32_bytes) {
    for (const std::size_t size : {0U, 31U, 33U, 64U})
        EXPECT_THROW(Ed25519Key(std::string(size, 's')), std::invalid_argument) << size;
}

TEST_F(ApiSigningKey, RFC8725_3_4_second_form_of_a_signature) {
    // S plus the order of the group stands for the same number.
    const std::string order = bytes_of("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    std::string other = *from_base64url(signature);
    sodium_add(reinterpret_cast<unsigned char*>(other.data()) + 32,
               reinterpret_cast<const unsigned char*>(order.data()), order.size());
    EXPECT_FALSE(key.verify(message, other));
}

TEST_F(ApiSigningKey, RFC8725_3_4_points_of_small_order) {
    for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                              "0100000000000000000000000000000000000000000000000000000000000000",
                              "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                              "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                              "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                              "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
        EXPECT_FALSE(key.verify(message, bytes_of(point) + std::string(32, '\0'))) << point;
        EXPECT_FALSE(key.verify(message, bytes_of(point) + from_base64url(signature)->substr(32))) << point;
    }
}

TEST_F(ApiSigningKey, length_of_a_signature_is_exact) {
    const std::string right = *from_base64url(signature);
    for (const std::size_t size : {0U, 32U, 63U})
        EXPECT_FALSE(key.verify(message, right.substr(0, size))) << size;
    EXPECT_FALSE(key.verify(message, right + '\0'));
    const HmacKey secret("a secret");
    EXPECT_TRUE(secret.verify(message, secret.sign(message)));
    EXPECT_FALSE(secret.verify(message, secret.sign(message).substr(0, 31)));
    EXPECT_FALSE(secret.verify(message, ""));
}

// RFC 7515, appendix A.1.
TEST_F(ApiSigningKey, RFC7515_A_1_HS256) {
    const HmacKey secret(*from_base64url(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
    EXPECT_EQ(base64url(secret.sign(
                  "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkz"
                  "ODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")),
              "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    EXPECT_EQ(secret.public_jwk(), "");
}

} // namespace
