// JSON text: checking it and taking it apart without changing it. Bodies are never parsed and written again,
// so that numbers keep their digits on the way to the database.
#pragma once

#include "url.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

inline constexpr std::size_t max_json_depth = 32;

// Why a text was refused; line and byte count from 1.
struct JsonFault {
    std::size_t line = 1;
    std::size_t byte = 1;
    std::string reason;
};

// Checks that the text is one JSON object that PostgreSQL will read in the same way: UTF-8 without NUL,
// no duplicate keys, no lone surrogates, at most max_json_depth levels. Nothing when it is.
std::optional<JsonFault> check_object(std::string_view text);

// One member of a checked object: its decoded name, and its value as written.
struct JsonMember {
    std::string name;
    std::string_view key;
    std::string_view value;
};

std::vector<JsonMember> members(std::string_view checked_object);

// The decoded text of a checked value that is a JSON string, nothing when it is another kind.
std::optional<std::string> string_value(std::string_view value);

// Adds string members at the end of a checked object (the last of two equal keys wins in jsonb).
std::string splice(std::string_view checked_object, const Parameters& additions);

} // namespace auxeira::api
