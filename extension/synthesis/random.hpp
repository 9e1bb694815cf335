// Random numbers that are a function of a key and a position, so that any value of any stream can be had
// without those before it, and adding a stream never moves another.
#pragma once

#include <string_view>

#include "synthesis/fixed_point.hpp"

namespace auxeira::synthesis {

using Block = std::array<std::uint32_t, 4>;

// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC11).
constexpr Block philox(Block counter, std::uint64_t key) noexcept {
    auto low = static_cast<std::uint32_t>(key);
    auto high = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
        const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
        counter = {
            static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ low, static_cast<std::uint32_t>(second),
            static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ high, static_cast<std::uint32_t>(first)};
        low += 0x9E3779B9;
        high += 0xBB67AE85;
    }
    return counter;
}

// What a block of a stream is for; part of the counter, so that the uses never share numbers.
enum class Purpose : std::uint32_t { noise, level, regimes, event, identifier };

constexpr Block random_block(std::uint64_t key, Purpose purpose, std::uint64_t position) noexcept {
    return philox({static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32),
                   static_cast<std::uint32_t>(purpose), 0},
                  key);
}

// Folds what names a stream into its key. Each step is a bijection of the 64 bits (the finaliser of
// SplitMix64), so two streams that differ in one number only never share a key.
class KeyBuilder {
public:
    KeyBuilder& add(std::uint64_t number) noexcept;
    KeyBuilder& add(std::string_view text) noexcept; // its length, then eight bytes at a time
    std::uint64_t key() const noexcept { return state_; }

private:
    std::uint64_t state_ = 0;
};

// Quantiles of the standard normal distribution times 2^40, at the probabilities (64 + j) 2^(k-32) for
// j < 64 in 25 octaves k, from 2^-26 to 1/2.
extern const std::array<std::int64_t, 25 * 64 + 1> normal_quantiles;

// A standard normal number from 32 random bits: the inverse of the distribution function, linear between
// quantiles that stand closer the further out they are (error below 2e-5); symmetric, cut at 5.5.
inline Fixed normal(std::uint32_t bits) noexcept {
    const std::uint32_t half = bits & 0x7FFFFFFF;
    const std::uint32_t tail = half < 64 ? 64 : half;
    const int octave = static_cast<int>(std::bit_width(tail)) - 7;
    const auto knot = static_cast<std::size_t>(octave * 64) + ((tail >> octave) & 63);
    const std::int64_t within = 2 * (tail & ((std::uint32_t{1} << octave) - 1)) + 1;
    const std::int64_t step = normal_quantiles[knot + 1] - normal_quantiles[knot];
    const std::int64_t quantile = normal_quantiles[knot] + ((step * within) >> (octave + 1));
    const Fixed number = quantile << (fraction_bits - 40);
    return (bits >> 31) != 0 ? number : -number;
}

// The standard normal number that the share 0 to 1 of all lies below; cut as the others are.
inline Fixed normal_quantile(Fixed share) noexcept {
    const auto place = static_cast<std::uint64_t>(share) >> (fraction_bits - 32);
    const auto bits = static_cast<std::uint32_t>(place >> 32 != 0 ? 0xFFFFFFFF : place);
    return normal(bits >> 31 != 0 ? ~bits : bits | 0x80000000);
}

// A number of variance 1 from a mixture of two normal distributions: one in 32 is three times as far out.
// Which of the two is in the lowest bits, which count for nothing in the size but far out in the tails.
inline Fixed heavy_normal(std::uint32_t bits) noexcept {
    constexpr Fixed usual = to_fixed(0.894427190999915879); // 1 / sqrt(1 + 8 / 32)
    const Fixed number = multiply(normal(bits), usual);
    return (bits & 31) == 0 ? 3 * number : number;
}

// A uniform number in [0, 1).
constexpr Fixed uniform(std::uint32_t bits) noexcept {
    return static_cast<Fixed>(bits) << (fraction_bits - 32);
}

} // namespace auxeira::synthesis
