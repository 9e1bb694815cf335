// The times of the points of a series, and where they stand in the UTC calendar.
#pragma once

#include <cstdint>

#include "synthesis/config.hpp"

namespace auxeira::synthesis {

// The last point is at as_of, the first a window before, the others evenly between, to the microsecond.
class Clock {
public:
    explicit Clock(const Config& config) noexcept;

    // Steps to the next point; the first call stays at the first.
    void advance() noexcept;

    std::int64_t now() const noexcept { return now_; }
    // The distance of two points, rounded down; the whole window if there is one point only.
    std::int64_t gap() const noexcept { return gap_; }
    bool is_first() const noexcept { return first_; }
    // Whether a UTC day, or year, has begun since the point before.
    bool is_new_day() const noexcept { return new_day_; }
    bool is_new_year() const noexcept { return new_year_; }
    std::int64_t since_new_year() const noexcept { return now_ - year_begin_; }

private:
    void enter_day() noexcept;

    std::int64_t now_, gap_;
    std::int64_t remainder_, parts_, carried_ = 0; // what the gap lost in rounding down
    std::int64_t day_end_ = 0, year_begin_ = 0, year_end_ = 0;
    bool started_ = false, first_ = true, new_day_ = true, new_year_ = true;
};

} // namespace auxeira::synthesis
