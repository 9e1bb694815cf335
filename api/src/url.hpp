// Decoding of request targets. What cannot be decoded is refused, never guessed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace auxeira::api {

// Names and values in the order in which they were given.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// Nothing for a bad escape, a NUL, or bytes that are not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// For a part of a URI: all but unreserved characters is escaped.
std::string percent_encode(std::string_view text);

struct Query {
    Parameters parameters;
    std::string fault; // empty when all was well
};

// Refuses a name that is given twice, because two readers could each take another one.
Query parse_query(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

} // namespace auxeira::api
