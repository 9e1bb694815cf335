#include "synthesis/fixed_point.hpp"

namespace auxeira::synthesis {

namespace {

constexpr std::uint64_t integer_root(UnsignedWide value) noexcept {
    std::uint64_t root = 0;
    for (int bit = 63; bit >= 0; --bit) {
        const std::uint64_t candidate = root | (std::uint64_t{1} << bit);
        if (static_cast<UnsignedWide>(candidate) * candidate <= value) root = candidate;
    }
    return root;
}

// One bit of the fraction for each squaring of the mantissa, which is kept in [1, 2) times 2^62.
constexpr Fixed logarithm(std::int64_t value) noexcept {
    const int whole = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value))) - 1;
    auto mantissa = static_cast<std::uint64_t>(value) << (62 - whole);
    Fixed result = whole;
    for (int bit = 0; bit < fraction_bits; ++bit) {
        mantissa = static_cast<std::uint64_t>((static_cast<UnsignedWide>(mantissa) * mantissa) >> 62);
        const auto carry = static_cast<unsigned>(mantissa >> 63);
        mantissa >>= carry;
        result = result * 2 + static_cast<Fixed>(carry);
    }
    return result;
}

// 2^(j/256) is the product of the roots 2^(1/2), 2^(1/4), ... that the bits of j name.
constexpr std::array<std::int64_t, 256> make_powers_of_two() noexcept {
    std::array<std::uint64_t, 8> roots{};
    std::uint64_t root = std::uint64_t{2} << 61;
    for (std::uint64_t& each : roots)
        each = root = integer_root(static_cast<UnsignedWide>(root) << 61);
    std::array<std::int64_t, 256> powers{};
    for (std::size_t j = 0; j < powers.size(); ++j) {
        UnsignedWide product = UnsignedWide{1} << 61;
        for (std::size_t bit = 0; bit < roots.size(); ++bit)
            if ((j & (std::size_t{128} >> bit)) != 0) product = (product * roots[bit]) >> 61;
        powers[j] = static_cast<std::int64_t>(product);
    }
    return powers;
}

constexpr std::array<std::int64_t, 256> made_powers = make_powers_of_two();

constexpr std::array<Fixed, 257> make_softplus_knots() noexcept {
    std::array<Fixed, 257> knots{};
    for (std::size_t j = 0; j < knots.size(); ++j) {
        const std::size_t sixteenths = (16 - j % 16) % 16;
        const std::size_t whole = (j + 15) / 16;
        const std::int64_t power = made_powers[sixteenths * 16] >> (61 - fraction_bits + whole);
        knots[j] = logarithm(one + power) - fraction_bits * one;
    }
    return knots;
}

} // namespace

std::uint64_t square_root(UnsignedWide value) noexcept {
    return integer_root(value);
}

Fixed log2(std::int64_t value) noexcept {
    return logarithm(value);
}

constinit const std::array<std::int64_t, 256> powers_of_two = made_powers;
constinit const std::array<Fixed, 257> softplus_knots = make_softplus_knots();

} // namespace auxeira::synthesis
