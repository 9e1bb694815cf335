#include "synthesis/random.hpp"

namespace auxeira::synthesis {

namespace {

// The functions below run in the compiler only, which computes in plain IEEE double; their results are
// rounded to 2^-40.

// Newton's iteration from above, until it no longer falls.
constexpr double root(double value) {
    double guess = value > 1 ? value : 1;
    while (true) {
        const double next = (guess + value / guess) / 2;
        if (next >= guess) return guess;
        guess = next;
    }
}

// ln(value) for 0 < value <= 1: halvings, then the series of 2 atanh((x - 1) / (x + 1)).
constexpr double logarithm(double value) {
    constexpr double ln2 = 0.693147180559945309417232;
    int halvings = 0;
    while (value < 0.75) {
        value *= 2;
        ++halvings;
    }
    const double ratio = (value - 1) / (value + 1);
    double sum = 0;
    double power = ratio;
    for (int term = 1; term < 24; term += 2) {
        sum += power / term;
        power *= ratio * ratio;
    }
    return 2 * sum - halvings * ln2;
}

using Coefficients = std::array<double, 8>;

constexpr double polynomial(const Coefficients& coefficients, double x) {
    double sum = 0;
    for (std::size_t j = coefficients.size(); j-- > 0;)
        sum = sum * x + coefficients[j];
    return sum;
}

// Numerators and denominators in the middle of the distribution, beside it and at its end.
constexpr Coefficients middle_above{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                    1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                    3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr Coefficients middle_below{1.0,
                                    4.2313330701600911252e1,
                                    6.8718700749205790830e2,
                                    5.3941960214247511077e3,
                                    2.1213794301586595867e4,
                                    3.9307895800092710610e4,
                                    2.8729085735721942674e4,
                                    5.2264952788528545610e3};
constexpr Coefficients side_above{1.42343711074968357734e0,  4.63033784615654529590e0,
                                  5.76949722146069140550e0,  3.64784832476320460504e0,
                                  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr Coefficients side_below{1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
constexpr Coefficients end_above{6.65790464350110377720e0,  5.46378491116411436990e0,
                                 1.78482653991729133580e0,  2.96560571828504891230e-1,
                                 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr Coefficients end_below{1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

// The normal quantile of 0 < p <= 1/2. Wichura, "Algorithm AS 241: The Percentage Points of the Normal
// Distribution", Applied Statistics 37 (1988), PPND16; relative error about 1e-16.
constexpr double quantile(double p) {
    const double q = p - 0.5;
    if (q >= -0.425)
        return q * polynomial(middle_above, 0.180625 - q * q) / polynomial(middle_below, 0.180625 - q * q);
    const double r = root(-logarithm(p));
    if (r <= 5) return -polynomial(side_above, r - 1.6) / polynomial(side_below, r - 1.6);
    return -polynomial(end_above, r - 5) / polynomial(end_below, r - 5);
}

constexpr auto make_normal_quantiles() {
    std::array<std::int64_t, 25 * 64 + 1> quantiles{};
    for (std::size_t octave = 0; octave < 25; ++octave) {
        for (std::size_t j = 0; j < 64; ++j) {
            const double probability = static_cast<double>((64 + j) << octave) / 4294967296.0;
            const double value = quantile(probability) * 1099511627776.0;
            quantiles[octave * 64 + j] = static_cast<std::int64_t>(value - 0.5);
        }
    }
    return quantiles;
}

constexpr std::uint64_t mix(std::uint64_t bits) noexcept {
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31);
}

} // namespace

constinit const std::array<std::int64_t, 25 * 64 + 1> normal_quantiles = make_normal_quantiles();

KeyBuilder& KeyBuilder::add(std::uint64_t number) noexcept {
    state_ = mix((state_ ^ number) + 0x9E3779B97F4A7C15);
    return *this;
}

KeyBuilder& KeyBuilder::add(std::string_view text) noexcept {
    add(text.size());
    for (std::size_t start = 0; start < text.size(); start += 8) {
        std::uint64_t word = 0;
        for (std::size_t j = start; j < text.size() && j < start + 8; ++j) {
            word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[j])) << (8 * (j - start));
        }
        add(word);
    }
    return *this;
}

} // namespace auxeira::synthesis
