#include "request_figures.hpp"

#include <algorithm>

namespace auxeira::api {

namespace {

constexpr std::array<std::string_view, 4> class_words = {"2xx", "3xx", "4xx", "5xx"};

std::size_t class_of(int status) {
    const int first_digit = is_own_failure(status) ? 5 : std::clamp(status / 100, 2, 4);
    return static_cast<std::size_t>(first_digit - 2);
}

std::size_t place_of(const Route* route) {
    return route == nullptr ? all_routes().size() : static_cast<std::size_t>(route - all_routes().data());
}

bool is_empty(const Histogram& histogram) {
    for (std::size_t bucket = 0; bucket <= Histogram::bounds.size(); ++bucket)
        if (histogram.count(bucket) != 0) return false;
    return true;
}

} // namespace

RequestFigures::RequestFigures() : routes_(all_routes().size() + 1) {}

void RequestFigures::add(const Exchange& exchange, const Response& response) {
    routes_[place_of(exchange.match.route)][class_of(response.status)].add(std::chrono::steady_clock::now() -
                                                                           exchange.start);
    if (response.code.empty()) return;
    const auto* const code = std::find(refusal_codes.begin(), refusal_codes.end(), response.code);
    if (code != refusal_codes.end())
        refused_[static_cast<std::size_t>(code - refusal_codes.begin())].fetch_add(1,
                                                                                   std::memory_order_relaxed);
}

void RequestFigures::write(Exposition& page) const {
    page.family(
        "auxeira_http_request_duration_seconds", "histogram",
        "From a request's first byte to its answer, by route and class of status; 501 and 505 are in 4xx.");
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        const bool found = i < all_routes().size();
        for (std::size_t kind = 0; kind < class_words.size(); ++kind)
            if (!is_empty(routes_[i][kind]))
                page.histogram(routes_[i][kind], {{"method", found ? all_routes()[i].method : "-"},
                                                  {"route", found ? all_routes()[i].pattern : "-"},
                                                  {"status", class_words[kind]}});
    }
    page.family("auxeira_http_refused_total", "counter", "Requests that were refused, by reason.");
    for (std::size_t i = 0; i < refusal_codes.size(); ++i)
        page.sample(static_cast<double>(refused_[i].load(std::memory_order_relaxed)),
                    {{"code", refusal_codes[i]}});
}

} // namespace auxeira::api
