#include "gateway.hpp"

#include "api_key.hpp"
#include "api_request.hpp"
#include "claims.hpp"
#include "encoding.hpp"
#include "json.hpp"
#include "json_object.hpp"
#include "outcome.hpp"

#include <algorithm>
#include <ctime>

namespace auxeira::api {

namespace {

constexpr std::size_t small_body = 64UL * 1024;
constexpr std::size_t longest_request_id = 64;
constexpr std::chrono::seconds patience_in_queue{1};
constexpr std::string_view five_minutes = "public, max-age=300";

bool is_request_id(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= longest_request_id && std::all_of(text.begin(), text.end(), plain);
}

// W3C trace context, version 00: 00-<32 hex>-<16 hex>-<2 hex>, ids not all zero.
bool is_traceparent(std::string_view text) {
    const std::vector<std::string_view> parts = split(text, '-');
    if (parts.size() != 4 || parts[0] != "00") return false;
    const auto lower_hex = [](std::string_view part, std::size_t length) {
        return part.size() == length && part.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    };
    const auto not_zero = [](std::string_view part) {
        return part.find_first_not_of('0') != std::string_view::npos;
    };
    return lower_hex(parts[1], 32) && lower_hex(parts[2], 16) && lower_hex(parts[3], 2) &&
           not_zero(parts[1]) && not_zero(parts[2]);
}

// application/json, with no parameter but charset=utf-8.
bool is_json_type(std::string_view text) {
    std::string type = lower(text);
    type.erase(
        std::remove_if(type.begin(), type.end(), [](char c) { return c == ' ' || c == '\t' || c == '"'; }),
        type.end());
    return type == "application/json" || type == "application/json;charset=utf-8";
}

std::string_view bearer(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (lower(authorization.substr(0, scheme.size())) != scheme) return {};
    return authorization.substr(scheme.size());
}

Response problem_response(const Exchange& exchange, const Problem& problem) {
    return to_response(problem, exchange.request.path, exchange.id);
}

// The row that auxeira.call gives.
Response response_of(const Reply& reply) {
    Response response{.status = static_cast<int>(reply.number(0)), .body = std::string(reply.text(1))};
    if (!reply.is_null(2)) response.headers = "ETag: \"" + std::string(reply.text(2)) + "\"\r\n";
    if (reply.is_true(3)) response.headers += "Idempotency-Replayed: true\r\n";
    return response;
}

std::string milliseconds_since(std::chrono::steady_clock::time_point start) {
    const auto passed = std::chrono::steady_clock::now() - start;
    const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
    std::string fraction = std::to_string(micro % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(micro / 1000) + '.' + fraction;
}

} // namespace

Gateway::Gateway(const Settings& settings, const Tokens& tokens, const Vault& vault, Database& database,
                 Replica& replica, const Account& account, const Monitor& monitor)
    : settings_(settings), tokens_(tokens), verdicts_(tokens), vault_(vault), database_(database),
      replica_(replica), account_(account), monitor_(monitor) {}

Application::BodyPlan Gateway::examine(Exchange& exchange) {
    identify_request(exchange);
    locate_client(exchange);
    exchange.early_answer = check_route(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_token(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_conditions(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_body_type(exchange);
    if (exchange.early_answer) return {settings_.body_limit, false};
    switch (exchange.match.route->size) {
    case Size::none:
        return {0, true};
    case Size::small:
        return {small_body, true};
    case Size::standard:
        return {settings_.body_limit, true};
    case Size::metrics:
        break;
    }
    return {settings_.metrics_body_limit, true};
}

void Gateway::identify_request(Exchange& exchange) const {
    const Request& request = exchange.request;
    const std::string_view wish = request.header("x-request-id");
    exchange.id = is_request_id(wish) ? std::string(wish) : hex(random_bytes(16));
    const std::string_view trace = request.header("traceparent");
    if (is_traceparent(trace)) exchange.traceparent = trace;
    exchange.extra_headers = "X-Request-Id: " + exchange.id + "\r\n" + cors_lines(request.header("origin"));
    if (request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS")
        exchange.extra_headers += replica_.written_cookie();
}

// Of a head that was refused no field is believed: such a request stays the peer's.
void Gateway::locate_client(Exchange& exchange) const {
    auto client = settings_.trusted_proxies.client(exchange.address, exchange.request.headers);
    if (client) exchange.address = std::move(*client);
}

std::string Gateway::cors_lines(std::string_view origin) const {
    if (settings_.cors_origins.empty()) return {};
    const auto& allowed = settings_.cors_origins;
    if (std::find(allowed.begin(), allowed.end(), origin) == allowed.end()) return "Vary: Origin\r\n";
    return "Vary: Origin\r\nAccess-Control-Allow-Origin: " + std::string(origin) +
           "\r\nAccess-Control-Expose-Headers: X-Request-Id, Retry-After, Allow, WWW-Authenticate, ETag, "
           "Idempotency-Replayed\r\n";
}

std::optional<Response> Gateway::check_route(Exchange& exchange) const {
    const Request& request = exchange.request;
    exchange.match = find_route(request.method, request.path);
    RouteMatch& match = exchange.match;
    if (request.path == "*") match.allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    if (match.allow.empty())
        return problem_response(exchange,
                                {.status = 404, .code = "not_found", .error = "There is nothing here"});
    if (request.method == "OPTIONS") return options(exchange);
    if (match.route == nullptr) {
        Response response = problem_response(
            exchange,
            {.status = 405, .code = "method_not_allowed", .error = "This method is not allowed here"});
        response.headers += "Allow: " + match.allow + "\r\n";
        return response;
    }
    Query query = parse_query(request.query);
    if (match.undecodable) query.fault = "path has a bad percent escape";
    // They would win over the body's members; and what is secret must not be in an address.
    if (match.route->body == Body::required && !query.parameters.empty())
        query.fault = "this endpoint takes its parameters in the body";
    if (!query.fault.empty())
        return problem_response(exchange, {.status = 400, .code = "malformed_request", .error = query.fault});
    // Parts of the path come last, so that they win.
    match.parameters.insert(match.parameters.begin(), query.parameters.begin(), query.parameters.end());
    return std::nullopt;
}

std::optional<Response> Gateway::check_token(Exchange& exchange) {
    if (!exchange.match.route->needs_token) return std::nullopt;
    const std::string_view authorization = exchange.request.header("authorization");
    if (authorization.empty()) return problem_response(exchange, unauthenticated());
    exchange.identity = api_key_identity(bearer(authorization));
    if (exchange.identity) return std::nullopt;
    Verdict verdict = verdicts_.verify(bearer(authorization), std::time(nullptr));
    if (!verdict.identity) {
        log_line(Level::debug, "token refused",
                 JsonObject().text("requestId", exchange.id).text("reason", verdict.fault));
        return problem_response(exchange, invalid_token());
    }
    exchange.identity = std::move(verdict.identity);
    exchange.token_expiry = verdict.expiry;
    return std::nullopt;
}

// Whoever says under which condition a request is to be carried out must not be overheard: what is no call of
// the database has no way to heed it.
std::optional<Response> Gateway::check_conditions(Exchange& exchange) const {
    const Route& route = *exchange.match.route;
    Conditions& conditions = exchange.conditions;
    conditions = read_conditions(exchange.request, route);
    const bool can_heed = route.action == Action::call || route.method == "GET";
    if (!can_heed && !conditions.if_match.empty()) conditions.fault = "If-Match is of no use here";
    if (!can_heed && !conditions.idempotency_key.empty())
        conditions.fault = "Idempotency-Key is not taken here";
    if (conditions.fault.empty()) return std::nullopt;
    return problem_response(
        exchange, {.status = 400, .code = "malformed_condition", .error = std::string(conditions.fault)});
}

std::optional<Response> Gateway::check_body_type(const Exchange& exchange) const {
    const Request& request = exchange.request;
    if (exchange.match.route->body == Body::none || !request.has_body()) return std::nullopt;
    if (is_json_type(request.header("content-type"))) return std::nullopt;
    return problem_response(
        exchange,
        {.status = 415, .code = "unsupported_media_type", .error = "Content-Type must be application/json"});
}

// Also the preflight of a cross-origin request; whether the origin may call was decided with its headers.
Response Gateway::options(const Exchange& exchange) const {
    Response response{.status = 204};
    response.headers = "Allow: " + exchange.match.allow + "\r\n";
    const bool preflight = !exchange.request.header("access-control-request-method").empty();
    if (preflight && exchange.extra_headers.find("Access-Control-Allow-Origin") != std::string::npos)
        response.headers +=
            "Access-Control-Allow-Methods: " + exchange.match.allow +
            "\r\nAccess-Control-Allow-Headers: authorization, content-type, x-request-id, "
            "traceparent, if-none-match, if-match, idempotency-key\r\nAccess-Control-Max-Age: 600\r\n";
    return response;
}

std::optional<Response> Gateway::answer_now(Exchange& exchange) {
    if (exchange.early_answer) return std::move(exchange.early_answer);
    const Action action = exchange.match.route->action;
    if (action == Action::live) return Response{.body = R"({"status":"live"})"};
    if (action == Action::ready) return ready();
    if (action == Action::jwks) return Response{.body = tokens_.key_set(), .caching = five_minutes};
    if (!database_.up()) return database_is_down(exchange);
    return std::nullopt;
}

Response Gateway::ready() const {
    const bool is_ready = monitor_.ready() && database_.up();
    JsonObject body;
    body.text("status", is_ready ? "ready" : "not ready").text("version", AUXEIRA_VERSION);
    body.text("schemaVersion", monitor_.schema_version());
    return {.status = is_ready ? 200 : 503, .body = body.str()};
}

Response Gateway::database_is_down(const Exchange& exchange) const {
    if (exchange.match.route->action != Action::health) return problem_response(exchange, unavailable());
    JsonObject body;
    body.text("status", "unhealthy").text("timestamp", timestamp()).text("database", "disconnected");
    body.text("version", AUXEIRA_VERSION).raw("checks", R"({"database":"unreachable"})");
    return {.status = 503, .body = body.str(), .headers = "Retry-After: 5\r\n"};
}

std::optional<Response> Gateway::start(const ExchangePtr& exchange) {
    const Action action = exchange->match.route->action;
    if (action != Action::call && action != Action::health) return account_.start(exchange);
    if (const auto demanded = replica_.demanded(*exchange)) {
        const bool queued = replica_.submit([this, exchange, position = *demanded](Session& session) {
            guarded(*exchange, [&] { read_on_replica(exchange, session, position); });
        });
        if (queued) return std::nullopt;
    }
    return start_on_primary(exchange);
}

std::optional<Response> Gateway::start_on_primary(const ExchangePtr& exchange) {
    const bool queued = database_.submit(
        [this, exchange](Session& session) { guarded(*exchange, [&] { call(*exchange, session); }); });
    if (queued) return std::nullopt;
    return problem_response(*exchange, overloaded());
}

// What the replica does not know yet, or refuses for whatever reason, is the primary's to answer. Only what
// has taken too long already is not begun once more.
void Gateway::read_on_replica(const ExchangePtr& exchange, Session& session, const std::string& demanded) {
    const ApiRequest request = api_request(*exchange, vault_);
    if (request.problem) return answer_problem(*exchange, *request.problem);
    const std::string claims = claims_json(*exchange, demanded);
    const char* const function = exchange->match.route->function;
    const Reply reply = session.run(Statement::call, {claims.c_str(), function, request.text.c_str()});
    if (reply.has_row() && !reply.is_null(0)) return answer_rows(*exchange, reply);
    if (reply.error().sqlstate == "57014") return answer_failure(*exchange, reply);
    if (const auto refused = start_on_primary(exchange)) exchange->answer(*refused);
}

// The body is checked here and not on the IO thread: 8 MiB of JSON take a while.
void Gateway::call(Exchange& exchange, Session& session) const {
    // Behind a database that hangs the queue would be worked off one timeout after the other.
    const auto waited = std::chrono::steady_clock::now() - exchange.start;
    if (waited > settings_.statement_timeout + patience_in_queue)
        return answer_problem(exchange, overloaded());

    const Route& route = *exchange.match.route;
    ApiRequest request = api_request(exchange, vault_);
    if (route.secrets != Secrets::none) Secret::wipe(exchange.request.body);
    if (request.problem) return answer_problem(exchange, *request.problem);
    const Reply reply = run(exchange, session, request.text);
    if (route.secrets != Secrets::none) Secret::wipe(request.text);

    if (reply.state() == Reply::State::rows) return answer_rows(exchange, reply);
    if (route.action != Action::health) return answer_failure(exchange, reply);
    log_failure(exchange, reply.error());
    exchange.answer(database_is_down(exchange));
}

Reply Gateway::run(const Exchange& exchange, Session& session, const std::string& request) const {
    const Route& route = *exchange.match.route;
    const std::string claims = claims_json(exchange);
    const auto call_once = [&] {
        return session.run(Statement::call, {claims.c_str(), route.function, request.c_str()});
    };
    const bool was_connected = session.connected();
    Reply reply = call_once();
    const bool may_repeat = route.idempotent || !exchange.conditions.idempotency_key.empty();
    if (reply.state() == Reply::State::lost && may_repeat && was_connected && session.connect())
        reply = call_once();
    return reply;
}

void Gateway::answer_rows(Exchange& exchange, const Reply& reply) const {
    const std::int64_t status = reply.has_row() ? reply.number(0) : 0;
    if (exchange.match.route->secrets == Secrets::mints_link) account_.mail_is_waiting();
    if (status >= 200 && status <= 599) return exchange.answer(response_of(reply));
    log_failure(exchange, {"", "auxeira.call gave no status", "", ""});
    answer_problem(exchange, internal_error());
}

Response Gateway::refuse(Exchange& exchange, const Refusal& refusal) {
    if (exchange.id.empty()) identify_request(exchange);
    return problem_response(
        exchange,
        {.status = refusal.status, .code = std::string(refusal.code), .error = std::string(refusal.reason)});
}

void Gateway::answered(const Exchange& exchange, const Response& response) {
    replica_.answered(exchange);
    const Route* route = exchange.match.route;
    JsonObject line;
    line.text("requestId", exchange.id).text("method", exchange.request.method);
    line.text("route", route == nullptr ? "-" : route->pattern).number("status", response.status);
    line.raw("duration_ms", milliseconds_since(exchange.start));
    line.text("user", exchange.identity ? exchange.identity->user : "");
    if (exchange.identity && !exchange.identity->key_hash.empty())
        line.text("apiKey", exchange.identity->key_prefix);
    line.text("address", exchange.address);
    line.number("bytes", static_cast<std::int64_t>(response.body.size()));
    if (!response.sqlstate.empty()) line.text("sqlstate", response.sqlstate);
    log_line(response.status >= 500 ? Level::error : Level::info, "request", line);
}

} // namespace auxeira::api
