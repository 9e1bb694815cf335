// When the people of a company act on the platform.
#pragma once

#include <vector>

#include "synthesis/company.hpp"

namespace auxeira::synthesis {

struct ActionsRequest {
    std::optional<std::uint64_t> seed;
    Uuid org{};
    std::optional<std::int64_t> days;
    std::int64_t as_of = 0;
    std::optional<std::string_view> business_model, trend;
    std::optional<double> variance = 0.2;
};

struct ActionsConfig {
    std::uint64_t seed;
    Uuid org;
    std::int32_t days; // the whole days (UTC) before that of as_of, 1 to 36,500
    std::int64_t as_of;
    std::optional<BusinessModel> business_model;
    Trend trend;
    double variance;
};

ActionsConfig check(const ActionsRequest& request);

constexpr std::int64_t most_actions_a_day = 12;

// The days one by one, oldest first. Counts are over-dispersed and lower on weekends.
class Actions {
public:
    explicit Actions(const ActionsConfig& config);

    // The times of the next day in order; false after the last day.
    bool next_day(std::vector<std::int64_t>& times);

private:
    Fixed log_mean() noexcept;

    ActionsConfig config_;
    Stream stream_;
    Fixed level_, weekend_, slope_;
    std::int32_t day_ = 0;
    Fixed noise_ = 0;
};

} // namespace auxeira::synthesis
