// API keys, `ak_<prefix>_<secret>`. Here their form is known and nothing else: whether there is such a key,
// and what it may do, the database says, which has its hash.
#pragma once

#include "token.hpp"

#include <optional>
#include <string_view>

namespace auxeira::api {

// Nothing when the text has not the form of an API key.
std::optional<Identity> api_key_identity(std::string_view text);

} // namespace auxeira::api
