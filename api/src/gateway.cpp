#include "gateway.hpp"

#include "api_key.hpp"
#include "api_request.hpp"
#include "claims.hpp"
#include "encoding.hpp"
#include "gzip.hpp"
#include "json.hpp"
#include "json_object.hpp"
#include "negotiation.hpp"
#include "outcome.hpp"
#include "password.hpp"

#include <algorithm>
#include <ctime>

namespace auxeira::api {

namespace {

constexpr std::size_t small_body = 64UL * 1024;
constexpr std::size_t least_compressed = 1024; // less fits into a packet as it is
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

// Two fields are as good as none: nobody could say which of them is meant.
std::optional<TraceContext> clients_trace(const Request& request) {
    if (request.count("traceparent") != 1) return std::nullopt;
    return parse_traceparent(request.header("traceparent"));
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
    if (!reply.is_null(2)) response.etag = reply.text(2);
    if (reply.is_true(3)) response.headers = "Idempotency-Replayed: true\r\n";
    return response;
}

std::string milliseconds(std::chrono::nanoseconds passed) {
    const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(passed).count();
    std::string fraction = std::to_string(micro % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(micro / 1000) + '.' + fraction;
}

std::chrono::nanoseconds time_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::steady_clock::now() - start;
}

// How long a call took is the caller's to know. Of the account flows it could tell whether an account exists.
std::string server_timing(const Exchange& exchange) {
    const Route* route = exchange.match.route;
    const bool is_told =
        route != nullptr && (route->action == Action::call || route->action == Action::health);
    std::string line = "Server-Timing: ";
    if (is_told)
        line += "db;dur=" + milliseconds(exchange.database_time) +
                ", total;dur=" + milliseconds(time_since(exchange.start)) + ", ";
    return line + "traceparent;desc=\"" + exchange.trace.text() + "\"\r\n";
}

// Where the next page begins is found out for those who go page by page, or read what does not say it.
bool wants_pages(const Exchange& exchange) {
    if (exchange.wants_csv) return true;
    const Parameters& all = exchange.match.parameters;
    return exchange.match.route->list != nullptr &&
           std::any_of(all.begin(), all.end(), [](const auto& parameter) {
               return parameter.first == "limit" || parameter.first == "cursor";
           });
}

// RFC 8288: the same request with another cursor.
std::string link_to_next(const Exchange& exchange, std::string_view cursor) {
    std::string target(exchange.request.path);
    target += '?';
    for (const auto& [name, value] : parse_query(exchange.request.query).parameters)
        if (name != "cursor") target += percent_encode(name) + '=' + percent_encode(value) + '&';
    return "Link: <" + target + "cursor=" + percent_encode(cursor) + ">; rel=\"next\"\r\n";
}

void describe_csv(Response& response, const char* list) {
    response.content_type = csv_type;
    response.headers += "Content-Disposition: attachment; filename=\"" + std::string(list) + ".csv\"\r\n";
}

// What comes together with a secret in one body must not be compressed: its length would tell of the secret
// to whoever has a part of the body in hand (BREACH).
bool may_be_compressed(const Exchange& exchange, const Response& response) {
    const Route* route = exchange.match.route;
    return route != nullptr && route->action == Action::call && route->secrets == Secrets::none &&
           !route->pattern.starts_with("/api/auth/") &&
           (response.status == 304 || (response.status < 300 && response.body.size() >= least_compressed));
}

// Whether there is something to keep is said of the form that the client has.
std::string etag_line(const Exchange& exchange, const Response& response) {
    std::string etag = response.etag;
    if (response.status == 304) {
        const std::string packed = '"' + etag + std::string(compressed_etag) + '"';
        const bool has_packed = exchange.request.list("if-none-match").find(packed) != std::string::npos;
        if (has_packed) etag += compressed_etag;
    }
    return "ETag: \"" + etag + "\"\r\n";
}

void negotiate(const Exchange& exchange, Response& response) {
    const Route* route = exchange.match.route;
    if (route != nullptr && route->list != nullptr && response.status < 400)
        response.headers += "Vary: Accept\r\n";
    if (!may_be_compressed(exchange, response)) return;
    response.headers += "Vary: Accept-Encoding\r\n";
    if (response.status == 304 || !accepts_coding(exchange.request.list("accept-encoding"), "gzip")) return;
    std::optional<std::string> packed = gzip(response.body);
    if (!packed) return;
    response.body = std::move(*packed);
    if (!response.etag.empty()) response.etag += compressed_etag;
    response.headers += "Content-Encoding: gzip\r\n";
}

} // namespace

Gateway::Gateway(const Settings& settings, const Tokens& tokens, const Vault& vault, Database& database,
                 Replica& replica, const Account& account, EventStreams& events, const Monitor& monitor,
                 const Files& files, RateLimits& limits)
    : settings_(settings), tokens_(tokens), verdicts_(tokens), vault_(vault), database_(database),
      replica_(replica), account_(account), events_(events), monitor_(monitor), files_(files),
      limits_(limits) {}

Application::BodyPlan Gateway::examine(Exchange& exchange) {
    identify_request(exchange);
    locate_client(exchange);
    exchange.match = find_route(exchange.request.method, exchange.request.path);
    exchange.early_answer = check_address(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_route(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_accept(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_token(exchange);
    if (!exchange.early_answer) exchange.early_answer = check_identity(exchange);
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
    exchange.id = is_request_id(wish) ? std::string(wish) : random_id(16);
    exchange.trace = step_of(clients_trace(request));
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
           "\r\nAccess-Control-Expose-Headers: X-Request-Id, Retry-After, Allow, WWW-Authenticate, "
           "Link, Content-Disposition, Server-Timing, RateLimit, RateLimit-Policy, ETag, "
           "Idempotency-Replayed\r\n";
}

std::optional<Response> Gateway::check_address(Exchange& exchange) {
    if (const auto problem = limits_.take_of_address(exchange)) return problem_response(exchange, *problem);
    return std::nullopt;
}

std::optional<Response> Gateway::check_identity(Exchange& exchange) {
    if (const auto problem = limits_.take_of_identity(exchange)) return problem_response(exchange, *problem);
    return std::nullopt;
}

std::optional<Response> Gateway::check_route(Exchange& exchange) const {
    const Request& request = exchange.request;
    RouteMatch& match = exchange.match;
    if (request.path == "*") match.allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    if (match.allow.empty()) return problem_response(exchange, nothing_here());
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

// What asks for nothing is answered in JSON; a probe is answered, and a file given, whatever was
// asked for.
std::optional<Response> Gateway::check_accept(Exchange& exchange) const {
    const Route& route = *exchange.match.route;
    const std::string accept = exchange.request.list("accept");
    if (accept.empty() || route.budget == Budget::free || route.action == Action::file) return std::nullopt;
    const char* const usual = route.action == Action::events ? "text/event-stream" : "application/json";
    const int of_usual = quality_of_type(accept, usual);
    const int csv = route.list == nullptr ? 0 : quality_of_type(accept, "text/csv");
    exchange.wants_csv = csv > of_usual;
    if (of_usual > 0 || csv > 0) return std::nullopt;
    const std::string forms = std::string(usual) + (route.list == nullptr ? "" : " and text/csv");
    return problem_response(
        exchange,
        {.status = 406, .code = "not_acceptable", .error = "This can be had as " + forms + " only"});
}

// Whoever says under which condition a request is to be carried out must not be overheard: what is no call of
// the database has no way to heed it.
std::optional<Response> Gateway::check_conditions(Exchange& exchange) const {
    const Route& route = *exchange.match.route;
    Conditions& conditions = exchange.conditions;
    conditions = read_conditions(exchange.request, route);
    if (exchange.wants_csv) conditions.if_none_match.clear(); // ETags are those of JSON
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
        response.headers += "Access-Control-Allow-Methods: " + exchange.match.allow +
                            "\r\nAccess-Control-Allow-Headers: authorization, content-type, x-request-id, "
                            "traceparent, if-none-match, if-match, idempotency-key, last-event-id\r\n"
                            "Access-Control-Max-Age: 600\r\n";
    return response;
}

std::optional<Response> Gateway::answer_now(Exchange& exchange) {
    if (exchange.early_answer) return std::move(exchange.early_answer);
    const Action action = exchange.match.route->action;
    if (action == Action::live) return Response{.body = R"({"status":"live"})"};
    if (action == Action::ready) return ready();
    if (action == Action::jwks) return Response{.body = tokens_.key_set(), .caching = five_minutes};
    if (action == Action::file) {
        if (auto file = files_.answer(exchange)) return file;
        return problem_response(exchange, nothing_here());
    }
    if (!database_.up()) return database_is_down(exchange);
    return std::nullopt;
}

Response Gateway::ready() const {
    const bool is_ready = !retired_ && monitor_.ready() && database_.up();
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
    if (action == Action::events) return events_.start(exchange);
    if (action != Action::call && action != Action::health) return account_.start(exchange);
    if (exchange->request.body.size() <= small_body) return call(exchange);
    if (prepare_elsewhere(exchange)) return std::nullopt;
    return problem_response(*exchange, overloaded());
}

// The body is checked by another thread: 8 MiB of JSON take a while.
bool Gateway::prepare_elsewhere(const ExchangePtr& exchange) {
    return database_.submit([this, exchange](Session&) {
        guarded(*exchange, [&] {
            if (auto refused = call(exchange)) exchange->answer(std::move(*refused));
        });
    });
}

struct Gateway::Call {
    explicit Call(const ExchangePtr& of)
        : exchange(of), is_secret(of->match.route->secrets != Secrets::none) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
        if (is_secret) Secret::wipe(request);
    }

    const ExchangePtr exchange;
    const bool is_secret;
    std::string claims;
    std::string request;
};

std::optional<Response> Gateway::call(const ExchangePtr& exchange) {
    const auto call = std::make_shared<Call>(exchange);
    ApiRequest request = api_request(*exchange, vault_);
    if (call->is_secret) Secret::wipe(exchange->request.body);
    if (request.problem) return problem_response(*exchange, *request.problem);
    call->request = std::move(request.text);
    const auto demanded = replica_.demanded(*exchange);
    if (demanded && ask_replica(call, *demanded)) return std::nullopt;
    return ask_primary(call);
}

// Behind a database that hangs, what waits would be worked off one timeout after the other.
template <typename Answer>
Question Gateway::question(const CallPtr& call, bool may_be_repeated, Answer answer) const {
    const Exchange& exchange = *call->exchange;
    const Route& route = *exchange.match.route;
    const bool pages = wants_pages(exchange);
    return {.statement = pages ? Statement::call_list : Statement::call,
            .values = {call->claims.c_str(), route.function, call->request.c_str(),
                       exchange.wants_csv ? route.list : nullptr},
            .count = pages ? 4U : 3U,
            .may_be_repeated = may_be_repeated,
            .begin_by = exchange.start + settings_.statement_timeout + patience_in_queue,
            .answered = [call, answer](const Reply& reply, std::chrono::nanoseconds taken) {
                call->exchange->database_time += taken;
                guarded(*call->exchange, [&] { answer(reply); });
            }};
}

std::optional<Response> Gateway::ask_primary(const CallPtr& call) {
    Exchange& exchange = *call->exchange;
    call->claims = claims_json(exchange);
    const bool may_be_repeated =
        exchange.match.route->idempotent || !exchange.conditions.idempotency_key.empty();
    const auto answer = [this, &exchange](const Reply& reply) { answer_reply(exchange, reply); };
    if (database_.ask(question(call, may_be_repeated, answer))) return std::nullopt;
    return problem_response(exchange, overloaded());
}

bool Gateway::ask_replica(const CallPtr& call, const std::string& demanded) {
    call->claims = claims_json(*call->exchange, demanded);
    const auto answer = [this, call](const Reply& reply) { answer_from_replica(call, reply); };
    return replica_.ask(question(call, false, answer));
}

// What the replica does not know yet, or refuses for whatever reason, is the primary's to answer. Only what
// has taken too long already is not begun once more.
void Gateway::answer_from_replica(const CallPtr& call, const Reply& reply) {
    if (reply.has_row() && !reply.is_null(0)) return answer_rows(*call->exchange, reply);
    if (reply.error().sqlstate == "57014") return answer_failure(*call->exchange, reply);
    if (auto refused = ask_primary(call)) call->exchange->answer(std::move(*refused));
}

void Gateway::answer_reply(Exchange& exchange, const Reply& reply) const {
    if (reply.state() == Reply::State::rows) return answer_rows(exchange, reply);
    const bool is_health = exchange.match.route->action == Action::health;
    if (!is_health || reply.state() == Reply::State::late) return answer_failure(exchange, reply);
    log_failure(exchange, reply.error());
    exchange.answer(database_is_down(exchange));
}

void Gateway::answer_rows(Exchange& exchange, const Reply& reply) const {
    const std::int64_t status = reply.has_row() ? reply.number(0) : 0;
    if (exchange.match.route->secrets == Secrets::mints_link) account_.mail_is_waiting();
    if (status >= 200 && status <= 599) {
        Response response = response_of(reply);
        if (exchange.wants_csv) describe_csv(response, exchange.match.route->list);
        if (wants_pages(exchange) && !reply.is_null(4))
            response.headers += link_to_next(exchange, reply.text(4));
        return exchange.answer(std::move(response));
    }
    log_failure(exchange, {"", "auxeira.call gave no status", "", ""});
    answer_problem(exchange, internal_error());
}

Response Gateway::refuse(Exchange& exchange, const Refusal& refusal) {
    if (exchange.id.empty()) identify_request(exchange);
    return problem_response(
        exchange,
        {.status = refusal.status, .code = std::string(refusal.code), .error = std::string(refusal.reason)});
}

void Gateway::complete(const Exchange& exchange, Response& response) {
    response.headers += server_timing(exchange) + limits_.header_lines(exchange);
    negotiate(exchange, response);
    if (!response.etag.empty()) response.headers += etag_line(exchange, response);
}

void Gateway::answered(const Exchange& exchange, const Response& response) {
    figures_.add(exchange, response);
    replica_.answered(exchange);
    const Route* route = exchange.match.route;
    JsonObject line;
    line.text("requestId", exchange.id).text("method", exchange.request.method);
    line.text("route", route == nullptr ? "-" : route->pattern).number("status", response.status);
    line.raw("duration_ms", milliseconds(time_since(exchange.start)));
    if (exchange.database_time.count() > 0) line.raw("database_ms", milliseconds(exchange.database_time));
    line.text("traceId", exchange.trace.trace);
    line.text("user", exchange.identity ? exchange.identity->user : "");
    line.text("organization", exchange.identity ? exchange.identity->organization : "");
    if (exchange.identity && !exchange.identity->key_hash.empty())
        line.text("apiKey", exchange.identity->key_prefix);
    line.text("address", exchange.address);
    line.number("bytes", static_cast<std::int64_t>(response.body.size()));
    if (!response.sqlstate.empty()) line.text("sqlstate", response.sqlstate);
    if (!response.code.empty() && response.code != response.sqlstate) line.text("code", response.code);
    log_line(is_own_failure(response.status) ? Level::error : Level::info, "request", line);
}

} // namespace auxeira::api
