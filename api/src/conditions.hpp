// Under which conditions a request is to be carried out: If-None-Match, If-Match, Idempotency-Key.
#pragma once

#include "request.hpp"
#include "routes.hpp"

#include <string>
#include <string_view>

namespace auxeira::api {

// What the ETag of a body ends with when it is compressed: a strong one is of one form of an answer only.
inline constexpr std::string_view compressed_etag = "-gzip";

struct Conditions {
    // Lists of this service's ETags, without quotes, separated by commas; "*" for whatever there is. Empty:
    // no condition. "-" stands for ETags of which none is from here.
    std::string if_none_match; // of reading
    std::string if_match;      // of writing
    std::string idempotency_key;

    std::string_view fault; // what is malformed; empty for nothing
};

// What says nothing about a request of this kind is left out.
Conditions read_conditions(const Request& request, const Route& route);

} // namespace auxeira::api
