// What is sealed opens with its key, in its context, unchanged, and not otherwise.
#include "encoding.hpp"
#include "vault.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

namespace {

using auxeira::api::hex;
using auxeira::api::Vault;

const std::string key(Vault::key_bytes, 'k');
const std::string other_key(Vault::key_bytes, 'o');

class ApiVault : public testing::Test {
protected:
    ApiVault() { EXPECT_GE(sodium_init(), 0); }

    const Vault vault{key};
    const std::string sealed = vault.seal("the secret", "totp:1");
};

TEST_F(ApiVault, opens_what_it_sealed) {
    EXPECT_EQ(vault.open(sealed, "totp:1"), "the secret");
    for (const std::string& plain : {std::string(), std::string("\0\xFF", 2), std::string(100000, 'x')})
        EXPECT_EQ(vault.open(vault.seal(plain, ""), ""), plain);
    EXPECT_EQ(Vault(key).open(sealed, "totp:1"), "the secret") << "after a restart";
}

TEST_F(ApiVault, format_is_version_name_nonce_ciphertext_tag) {
    EXPECT_EQ(sealed.size(), 1 + 8 + 24 + std::string("the secret").size() + 16);
    EXPECT_EQ(sealed.front(), 1);
    EXPECT_EQ(sealed.substr(1, 8), vault.seal("another", "").substr(1, 8)) << "name of the key";
    EXPECT_EQ(hex(sealed).find(hex("secret")), std::string::npos);
}

TEST_F(ApiVault, name_says_nothing_about_the_key) {
    const std::string name = sealed.substr(1, 8);
    EXPECT_EQ(key.find(name), std::string::npos);
    EXPECT_NE(Vault(other_key).seal("the secret", "totp:1").substr(1, 8), name);
}

TEST_F(ApiVault, sealing_twice_gives_two_texts) {
    EXPECT_NE(vault.seal("the secret", "totp:1"), sealed);
}

TEST_F(ApiVault, context_is_bound) {
    for (const char* context : {"", "totp:", "totp:2", "totp:11", "TOTP:1", "mail-token"})
        EXPECT_FALSE(vault.open(sealed, context)) << context;
}

TEST_F(ApiVault, any_changed_bit_is_noticed) {
    for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
        std::string changed = sealed;
        changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
        EXPECT_FALSE(vault.open(changed, "totp:1")) << i;
    }
}

TEST_F(ApiVault, length_is_checked) {
    for (std::size_t size = 0; size < sealed.size(); ++size)
        EXPECT_FALSE(vault.open(sealed.substr(0, size), "totp:1")) << size;
    EXPECT_FALSE(vault.open(sealed + '\0', "totp:1"));
}

TEST_F(ApiVault, unknown_key_opens_nothing) {
    EXPECT_FALSE(Vault(other_key).open(sealed, "totp:1"));
}

TEST_F(ApiVault, previous_key_opens_and_does_not_seal) {
    const Vault rotated(other_key, key);
    EXPECT_EQ(rotated.open(sealed, "totp:1"), "the secret");
    EXPECT_FALSE(vault.open(rotated.seal("the secret", "totp:1"), "totp:1"));
    EXPECT_FALSE(Vault(other_key).open(sealed, "totp:1")) << "once it is dropped";
}

TEST_F(ApiVault, without_a_previous_key_an_empty_name_opens_nothing) {
    EXPECT_FALSE(vault.open('\1' + std::string(8 + 24 + 16, '\0'), ""));
}

TEST_F(ApiVault, key_has_32_bytes) {
    for (const std::size_t size : {0U, 16U, 31U, 33U, 64U})
        EXPECT_THROW(Vault(std::string(size, 'k')), std::invalid_argument) << size;
    EXPECT_THROW(Vault(key, "short"), std::invalid_argument);
}

} // namespace
