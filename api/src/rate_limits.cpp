#include "rate_limits.hpp"

#include "client_address.hpp"

namespace auxeira::api {

namespace {

constexpr std::array<std::string_view, policies> names = {"address", "password", "user", "organization",
                                                          "costly"};

constexpr std::size_t index_of(Policy policy) {
    return static_cast<std::size_t>(policy);
}

Budget budget_of(const Exchange& exchange) {
    return exchange.match.route == nullptr ? Budget::ordinary : exchange.match.route->budget;
}

Problem too_many(std::uint32_t retry_after) {
    return {.status = 429,
            .code = "rate_limited",
            .error = "Too many requests, please try again later",
            .retry_after = static_cast<int>(retry_after)};
}

} // namespace

RateLimits::RateLimits(const Limits& limits)
    : buckets_{TokenBuckets(limits[0]), TokenBuckets(limits[1]), TokenBuckets(limits[2]),
               TokenBuckets(limits[3]), TokenBuckets(limits[4])} {}

void RateLimits::set(const Limits& limits) {
    for (std::size_t i = 0; i < policies; ++i)
        buckets_[i].set(limits[i]);
}

std::optional<Problem> RateLimits::take_of_address(Exchange& exchange) {
    const Budget budget = budget_of(exchange);
    if (budget == Budget::free) return std::nullopt;
    const std::string place = network_of(exchange.address);
    auto problem = take(exchange, Policy::address, place);
    if (!problem && budget == Budget::password) problem = take(exchange, Policy::password, place);
    return problem;
}

// Of an API key its organization is not known here: the key stands for it.
std::optional<Problem> RateLimits::take_of_identity(Exchange& exchange) {
    if (!exchange.identity) return std::nullopt;
    const Identity& identity = *exchange.identity;
    const std::string& user = identity.key_hash.empty() ? identity.user : identity.key_hash;
    const std::string& organization = identity.organization;
    auto problem = take(exchange, Policy::user, user);
    if (!problem && !organization.empty()) problem = take(exchange, Policy::organization, organization);
    if (!problem && budget_of(exchange) == Budget::costly)
        problem = take(exchange, Policy::costly, organization.empty() ? user : organization);
    return problem;
}

std::optional<Problem> RateLimits::take(Exchange& exchange, Policy policy, std::string_view key) {
    TokenBuckets& buckets = buckets_[index_of(policy)];
    const Limit limit = buckets.limit();
    if (limit.quota == 0) return std::nullopt;
    const auto verdict = buckets.take(key, 1, std::chrono::steady_clock::now());
    RateState& state = exchange.rate;
    state.policies |= 1U << index_of(policy);
    const double share = static_cast<double>(verdict.remaining) / limit.quota;
    if (!verdict.is_allowed || share < state.share)
        state = {state.policies, index_of(policy), share, verdict.remaining, verdict.full_in};
    if (verdict.is_allowed) return std::nullopt;
    return too_many(verdict.retry_after);
}

// Of all policies that apply, what is left of the one of which the least is.
std::string RateLimits::header_lines(const Exchange& exchange) const {
    const RateState& state = exchange.rate;
    if (state.policies == 0) return {};
    std::string lines = "RateLimit-Policy: ";
    for (std::size_t i = 0; i < policies; ++i) {
        if ((state.policies & 1U << i) == 0) continue;
        const Limit limit = buckets_[i].limit();
        lines.append(lines.back() == ' ' ? "\"" : ", \"").append(names[i]).append("\";q=");
        lines.append(std::to_string(limit.quota)).append(";w=").append(std::to_string(limit.seconds));
    }
    lines.append("\r\nRateLimit: \"").append(names[state.tightest]).append("\";r=");
    return lines + std::to_string(state.remaining) + ";t=" + std::to_string(state.full_in) + "\r\n";
}

} // namespace auxeira::api
