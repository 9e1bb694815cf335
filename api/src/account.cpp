#include "account.hpp"

#include "account_flow.hpp"
#include "claims.hpp"
#include "encoding.hpp"
#include "opaque_token.hpp"

#include <array>
#include <ctime>

namespace auxeira::api {

namespace {

AccountFlowPtr flow_of(const AccountTools& tools, const ExchangePtr& exchange) {
    for (const auto make : {session_flow, login_flow, password_flow, second_factor_flow})
        if (AccountFlowPtr flow = make(tools, exchange)) return flow;
    throw std::logic_error("a route of the account flows has none");
}

std::optional<Problem> begin(const AccountTools& tools, const ExchangePtr& exchange) {
    const Secret body(std::move(exchange->request.body)); // is wiped, whatever comes of it
    if (exchange->identity && !exchange->identity->key_hash.empty()) return forbidden();
    if (const auto fault = check_object(body.text())) return malformed_json(*fault);
    Fields fields(body.text());
    return flow_of(tools, exchange)->start(fields);
}

Identity identity_of(const Reply& row) {
    return {.user = std::string(row.text(0)),
            .session = std::string(row.text(3)),
            .organization = std::string(row.text(2)),
            .role = std::string(row.text(4)),
            .user_type = std::string(row.text(1)),
            .version = row.number(5)};
}

} // namespace

std::optional<Response> Account::start(const ExchangePtr& exchange) const {
    const std::optional<Problem> problem = begin(tools_, exchange);
    if (!problem) return std::nullopt;
    return to_response(*problem, exchange->request.path, exchange->id);
}

AccountFlow::AccountFlow(const AccountTools& tools, const ExchangePtr& exchange)
    : tools_(tools), exchange_(exchange), client_(client_json(*exchange)) {}

void AccountFlow::answer(int status, const JsonObject& data) const {
    const JsonObject body = JsonObject().raw("success", "true").raw("data", data.str());
    exchange_->answer({.status = status, .body = body.str()});
}

bool AccountFlow::failed(const Reply& reply) const {
    if (reply.state() == Reply::State::rows) return false;
    answer_failure(*exchange_, reply);
    return true;
}

void AccountFlow::check_rules(Fields& fields, std::string_view name, const Secret& password,
                              const std::vector<std::string>& context) const {
    if (const auto fault = tools_.rules.fault(password.text(), context)) fields.refuse(name, *fault);
}

void AccountFlow::mail_is_waiting() const {
    if (tools_.wake_mailer) tools_.wake_mailer();
}

void SessionFlow::new_refresh_token() {
    refresh_token_ = new_opaque_token(refresh_token_prefix);
    refresh_hash_ = bytea(sha256(refresh_token_));
}

std::string SessionFlow::session_lifetime() const {
    const Settings& settings = tools_.settings;
    return std::to_string(refresh_token_.empty() ? settings.legacy_seconds : settings.refresh_seconds);
}

void SessionFlow::answer_session(int status, const Reply& reply) {
    const Identity identity = identity_of(reply);
    const std::int64_t lifetime = reply.is_true(6) ? tools_.settings.access_seconds : legacy_lifetime();
    JsonObject data;
    data.text("userId", identity.user).text("userType", identity.user_type);
    reply.is_null(2) ? data.raw("organizationId", "null")
                     : data.text("organizationId", identity.organization);
    data.text("token", tools_.tokens.issue(identity, std::time(nullptr), lifetime));
    refresh_token_.empty() ? data.raw("refreshToken", "null") : data.text("refreshToken", refresh_token_);
    data.number("expiresIn", lifetime);
    exchange_->identity = identity; // for the log
    answer(status, data);
}

} // namespace auxeira::api
