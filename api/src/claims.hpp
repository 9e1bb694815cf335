// What the database is told about who calls.
#pragma once

#include "exchange.hpp"

#include <string>

namespace auxeira::api {

// {"sub", "sid", "ver"} of a token's user, {"key"} of an API key, or neither; then from where, and under
// which conditions.
// A replica is also told what it must have replayed.
std::string claims_json(const Exchange& exchange, const std::string& replayed = {});

// From where alone, for the steps in which nobody is known yet.
std::string client_json(const Exchange& exchange);

} // namespace auxeira::api
