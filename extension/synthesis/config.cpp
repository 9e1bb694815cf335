#include "synthesis/config.hpp"

#include "synthesis/reader.hpp"

namespace auxeira::synthesis {

namespace {

constexpr std::int64_t greatest_count = 1'000'000;
constexpr std::int64_t greatest_range = 36'500;

std::vector<std::string_view> user_type_names() {
    std::vector<std::string_view> names;
    for (const Dashboard& each : catalogue())
        names.push_back(each.name);
    return names;
}

Disturbance read_disturbance(Reader& reader, const Request& request) {
    constexpr double most_shocks = 10;
    return {reader.fraction("missing_rate", request.missing_rate),
            reader.fraction("late_rate", request.late_rate),
            reader.fraction("restatement_rate", request.restatement_rate),
            reader.fraction("shock_rate", request.shock_rate, most_shocks)};
}

} // namespace

Config check(const Request& request) {
    constexpr std::array<std::string_view, 1> data_types = {"metrics"};
    Reader reader;
    Config config{};
    config.user_type =
        static_cast<UserType>(reader.choice("user_type", request.user_type, user_type_names()));
    reader.choice("data_type", request.data_type, data_types);
    config.count = static_cast<std::int32_t>(reader.whole("count", request.count, greatest_count));
    config.time_range_days =
        static_cast<std::int32_t>(reader.whole("time_range_days", request.time_range_days, greatest_range));
    config.variance = reader.fraction("variance", request.variance);
    config.trend = static_cast<Trend>(reader.choice("trend", request.trend, trend_names));
    reader.window(request.as_of, config.time_range_days);
    config.profile =
        read_profile(reader, request.stage, request.industry, request.region, request.business_model);
    config.disturbance = read_disturbance(reader, request);
    reader.finish("See auxeira.synthetic_catalogue() for the user types and their metrics.");
    config.seed = request.seed;
    config.as_of = request.as_of;
    config.org = request.org;
    return config;
}

std::string_view name_of(Trend trend) noexcept {
    return trend_names[static_cast<std::size_t>(trend)];
}

} // namespace auxeira::synthesis
