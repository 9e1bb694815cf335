// Limits of rates: how much, how soon again, and how little is remembered of how many.
#include "client_address.hpp"
#include "token_buckets.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <atomic>
#include <thread>

namespace {

using auxeira::api::Limit;
using auxeira::api::limit_of;
using auxeira::api::network_of;
using auxeira::api::TokenBuckets;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ApiTokenBuckets : public testing::Test {
protected:
    ApiTokenBuckets() { EXPECT_GE(sodium_init(), 0); }

    // How many of so many tries are allowed.
    int allowed(TokenBuckets& buckets, std::string_view key, int tries, TokenBuckets::Time when) const {
        int count = 0;
        for (int i = 0; i < tries; ++i)
            count += buckets.take(key, 1, when).is_allowed ? 1 : 0;
        return count;
    }

    const TokenBuckets::Time now = TokenBuckets::Time(seconds(1'000'000));
};

TEST_F(ApiTokenBuckets, the_quota_at_once_and_then_as_it_refills) {
    TokenBuckets buckets({10, 5});
    EXPECT_EQ(allowed(buckets, "a", 100, now), 10);
    EXPECT_EQ(allowed(buckets, "a", 100, now + milliseconds(499)), 0);
    EXPECT_EQ(allowed(buckets, "a", 100, now + milliseconds(500)), 1);
    EXPECT_EQ(allowed(buckets, "a", 100, now + milliseconds(2500)), 4);
    EXPECT_EQ(allowed(buckets, "a", 100, now + seconds(3600)), 10) << "never more than the quota";
}

TEST_F(ApiTokenBuckets, over_any_time_no_more_than_quota_and_refill) {
    TokenBuckets buckets({60, 60});
    int count = 0;
    for (int tick = 0; tick < 6000; ++tick)
        count += allowed(buckets, "a", 3, now + milliseconds(100 * tick));
    EXPECT_EQ(count, 60 + 599);
}

TEST_F(ApiTokenBuckets, says_what_is_left_and_when_to_come_back) {
    TokenBuckets buckets({4, 8});
    auto verdict = buckets.take("a", 1, now);
    EXPECT_EQ(verdict.remaining, 3U);
    EXPECT_EQ(verdict.full_in, 2U);
    EXPECT_EQ(allowed(buckets, "a", 3, now), 3);
    verdict = buckets.take("a", 1, now);
    EXPECT_FALSE(verdict.is_allowed);
    EXPECT_EQ(verdict.remaining, 0U);
    EXPECT_EQ(verdict.full_in, 8U);
    EXPECT_EQ(verdict.retry_after, 2U);
    EXPECT_TRUE(buckets.take("a", 1, now + seconds(verdict.retry_after)).is_allowed) << "and means it";
    EXPECT_EQ(buckets.take("a", 1, now + milliseconds(3900)).retry_after, 1U) << "never 0";
}

TEST_F(ApiTokenBuckets, what_is_refused_takes_nothing) {
    TokenBuckets buckets({2, 2});
    EXPECT_EQ(allowed(buckets, "a", 1000, now), 2);
    EXPECT_EQ(allowed(buckets, "a", 1000, now + seconds(2)), 2);
}

TEST_F(ApiTokenBuckets, keys_are_apart) {
    TokenBuckets buckets({1, 60});
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(allowed(buckets, "key " + std::to_string(i), 2, now), 1) << i;
}

TEST_F(ApiTokenBuckets, costs_differ) {
    TokenBuckets buckets({10, 10});
    EXPECT_EQ(buckets.take("a", 7, now).remaining, 3U);
    EXPECT_FALSE(buckets.take("a", 4, now).is_allowed);
    EXPECT_TRUE(buckets.take("a", 3, now).is_allowed);
    EXPECT_TRUE(buckets.take("b", 1000, now).is_allowed) << "what costs more than there ever is costs all";
    EXPECT_EQ(buckets.take("b", 1, now).remaining, 0U);
}

TEST_F(ApiTokenBuckets, no_limit_is_none) {
    TokenBuckets buckets({0, 0});
    EXPECT_EQ(allowed(buckets, "a", 1000, now), 1000);
}

TEST_F(ApiTokenBuckets, a_new_limit_counts_at_once) {
    TokenBuckets buckets({1, 60});
    EXPECT_EQ(allowed(buckets, "a", 10, now), 1);
    buckets.set({100, 60});
    EXPECT_EQ(allowed(buckets, "a", 10, now + seconds(1)), 1) << "what is missing refills faster";
    EXPECT_EQ(allowed(buckets, "b", 1000, now), 100);
    buckets.set({0, 0});
    EXPECT_EQ(allowed(buckets, "b", 1000, now), 1000);
}

// Of those that are in debt most, none is forgotten for the sake of as many others as there are.
TEST_F(ApiTokenBuckets, many_others_clear_no_debt) {
    TokenBuckets buckets({100, 60});
    EXPECT_EQ(allowed(buckets, "debtor", 1000, now), 100);
    for (std::size_t i = 0; i < 10 * TokenBuckets::capacity; ++i)
        buckets.take("other " + std::to_string(i), 1, now);
    EXPECT_EQ(allowed(buckets, "debtor", 1000, now), 0);
}

TEST_F(ApiTokenBuckets, threads_share_a_bucket) {
    TokenBuckets buckets({1000, 60});
    std::atomic<int> count{0};
    const auto take = [&] { count += allowed(buckets, "a", 5000, now); };
    std::thread other(take);
    take();
    other.join();
    EXPECT_EQ(count, 1000);
}

TEST_F(ApiTokenBuckets, limits_are_written_in_one_way) {
    EXPECT_EQ(limit_of("3000/60"), (Limit{3000, 60}));
    EXPECT_EQ(limit_of("1/1"), (Limit{1, 1}));
    EXPECT_EQ(limit_of("off"), (Limit{0, 0}));
    for (const char* text : {"", "/", "60", "0/60", "60/0", "-1/60", "60/", "/60", "60/60/60", " 60/60",
                             "60/60 ", "6e1/60", "1000001/60", "1/86401", "99999999999/1", "OFF", "none"})
        EXPECT_FALSE(limit_of(text)) << text;
}

TEST_F(ApiTokenBuckets, a_client_is_an_address_or_64_bits_of_one) {
    EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
    EXPECT_EQ(network_of("192.0.2.1"), network_of("::ffff:192.0.2.1"));
    EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
    EXPECT_EQ(network_of("what is none"), "what is none");
}

} // namespace
