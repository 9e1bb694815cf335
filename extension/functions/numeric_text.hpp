// The text that the server gives a numeric, without its detours.
#pragma once

#include <string_view>

#include "boundary/door.hpp"

namespace auxeira::functions {

// What the type's output function gives; holds until the next call. Allocates nothing of the server's but for
// values out of line and for those of more than 64 groups of digits.
std::string_view numeric_text(Datum value);

} // namespace auxeira::functions
