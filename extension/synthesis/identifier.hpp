// UUIDs of version 8 (RFC 9562) from a key and a position.
#pragma once

#include "synthesis/config.hpp"
#include "synthesis/random.hpp"

namespace auxeira::synthesis {

// 122 bits of the key and the index.
Uuid identifier(std::uint64_t key, std::uint64_t index) noexcept;

// The first 48 bits are the Unix milliseconds of a time, so that ids are in the order of time on either side
// of 1970.
Uuid identifier(std::uint64_t key, std::uint64_t index, std::int64_t microseconds) noexcept;

// What the SQL functions give: that of a name, in the order of time if there is one.
Uuid named_identifier(std::uint64_t seed, std::string_view name, std::uint64_t index,
                      std::optional<std::int64_t> microseconds) noexcept;

} // namespace auxeira::synthesis
