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

void add_identity(JsonObject& claims, const Identity& identity) {
    if (!identity.key_hash.empty()) {
        claims.text("key", identity.key_hash);
        return;
    }
    claims.text("sub", identity.user).text("sid", identity.session).number("ver", identity.version);
}

} // namespace

std::string claims_json(const Exchange& exchange) {
    JsonObject claims;
    if (exchange.identity) add_identity(claims, *exchange.identity);
    add_client(claims, exchange);
    claims.text("traceparent", exchange.trace.text());
    return claims.str();
}

std::string client_json(const Exchange& exchange) {
    JsonObject client;
    return add_client(client, exchange).str();
}

} // namespace auxeira::api
