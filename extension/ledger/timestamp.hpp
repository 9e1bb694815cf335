// The text of dates and times, which depends on no setting: RFC 3339 with microseconds, in the proleptic
// Gregorian calendar. Years outside 0000 to 9999 have a sign and six digits, as in ISO 8601-2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace auxeira::ledger {

// Days and microseconds since 2000-01-01; the smallest and the largest number are "-infinity" and "infinity".
std::string date_text(std::int32_t days);
std::string timestamp_text(std::int64_t microseconds, std::string_view zone);
std::string time_text(std::int64_t microseconds);

// Reads what timestamp_text(..., "Z") gives for the years 0000 to 9999, and nothing else.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

} // namespace auxeira::ledger
