// The points of a series, one by one in the order of time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "synthesis/clock.hpp"
#include "synthesis/derived.hpp"
#include "synthesis/levels.hpp"
#include "synthesis/path.hpp"
#include "synthesis/reporting.hpp"

namespace auxeira::synthesis {

struct Point {
    // UUID version 8 (RFC 9562): 48 bits of Unix milliseconds, so that ids are in the order of time on either
    // side of 1970, and 74 bits from the whole configuration and the index.
    Uuid id;
    std::int64_t timestamp; // microseconds since 1970-01-01 00:00 UTC
    // Each metric's value times 10^decimals, in the order of the catalogue; valid until the next point.
    std::span<const std::int64_t> values;
    std::int64_t reported_at = 0; // the timestamp, or later, but not after as_of
    bool is_restated = false;
    std::span<const std::int64_t> first_values{}; // what was reported first; of the same use as the values
};

// The memory is the same for every count, but for two megabytes. Building one goes once through all points of
// every metric, and one call of `next` through all those that are left out; `pause`, if given, is called at
// every 512th of them, whatever comes of it.
class Generator {
public:
    explicit Generator(const Config& config, Pause pause = nullptr);
    // Of any metrics, which must outlive the generator; the user type of the configuration is not used.
    Generator(const Config& config, const Dashboard& dashboard, Pause pause = nullptr);

    // False after the last point. Throws a Rejection when a number is too large to be exact, and no bound of
    // its metric cuts it.
    bool next(Point& point);

    const Dashboard& dashboard() const noexcept { return dashboard_; }

private:
    // One metric on its way through the window.
    struct Track {
        const Metric* metric;
        std::size_t column, of, by; // among the values; past their end when there is none
        std::size_t path;           // among the paths; past their end when there is none
        std::uint64_t key;
        Standing standing;
        Fixed shock_response;
        Fixed ceiling;                 // log2, on the scale of the path
        std::int64_t offset;           // where a metric that may be negative begins
        std::int64_t minimum, maximum; // of the scaled value
        Wide state;                    // what is carried from point to point
        std::int64_t previous;
        std::array<std::int64_t, 2> earlier;
    };

    Track make_track(std::size_t column) const noexcept;
    void start(Track& track, const Window& window, std::vector<Course>& courses);
    void step();
    void move_paths() noexcept;
    void restate();
    std::int64_t bounded(const Track& track, Wide value) const;
    [[noreturn]] void refuse_size(const Metric& metric) const;
    bool lacks_input(const Track& track) const noexcept;

    Wide value(Track& track) noexcept;
    Wide driver(const Track& track) noexcept;
    Wide count_of(const Track& track) noexcept;
    Wide sales(const Track& track) noexcept;
    Wide staff(Track& track) noexcept;
    Wide accumulated(Track& track) noexcept;
    Wide in_year(Track& track) noexcept;
    Wide streak(Track& track) noexcept;
    Wide part(Track& track) noexcept;
    Wide runway(Track& track) noexcept;
    Wide purchases(Track& track) noexcept;
    Wide quotient(const Track& track) const noexcept;
    Wide mean() const noexcept;
    Block event(const Track& track) const noexcept;

    const Config config_;
    const Pause pause_;
    const Dashboard& dashboard_;
    const std::uint64_t id_key_;
    const Positions positions_;
    Clock clock_;
    const Fixed months_; // between two points
    std::int64_t index_ = 0;
    Fixed position_ = 0;
    std::vector<Metric> metrics_;
    std::vector<Track> tracks_; // those that depend on others last
    std::vector<Path> paths_;   // in the order of the tracks
    std::vector<Fixed> noise_;  // of all points of a short series
    std::vector<std::int64_t> values_, first_values_;
    Reporting reporting_;
    Fixed shock_ = 0;
    Fixed since_round_; // in months
    Calculator calculator_;
};

} // namespace auxeira::synthesis
