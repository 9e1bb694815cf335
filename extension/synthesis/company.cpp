#include "synthesis/company.hpp"

#include <algorithm>

namespace auxeira::synthesis {

namespace {

// What is drawn, and where in the stream it stands.
enum Position : std::uint64_t { stage, industry, region, business_model, age, lifetime, revenue };

// One of the names, each as likely as its share in the calibration.
template <typename Kind, typename Names>
Kind draw(const Names& names, Fixed uniform) noexcept {
    Fixed left = uniform;
    for (std::size_t j = 0; j + 1 < names.size(); ++j) {
        const auto kind = static_cast<Kind>(j);
        left -= to_fixed(calibrated(kind, "share"));
        if (left < 0) return kind;
    }
    return static_cast<Kind>(names.size() - 1);
}

} // namespace

Fixed closing_chance(Stage of) noexcept {
    return one - power_of_two(log2_of(calibrated(of, "survival")) / 12);
}

Company draw_company(std::uint64_t seed, const Uuid& org, const Profile& profile) noexcept {
    const Stream stream(seed, org, "company");
    Company company{};
    company.stage = profile.stage.value_or(draw<Stage>(stage_names, stream.uniform(stage)));
    company.industry = profile.industry.value_or(draw<Industry>(industry_names, stream.uniform(industry)));
    company.region = profile.region.value_or(draw<Region>(region_names, stream.uniform(region)));
    company.business_model = profile.business_model.value_or(
        draw<BusinessModel>(business_model_names, stream.uniform(business_model)));
    constexpr Fixed age_spread = to_fixed(0.35 * 1.44269504088896341);
    const Fixed log_age =
        log2_of(calibrated(company.stage, "age")) + multiply(age_spread, stream.normal(age));
    company.founded_months_ago = static_cast<std::int32_t>(std::max<std::int64_t>(exp2(log_age), 3));
    const std::int64_t life = geometric(closing_chance(company.stage), stream.bits(lifetime));
    if (life <= company.founded_months_ago) company.lifetime_months = static_cast<std::int32_t>(life);
    company.pre_revenue = stream.uniform(revenue) < to_fixed(calibrated(company.stage, "pre_revenue"));
    return company;
}

} // namespace auxeira::synthesis
