// The request as an API function gets it: the body with the parameters of path and query, and with what the
// database must not see replaced.
#pragma once

#include "exchange.hpp"
#include "problem.hpp"
#include "vault.hpp"

#include <optional>
#include <string>

namespace auxeira::api {

struct ApiRequest {
    std::string text;
    std::optional<Problem> problem = {}; // instead of the text
};

ApiRequest api_request(const Exchange& exchange, const Vault& vault);

} // namespace auxeira::api
