// The text form of a set of organizations, as the session settings carry it: `uuid,uuid,...`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace auxeira::tenancy {

using Uuid = std::array<std::uint8_t, 16>;

// Reads 8-4-4-4-12 hexadecimal digits; nothing else is a UUID here.
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

// How many ids a list of this length can hold.
std::size_t capacity_for(std::string_view list) noexcept;

// Reads a list of ids separated by single commas into `ids`, which has room for capacity_for(list).
// Returns how many there were; nothing when any part is not a UUID. An empty list holds no ids.
std::optional<std::size_t> parse_ids(std::string_view list, Uuid* ids) noexcept;

} // namespace auxeira::tenancy
