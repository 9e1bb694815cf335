// How many requests came, how long they took and why they were refused. Any thread may add.
#pragma once

#include "exchange.hpp"
#include "exposition.hpp"
#include "histogram.hpp"

#include <array>
#include <atomic>
#include <vector>

namespace auxeira::api {

// The words of refusals that are counted; there are no others in the figures, whatever clients send.
inline constexpr auto refusal_codes = std::to_array<std::string_view>({"authentication_required",
                                                                       "body_too_large",
                                                                       "database_unavailable",
                                                                       "expectation_failed",
                                                                       "header_too_large",
                                                                       "http_version",
                                                                       "internal_error",
                                                                       "invalid_token",
                                                                       "malformed_condition",
                                                                       "malformed_json",
                                                                       "malformed_request",
                                                                       "method_not_allowed",
                                                                       "not_acceptable",
                                                                       "not_found",
                                                                       "overloaded",
                                                                       "rate_limited",
                                                                       "too_many_attempts",
                                                                       "unknown_method",
                                                                       "unsupported_media_type",
                                                                       "uri_too_long",
                                                                       "57014",
                                                                       "42501",
                                                                       "ZA412",
                                                                       "ZA422",
                                                                       "ZA429"});

class RequestFigures {
public:
    RequestFigures();

    void add(const Exchange& exchange, const Response& response);
    void write(Exposition& page) const;

private:
    // From 2xx to 5xx.
    using Classes = std::array<Histogram, 4>;

    std::vector<Classes> routes_; // the last one is of requests that no route was found for
    std::array<std::atomic<std::uint64_t>, refusal_codes.size()> refused_{};
};

} // namespace auxeira::api
