// Verdicts that are kept: only good ones, only until the token expires, only so many.
#include "encoding.hpp"
#include "verdict_cache.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <atomic>
#include <thread>

namespace {

using auxeira::api::Identity;
using auxeira::api::KeyRing;
using auxeira::api::SigningKey;
using auxeira::api::Tokens;
using auxeira::api::VerdictCache;

constexpr std::int64_t now = 1'800'000'000;
const Identity identity{
    "7323868b-5c5f-4820-880f-166883ae883c", "be057624-d099-48ee-b1af-e866dd8312f6", "", "user", "", 2};

// Its signature is the digest of the message. Counts how often it is asked.
class CountingKey : public SigningKey {
public:
    explicit CountingKey(std::atomic<int>& checks) : checks_(checks) {}

    std::string_view algorithm() const override { return "counting"; }
    const std::string& name() const override { return name_; }
    std::string public_jwk() const override { return {}; }
    std::string sign(std::string_view message) const override { return auxeira::api::sha256(message); }
    bool verify(std::string_view message, std::string_view signature) const override {
        ++checks_;
        return signature == sign(message);
    }

private:
    std::atomic<int>& checks_;
    std::string name_ = "counting";
};

class ApiVerdictCache : public testing::Test {
protected:
    ApiVerdictCache() { EXPECT_GE(sodium_init(), 0); }

    std::string token(std::int64_t lifetime = 900) { return tokens.issue(identity, now, lifetime); }

    std::atomic<int> checks{0};
    Tokens tokens{"auxeira", "auxeira-api", std::make_unique<CountingKey>(checks)};
    VerdictCache verdicts{tokens};
};

TEST_F(ApiVerdictCache, second_look_checks_no_signature) {
    const std::string text = token();
    for (int i = 0; i < 5; ++i) {
        const auto verdict = verdicts.verify(text, now + i);
        ASSERT_TRUE(verdict.identity);
        EXPECT_EQ(verdict.identity->user, identity.user);
        EXPECT_EQ(verdict.identity->session, identity.session);
        EXPECT_EQ(verdict.identity->version, 2);
    }
    EXPECT_EQ(checks, 1);
}

TEST_F(ApiVerdictCache, cached_verdict_dropped_on_exp) {
    const std::string text = token();
    EXPECT_TRUE(verdicts.verify(text, now).identity);
    EXPECT_TRUE(verdicts.verify(text, now + 899).identity);
    EXPECT_FALSE(verdicts.verify(text, now + 900).identity);
    EXPECT_STREQ(verdicts.verify(text, now + 900).fault, "expired");
    EXPECT_FALSE(verdicts.verify(text, now + 100000).identity);
}

TEST_F(ApiVerdictCache, cached_verdict_dropped_on_rotation) {
    const std::string text = token();
    EXPECT_TRUE(verdicts.verify(text, now).identity);
    KeyRing::Keys others;
    others.push_back(std::make_unique<auxeira::api::HmacKey>(std::string(32, 'r')));
    tokens.replace(std::move(others));
    EXPECT_FALSE(verdicts.verify(text, now).identity);
    EXPECT_TRUE(verdicts.verify(token(), now).identity);
}

TEST_F(ApiVerdictCache, refusals_are_never_kept) {
    std::string text = token();
    char& first = text[text.rfind('.') + 1]; // the last one has bits that are of no byte
    first = first == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verdicts.verify(text, now).identity);
    EXPECT_FALSE(verdicts.verify(text, now).identity);
    EXPECT_EQ(checks, 2);
    // Too early today, good tomorrow.
    const std::string early = tokens.issue(identity, now + 1000, 900);
    EXPECT_FALSE(verdicts.verify(early, now).identity);
    EXPECT_TRUE(verdicts.verify(early, now + 1000).identity);
}

TEST_F(ApiVerdictCache, a_token_like_a_cached_one_is_another) {
    const std::string text = token();
    ASSERT_TRUE(verdicts.verify(text, now).identity);
    EXPECT_FALSE(verdicts.verify(text + "=", now).identity);
    EXPECT_FALSE(verdicts.verify(text.substr(0, text.size() - 1), now).identity);
    EXPECT_FALSE(verdicts.verify("", now).identity);
}

TEST_F(ApiVerdictCache, more_tokens_than_places) {
    const std::string lasting = token(100000);
    ASSERT_TRUE(verdicts.verify(lasting, now).identity);
    for (std::size_t i = 0; i < 2 * VerdictCache::capacity; ++i)
        ASSERT_TRUE(verdicts.verify(token(), now).identity);
    const int before = checks;
    EXPECT_TRUE(verdicts.verify(lasting, now).identity);
    EXPECT_EQ(checks, before) << "what expires first makes room";
}

TEST_F(ApiVerdictCache, many_threads) {
    std::vector<std::string> texts;
    for (int i = 0; i < 100; ++i)
        texts.push_back(token());
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 50; ++round)
                for (const std::string& text : texts)
                    if (!verdicts.verify(text, now).identity) ++refused;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(refused, 0);
    EXPECT_LE(checks, 400);
}

} // namespace
