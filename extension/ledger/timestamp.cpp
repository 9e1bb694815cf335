#include "ledger/timestamp.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>

namespace auxeira::ledger {

namespace {

constexpr std::int64_t microseconds_of_second = 1'000'000;
constexpr std::int64_t microseconds_of_day = 86'400 * microseconds_of_second;
// The calendar repeats itself.
constexpr std::int64_t era_days = 146'097;
constexpr std::int64_t era_years = 400;
constexpr std::chrono::sys_days epoch{std::chrono::January / 1 / 2000};

std::int64_t floor_divide(std::int64_t number, std::int64_t by) {
    return number / by - (number % by < 0 ? 1 : 0);
}

std::string digits(std::int64_t number, std::size_t width) {
    const std::string text = std::to_string(number);
    return std::string(width - std::min(width, text.size()), '0') + text;
}

std::string year_text(std::int64_t year) {
    if (year >= 0 && year <= 9999) return digits(year, 4);
    return (year < 0 ? "-" : "+") + digits(std::abs(year), 6);
}

std::string day_text(std::int64_t days) {
    const std::int64_t eras = floor_divide(days, era_days);
    const std::chrono::year_month_day day{epoch + std::chrono::days{days - eras * era_days}};
    return year_text(static_cast<int>(day.year()) + eras * era_years) + '-' +
           digits(static_cast<unsigned>(day.month()), 2) + '-' + digits(static_cast<unsigned>(day.day()), 2);
}

template <typename Number>
std::optional<std::string> infinity(Number number) {
    if (number == std::numeric_limits<Number>::max()) return "infinity";
    if (number == std::numeric_limits<Number>::min()) return "-infinity";
    return std::nullopt;
}

// The number in so many digits from a place on; negative when there is no digit to read.
int number_at(std::string_view text, std::size_t place, std::size_t width) {
    int number = -1;
    std::from_chars(text.data() + place, text.data() + place + width, number);
    return number;
}

} // namespace

std::string date_text(std::int32_t days) {
    return infinity(days).value_or(day_text(days));
}

std::string time_text(std::int64_t microseconds) {
    const std::int64_t seconds = microseconds / microseconds_of_second;
    return digits(seconds / 3600, 2) + ':' + digits(seconds / 60 % 60, 2) + ':' + digits(seconds % 60, 2) +
           '.' + digits(microseconds % microseconds_of_second, 6);
}

std::string timestamp_text(std::int64_t microseconds, std::string_view zone) {
    if (auto text = infinity(microseconds)) return *text;
    const std::int64_t days = floor_divide(microseconds, microseconds_of_day);
    // The start of the day may be earlier than the earliest timestamp.
    const std::int64_t past = microseconds % microseconds_of_day;
    const std::int64_t of_day = past < 0 ? past + microseconds_of_day : past;
    return day_text(days) + 'T' + time_text(of_day) + std::string(zone);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";
    if (text.size() != form.size()) return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year{number_at(text, 0, 4)},
                                          std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
                                          std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
    if (!day.ok()) return std::nullopt;
    const std::int64_t minutes = number_at(text, 11, 2) * 60 + number_at(text, 14, 2);
    const std::int64_t seconds = minutes * 60 + number_at(text, 17, 2);
    const std::int64_t at = (std::chrono::sys_days{day} - epoch).count() * microseconds_of_day +
                            seconds * microseconds_of_second + number_at(text, 20, 6);
    // What was between the digits, and hours and minutes that do not exist, show in the text.
    return timestamp_text(at, "Z") == text ? std::optional(at) : std::nullopt;
}

} // namespace auxeira::ledger
