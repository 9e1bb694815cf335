// Fixed-point functions against the C library, and random numbers against published answers.
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "synthesis/random.hpp"

namespace auxeira::synthesis {
namespace {

double plain(Fixed value) {
    return std::ldexp(static_cast<double>(value), -fraction_bits);
}

TEST(FixedPoint, exp2_is_right_to_eleven_digits) {
    for (double x = 36; x < 62; x += 0.00731) {
        const Fixed exponent = to_fixed(x);
        ASSERT_NEAR(static_cast<double>(exp2(exponent)) / std::exp2(plain(exponent)), 1, 1e-11) << x;
    }
}

TEST(FixedPoint, exp2_rounds_to_the_nearest_integer) {
    for (double x = -3; x < 20; x += 0.00073) {
        const Fixed exponent = to_fixed(x);
        ASSERT_NEAR(static_cast<double>(exp2(exponent)), std::exp2(plain(exponent)), 0.5 + 1e-5) << x;
    }
    EXPECT_EQ(exp2(10 * one), 1024);
    EXPECT_EQ(exp2(-20 * one), 0);
    EXPECT_EQ(exp2(62 * one), (std::int64_t{1} << 62) - 1);
    EXPECT_EQ(exp2(std::numeric_limits<Fixed>::max()), (std::int64_t{1} << 62) - 1);
}

TEST(FixedPoint, log2_is_right_to_the_last_bits) {
    for (std::int64_t value = 1; value < 5'000'000'000'000; value += 1 + value / 50) {
        ASSERT_NEAR(plain(log2(value)), std::log2(static_cast<double>(value)), 1e-13) << value;
    }
    EXPECT_EQ(log2(std::int64_t{1} << 40), 40 * one);
}

TEST(FixedPoint, square_root_is_the_floor) {
    for (const std::uint64_t root : {0ULL, 1ULL, 2ULL, 46341ULL, 4294967295ULL, 18446744073709551615ULL}) {
        const UnsignedWide square = static_cast<UnsignedWide>(root) * root;
        EXPECT_EQ(square_root(square), root);
        EXPECT_EQ(square_root(square + root), root);
        if (root > 0) {
            EXPECT_EQ(square_root(square - 1), root - 1);
        }
    }
}

TEST(FixedPoint, a_softened_path_stays_below_its_ceiling) {
    for (double x = -4; x < 6; x += 0.0037) {
        const double expected = x - std::log2(1 + std::exp2(16 * (x - 1))) / 16;
        ASSERT_NEAR(plain(soften(to_fixed(x), one)), expected, 1e-5) << x;
        ASSERT_LE(soften(to_fixed(x), one), one) << x;
    }
}

// The test vectors that are published with Random123 (kat_vectors, philox4x32 10).
TEST(Random, philox_gives_the_published_answers) {
    EXPECT_EQ(philox({0, 0, 0, 0}, 0), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff),
              (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822),
              (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Every 1009th of the 2^32 inputs: the probability below the number must be the one it was made from.
TEST(Random, normal_inverts_the_normal_distribution) {
    for (std::uint64_t bits = 0; bits < (1ULL << 32); bits += 1009) {
        const double z = plain(normal(static_cast<std::uint32_t>(bits)));
        const double tail = (static_cast<double>(bits & 0x7FFFFFFF) + 0.5) / 4294967296.0;
        if (tail < 65 / 4294967296.0) continue; // where it is cut
        const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
        ASSERT_NEAR((std::erfc(std::abs(z) / std::sqrt(2)) / 2 - tail) / density, 0, 2e-5) << bits;
    }
}

TEST(Random, normal_is_symmetric_and_cut) {
    for (std::uint32_t bits = 0; bits < 0x80000000 - 7919; bits += 7919) {
        ASSERT_EQ(normal(bits), -normal(bits | 0x80000000));
    }
    EXPECT_NEAR(plain(normal(0)), 5.54, 0.01);
}

TEST(Random, normal_numbers_of_a_stream_have_the_right_moments) {
    double sums[4] = {};
    constexpr int blocks = 50'000;
    for (std::uint64_t position = 0; position < blocks; ++position) {
        for (const std::uint32_t bits : random_block(7, Purpose::noise, position)) {
            const double z = plain(normal(bits));
            for (int power = 0; power < 4; ++power)
                sums[power] += std::pow(z, power + 1);
        }
    }
    EXPECT_NEAR(sums[0] / (4 * blocks), 0, 0.01);
    EXPECT_NEAR(sums[1] / (4 * blocks), 1, 0.015);
    EXPECT_NEAR(sums[2] / (4 * blocks), 0, 0.03);
    EXPECT_NEAR(sums[3] / (4 * blocks), 3, 0.1);
}

TEST(Random, keys_differ_in_every_part) {
    const auto key = [](std::uint64_t seed, std::string_view name) {
        return KeyBuilder().add(seed).add(name).key();
    };
    std::set<std::uint64_t> keys;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        for (const std::string_view name : {"", "a", "b", "revenue", "revenues", "aaaaaaaa", "aaaaaaaab"}) {
            keys.insert(key(seed, name));
            keys.insert(key(seed << 32, name));
        }
    }
    EXPECT_EQ(keys.size(), 1999 * 7u);
    EXPECT_NE(KeyBuilder().add("ab").add("c").key(), KeyBuilder().add("a").add("bc").key());
    EXPECT_NE(KeyBuilder().add("a").key(), KeyBuilder().add(std::string_view("a\0", 2)).key());
}

TEST(Random, purposes_and_positions_do_not_share_numbers) {
    std::set<Block> blocks;
    for (std::uint64_t position = 0; position < 1000; ++position) {
        for (const Purpose purpose :
             {Purpose::noise, Purpose::level, Purpose::regimes, Purpose::event, Purpose::identifier}) {
            blocks.insert(random_block(3, purpose, position));
            blocks.insert(random_block(3, purpose, (position + 1) << 32));
        }
    }
    EXPECT_EQ(blocks.size(), 10'000u);
}

} // namespace
} // namespace auxeira::synthesis
