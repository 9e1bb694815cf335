// The texts that the server gives numeric and jsonb values, written to one buffer.
#pragma once

#include <string>

#include "boundary/door.hpp"

namespace auxeira::functions {

// What the type's output function gives. Allocates nothing of the server's but for values out of line.
void append_numeric(std::string& text, Datum value);
void append_jsonb(std::string& text, Datum value);

} // namespace auxeira::functions
