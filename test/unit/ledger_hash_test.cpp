// SHA-256, HMAC and Ed25519: the answers that their standards give; leaves and secret digests: the vectors.
#include <gtest/gtest.h>

#include "ledger/encoding.hpp"
#include "ledger/leaf.hpp"
#include "ledger/sha256.hpp"
#include "ledger_vectors.hpp"

namespace auxeira::ledger {
namespace {

TEST(LedgerHash, FIPS_180_4) {
    EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256(bytes_of("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex(sha256(Bytes(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(LedgerHash, PartsMakeTheSameAsTheWholeAndAHasherStartsAgain) {
    Sha256 hasher;
    for (int round = 0; round < 3; ++round)
        EXPECT_EQ(hasher.add(bytes_of("a")).add({}).add(bytes_of("bc")).finish(), sha256(bytes_of("abc")));
}

TEST(LedgerHash, HmacOfRfc4231) {
    EXPECT_EQ(hex(hmac_sha256(Bytes(20, 0x0b), bytes_of("Hi There"))),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(hmac_sha256(Bytes(131, 0xaa),
                              bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(LedgerHash, SecretDigest) {
    const json& vector = vectors()["digest"];
    EXPECT_EQ(secret_digest(bytes(vector["key"]), bytes(vector["value"])), fixed<Hash>(vector["digest"]));
}

TEST(LedgerHash, Leaves) {
    for (const json& vector : vectors()["leaves"]) {
        const auto row = row_of(vector["row"]);
        EXPECT_EQ(leaf_hash(fixed<Salt>(vector["salt"]), bytes(vector["metadata"]), view(row)),
                  fixed<Hash>(vector["leaf"]));
    }
}

TEST(LedgerHash, NoRowIsNotAnEmptyRowAndTheBorderToTheMetadataIsPartOfTheLeaf) {
    const Salt salt{1};
    EXPECT_NE(leaf_hash(salt, bytes_of("m"), std::nullopt), leaf_hash(salt, bytes_of("m"), ByteView{}));
    EXPECT_NE(leaf_hash(salt, bytes_of("m\1"), bytes_of("r")),
              leaf_hash(salt, bytes_of("m"), bytes_of("\1r")));
    EXPECT_NE(leaf_hash(salt, bytes_of("m"), bytes_of("r")),
              leaf_hash(Salt{2}, bytes_of("m"), bytes_of("r")));
}

struct SignatureRow {
    const char *seed, *public_key, *message, *signature;
};

// RFC 8032, 7.1: tests 1 to 3.
constexpr SignatureRow signatures[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(LedgerSignature, RFC_8032) {
    for (const SignatureRow& row : signatures) {
        const SigningKey key(text_of(bytes(row.seed)));
        const Bytes message = bytes(row.message);
        EXPECT_EQ(hex(key.public_key()), row.public_key);
        EXPECT_EQ(hex(key.sign(text_of(message))), row.signature);
        EXPECT_TRUE(verify_signature(key.public_key(), text_of(message), key.sign(text_of(message))));
    }
}

TEST(LedgerSignature, AnyOtherBitIsRefused) {
    const SigningKey key(text_of(bytes(signatures[2].seed)));
    const Signature signature = key.sign("message");
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
        Signature other = signature;
        flip(other, bit);
        EXPECT_FALSE(verify_signature(key.public_key(), "message", other)) << bit;
    }
    EXPECT_FALSE(verify_signature(key.public_key(), "messagf", signature));
    EXPECT_FALSE(verify_signature(fixed<PublicKey>(signatures[1].public_key), "message", signature));
}

constexpr std::string_view pem = "-----BEGIN PRIVATE KEY-----\n"
                                 "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                 "-----END PRIVATE KEY-----\n";
constexpr std::string_view public_pem = "-----BEGIN PUBLIC KEY-----\n"
                                        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                                        "-----END PUBLIC KEY-----\n";

TEST(LedgerSignature, KeysAreReadFromPemAndFromBytes) {
    const PublicKey expected = fixed<PublicKey>(signatures[0].public_key);
    EXPECT_EQ(SigningKey(pem).public_key(), expected);
    EXPECT_EQ(read_public_key(public_pem), expected);
    EXPECT_EQ(read_public_key(text_of(expected)), expected);
    EXPECT_EQ(read_public_key(hex(expected) + "\n"), expected);
    EXPECT_EQ(key_id(expected), vectors()["key"]["id"]);
}

TEST(LedgerSignature, WhatIsNoKeyIsRefused) {
    for (const std::string content :
         {"", "short", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
          "0123456789abcdef"}) {
        EXPECT_TRUE(refused([&] { SigningKey key(content); })) << content;
        EXPECT_TRUE(refused([&] { read_public_key(content); })) << content;
    }
    EXPECT_TRUE(refused([] { SigningKey key(public_pem); }));
    EXPECT_TRUE(refused([] { read_public_key(pem); }));
}

} // namespace
} // namespace auxeira::ledger
