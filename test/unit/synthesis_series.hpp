// Whole series in memory and plain statistics on them, for the tests of synthesis.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "synthesis/generator.hpp"

namespace auxeira::synthesis {

inline constexpr std::int64_t new_year_2026 = 1'767'225'600'000'000;

// 30 points over 30 days up to 2026-01-01, variance 0.2, stable, seed 42.
inline Config sample_config(UserType user_type = UserType::startup_founder) {
    return {user_type, 30, 30, 0.2, Trend::stable, 42, new_year_2026, {}};
}

struct Series {
    const Dashboard& dashboard;
    Trend trend;
    std::vector<Uuid> ids;
    std::vector<std::int64_t> timestamps;
    std::vector<std::vector<std::int64_t>> columns; // scaled values, one vector for each metric

    explicit Series(const Config& config)
        : dashboard(synthesis::dashboard(config.user_type)), trend(config.trend),
          columns(dashboard.metrics.size()) {
        Generator generator(config);
        for (Point point; generator.next(point);) {
            ids.push_back(point.id);
            timestamps.push_back(point.timestamp);
            for (std::size_t j = 0; j < columns.size(); ++j)
                columns[j].push_back(point.values[j]);
        }
    }

    const std::vector<std::int64_t>& operator[](std::string_view name) const {
        for (std::size_t j = 0; j < columns.size(); ++j) {
            if (dashboard.metrics[j].name == name) return columns[j];
        }
        throw std::invalid_argument(std::string(name));
    }

    // The values of a metric in its unit.
    std::vector<double> values(std::size_t column) const {
        const double unit = std::pow(10, dashboard.metrics[column].decimals);
        std::vector<double> result;
        for (const std::int64_t value : columns[column]) {
            result.push_back(static_cast<double>(value) / unit);
        }
        return result;
    }
};

inline double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The value that `share` of the values are below.
inline double quantile(std::vector<double> values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

inline double median(const std::vector<double>& values) {
    return quantile(values, 0.5);
}

// Least squares of ln(value) on the position in the window.
struct LogLine {
    double slope;
    std::vector<double> residuals;
    double spread; // root mean square of the residuals

    explicit LogLine(const std::vector<double>& values) {
        const std::size_t n = values.size();
        std::vector<double> logs, positions;
        for (std::size_t j = 0; j < n; ++j) {
            logs.push_back(std::log(values[j]));
            positions.push_back(static_cast<double>(j) / static_cast<double>(n - 1) - 0.5);
        }
        const double centre = mean(logs);
        const double moment = std::inner_product(positions.begin(), positions.end(), positions.begin(), 0.0);
        slope = std::inner_product(positions.begin(), positions.end(), logs.begin(), 0.0) / moment;
        double squares = 0;
        for (std::size_t j = 0; j < n; ++j) {
            residuals.push_back(logs[j] - centre - slope * positions[j]);
            squares += residuals[j] * residuals[j];
        }
        spread = std::sqrt(squares / static_cast<double>(n));
    }
};

inline double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const double xm = mean(x), ym = mean(y);
    double xx = 0, yy = 0, xy = 0;
    for (std::size_t j = 0; j < x.size(); ++j) {
        xx += (x[j] - xm) * (x[j] - xm);
        yy += (y[j] - ym) * (y[j] - ym);
        xy += (x[j] - xm) * (y[j] - ym);
    }
    return xy / std::sqrt(xx * yy);
}

} // namespace auxeira::synthesis
