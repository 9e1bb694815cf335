// The text formats that requests use. Plain C++: no server header.
#pragma once

#include <string>
#include <string_view>

namespace auxeira::functions {

// An optional sign, digits, and an optional fraction; at most 40 characters.
bool is_decimal_number(std::string_view text);

// Why `text` does not have the format (uuid, date-time, email); empty when it does or when the format is not
// named. A date-time is ISO 8601 with seconds; without an offset it is UTC; years 0001 to 9999.
std::string format_problem(std::string_view format, std::string_view text);

// Whether a well-formed date-time says its offset from UTC.
bool has_offset(std::string_view date_time);

} // namespace auxeira::functions
