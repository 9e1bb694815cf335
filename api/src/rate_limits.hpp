// Who may ask how often: the policies, and what an answer says of them
// (draft-ietf-httpapi-ratelimit-headers).
#pragma once

#include "exchange.hpp"
#include "problem.hpp"
#include "token_buckets.hpp"

#include <array>
#include <optional>

namespace auxeira::api {

// In the order of their settings.
enum class Policy : std::size_t { address, password, user, organization, costly };
inline constexpr std::size_t policies = 5;

using Limits = std::array<Limit, policies>;

// Local to this process: shims beside one another have buckets of their own. What must be exact across them,
// tries of passwords and codes, the database counts.
class RateLimits {
public:
    explicit RateLimits(const Limits& limits);

    void set(const Limits& limits);

    // Of the client's address: before anything else is done for it.
    std::optional<Problem> take_of_address(Exchange& exchange);
    // Of the user, the organization, and what is costly: once it is known who asks.
    std::optional<Problem> take_of_identity(Exchange& exchange);

    // The lines of an answer; nothing when there is no limit.
    std::string header_lines(const Exchange& exchange) const;

private:
    std::optional<Problem> take(Exchange& exchange, Policy policy, std::string_view key);

    std::array<TokenBuckets, policies> buckets_;
};

} // namespace auxeira::api
