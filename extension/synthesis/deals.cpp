#include "synthesis/deals.hpp"

#include <algorithm>

namespace auxeira::synthesis {

namespace {

// Up to which multiple a holding time of the calibration is meant.
struct Bucket {
    std::int64_t below;
    std::string_view name;
};

constexpr Bucket buckets[] = {{10'000, "below_1"},
                              {50'000, "1_to_5"},
                              {100'000, "5_to_10"},
                              {300'000, "10_to_30"},
                              {std::numeric_limits<std::int64_t>::max(), "above_30"}};

double constant(Investor investor, std::string_view parameter) noexcept {
    return calibrated("deal", investor_names[static_cast<std::size_t>(investor)], parameter);
}

// Of a deal that is no total loss.
std::int64_t multiple_of(Investor investor, Fixed normal) noexcept {
    const Fixed log = to_fixed(constant(investor, "multiple_mean")) +
                      multiply(to_fixed(constant(investor, "multiple_spread")), normal);
    return exp2(multiply(log, log2_e) + log2(10'000));
}

std::int64_t draw_multiple(Investor investor, const Stream& stream) noexcept {
    const bool is_lost = stream.uniform(0) < to_fixed(constant(investor, "total_loss"));
    return is_lost ? 0 : multiple_of(investor, stream.normal(1));
}

// Log-normal around the mean of its bucket.
std::int64_t draw_holding(std::int64_t multiple, const Stream& stream) noexcept {
    const auto bucket =
        std::ranges::find_if(buckets, [multiple](const Bucket& each) { return multiple < each.below; });
    const Fixed spread = to_fixed(calibrated("holding", "all", "spread"));
    const Fixed log = multiply(spread, stream.normal(2)) - multiply(spread, spread) / 2;
    const Fixed mean = log2_of(100 * calibrated("holding", bucket->name, "mean"));
    return std::max<std::int64_t>(exp2(mean + multiply(log, log2_e)), 25);
}

} // namespace

Deal draw_deal(Investor investor, std::uint64_t seed, std::string_view name) noexcept {
    const Stream stream(KeyBuilder().add("deal").add(seed).add(name).key());
    const std::int64_t multiple = draw_multiple(investor, stream);
    return {multiple, draw_holding(multiple, stream)};
}

std::int64_t multiple_at(Investor investor, double share) noexcept {
    const Fixed lost = to_fixed(constant(investor, "total_loss"));
    const Fixed above = to_fixed(share) - lost;
    return above <= 0 ? 0 : multiple_of(investor, normal_quantile(divide(above, one - lost)));
}

} // namespace auxeira::synthesis
