#include "synthesis/clock.hpp"

#include <algorithm>
#include <chrono>

namespace auxeira::synthesis {

Clock::Clock(const Config& config) noexcept {
    const std::int64_t range = config.time_range_days * microseconds_a_day;
    parts_ = std::max(config.count - 1, 1);
    gap_ = range / parts_;
    remainder_ = range % parts_;
    now_ = config.count == 1 ? config.as_of : config.as_of - range;
    enter_day();
}

void Clock::advance() noexcept {
    first_ = !started_;
    started_ = true;
    if (first_) return;
    now_ += gap_;
    carried_ += remainder_;
    if (carried_ >= parts_) {
        carried_ -= parts_;
        ++now_;
    }
    new_day_ = now_ >= day_end_;
    new_year_ = now_ >= year_end_;
    if (new_day_) enter_day();
}

void Clock::enter_day() noexcept {
    using namespace std::chrono;
    const auto today = floor<days>(sys_time<microseconds>(microseconds(now_)));
    const year this_year = year_month_day(today).year();
    const auto begin_of = [](year of) {
        return sys_days(of / January / 1).time_since_epoch().count() * microseconds_a_day;
    };
    day_end_ = (today.time_since_epoch().count() + 1) * microseconds_a_day;
    year_begin_ = begin_of(this_year);
    year_end_ = begin_of(this_year + years(1));
}

} // namespace auxeira::synthesis
