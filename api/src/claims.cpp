#include "claims.hpp"

#include "encoding.hpp"
#include "json_object.hpp"

namespace auxeira::api {

namespace {

constexpr std::size_t longest_user_agent = 256;

JsonObject& add_client(JsonObject& object, const Exchange& exchange) {
    return object.text("address", exchange.address)
        .text("userAgent", utf8_prefix(exchange.request.header("user-agent"), longest_user_agent))
        .text("requestId", exchange.id);
}

// Absent where there is none: most requests have no condition.
void add_conditions(JsonObject& claims, const Conditions& conditions) {
    if (!conditions.if_none_match.empty()) claims.text("ifNoneMatch", conditions.if_none_match);
    if (!conditions.if_match.empty()) claims.text("ifMatch", conditions.if_match);
    if (!conditions.idempotency_key.empty()) claims.text("idempotencyKey", conditions.idempotency_key);
}

void add_identity(JsonObject& claims, const Identity& identity) {
    if (!identity.key_hash.empty()) {
        claims.text("key", identity.key_hash);
        return;
    }
    claims.text("sub", identity.user).text("sid", identity.session).number("ver", identity.version);
}

} // namespace

std::string claims_json(const Exchange& exchange, const std::string& replayed) {
    JsonObject claims;
    if (exchange.identity) add_identity(claims, *exchange.identity);
    add_client(claims, exchange);
    add_conditions(claims, exchange.conditions);
    if (!replayed.empty()) claims.text("replayed", replayed);
    claims.text("traceparent", exchange.trace.text());
    return claims.str();
}

std::string client_json(const Exchange& exchange) {
    JsonObject client;
    return add_client(client, exchange).str();
}

} // namespace auxeira::api
