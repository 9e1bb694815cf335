// The form of API keys, and what is made of one.
#include "api_key.hpp"
#include "encoding.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::api_key_identity;

const std::string secret(43, 's');

TEST(ApiKey, is_known_by_its_hash) {
    const std::string key = "ak_0123abcD_" + secret;
    const auto identity = api_key_identity(key);
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->key_hash, auxeira::api::hex(auxeira::api::sha256(key)));
    EXPECT_EQ(identity->key_hash.size(), 64U);
    EXPECT_EQ(identity->key_prefix, "ak_0123abcD") << "the part that may be shown";
    EXPECT_EQ(identity->user, "");
    EXPECT_EQ(identity->session, "");
}

TEST(ApiKey, lengths) {
    for (const std::size_t length : {8U, 16U})
        EXPECT_TRUE(api_key_identity("ak_" + std::string(length, 'p') + "_" + secret)) << length;
    for (const std::size_t length : {0U, 7U, 17U})
        EXPECT_FALSE(api_key_identity("ak_" + std::string(length, 'p') + "_" + secret)) << length;
    for (const std::size_t length : {43U, 64U})
        EXPECT_TRUE(api_key_identity("ak_abcdefgh_" + std::string(length, 's'))) << length;
    for (const std::size_t length : {0U, 42U, 65U, 8000U})
        EXPECT_FALSE(api_key_identity("ak_abcdefgh_" + std::string(length, 's'))) << length;
}

TEST(ApiKey, characters) {
    EXPECT_TRUE(api_key_identity("ak_abcdefgh_" + std::string(41, '_') + "-A"));
    for (const char* wrong : {"+", "/", "=", " ", "\n", ".", "\xC3\xA9", "'", "%"}) {
        EXPECT_FALSE(api_key_identity("ak_abcdefgh_" + secret + wrong)) << wrong;
        EXPECT_FALSE(api_key_identity(std::string("ak_abcdefg") + wrong + "_" + secret)) << wrong;
    }
    EXPECT_FALSE(api_key_identity("ak_abcdefg-_" + secret));
}

TEST(ApiKey, other_forms) {
    for (const std::string& text :
         {std::string(), std::string("ak_"), std::string("ak__"), "AK_abcdefgh_" + secret,
          "ak-abcdefgh-" + secret, " ak_abcdefgh_" + secret, "rt_abcdefgh_" + secret, "ak_abcdefgh" + secret,
          "ak_abcdefgh." + secret})
        EXPECT_FALSE(api_key_identity(text)) << text;
}

} // namespace
