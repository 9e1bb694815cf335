#include "routes.hpp"

#include "json_object.hpp"

#include <algorithm>
#include <array>

namespace auxeira::api {

namespace {

// --- How rows of the table are made --------------------------------------------------------------------

constexpr Route get(std::string_view pattern, const char* function) {
    return {"GET", pattern, Action::call, function, true, Body::none, Size::none, true};
}

constexpr Route list(std::string_view pattern, const char* function, const char* name) {
    Route route = get(pattern, function);
    route.list = name;
    return route;
}

constexpr Route writing(std::string_view method, std::string_view pattern, const char* function) {
    return {method, pattern, Action::call, function, true, Body::required, Size::standard, false};
}

constexpr Route post(std::string_view pattern, const char* function) {
    return writing("POST", pattern, function);
}

constexpr Route patch(std::string_view pattern, const char* function) {
    return writing("PATCH", pattern, function);
}

constexpr Route put(std::string_view pattern, const char* function) {
    return writing("PUT", pattern, function);
}

constexpr Route remove(std::string_view pattern, const char* function) {
    return {"DELETE", pattern, Action::call, function, true, Body::none, Size::none, false};
}

// By a flow of the shim. Without a token unless signed_in is added.
constexpr Route flow(std::string_view pattern, Action action) {
    return {"POST", pattern,       action,          "", false, Body::required, Size::small,
            false,  Secrets::none, Budget::password};
}

constexpr Route shim(std::string_view pattern, Action action) {
    return {"GET", pattern, action, "", false, Body::none, Size::none, true};
}

constexpr Route signed_in(Route route) {
    route.needs_token = true;
    return route;
}

constexpr Route anonymous(Route route) {
    route.needs_token = false;
    return route;
}

constexpr Route optional_body(Route route) {
    route.body = Body::optional;
    return route;
}

constexpr Route repeatable(Route route) {
    route.idempotent = true;
    return route;
}

constexpr Route sized(Size size, Route route) {
    route.size = size;
    return route;
}

constexpr Route with(Secrets secrets, Route route) {
    route.secrets = secrets;
    return route;
}

constexpr Route budgeted(Budget budget, Route route) {
    route.budget = budget;
    return route;
}

constexpr Route costly(Route route) {
    return budgeted(Budget::costly, route);
}

// --- The table -----------------------------------------------------------------------------------------

// clang-format off
constexpr auto routes = std::to_array<Route>({
    flow("/api/auth/register", Action::register_user),
    flow("/api/auth/login",    Action::login),
    budgeted(Budget::ordinary, flow("/api/auth/refresh", Action::refresh)),
    sized(Size::small, optional_body(repeatable(post("/api/auth/logout", "logout")))),
    sized(Size::small, optional_body(repeatable(post("/api/auth/logout-all", "logout_all")))),
    get("/api/auth/me",                  "me"),
    list("/api/auth/sessions",            "list_sessions", "sessions"),
    remove("/api/auth/sessions/:sessionId", "end_session"),
    list("/api/auth/events",              "list_access_events", "events"),
    get("/api/auth/api-keys",            "list_api_keys"),
    post("/api/auth/api-keys",           "create_api_key"),
    remove("/api/auth/api-keys/:keyId",  "revoke_api_key"),
    sized(Size::small, anonymous(with(Secrets::takes_link, post("/api/auth/verify-email", "verify_email")))),
    optional_body(with(Secrets::mints_link, post("/api/auth/verify-email/request", "request_verification"))),
    flow("/api/auth/password-reset/request", Action::request_reset),
    flow("/api/auth/password-reset/confirm", Action::confirm_reset),
    signed_in(flow("/api/auth/password",             Action::change_password)),
    budgeted(Budget::ordinary, signed_in(flow("/api/auth/active-organization", Action::switch_organization))),
    signed_in(flow("/api/auth/totp",                 Action::enroll_totp)),
    signed_in(flow("/api/auth/totp/confirm",         Action::confirm_totp)),
    signed_in(flow("/api/auth/totp/recovery-codes",  Action::renew_recovery_codes)),
    signed_in(flow("/api/auth/totp/disable",         Action::disable_totp)),

    list("/api/organizations",                                    "list_organizations", "organizations"),
    get("/api/organizations/:organizationId",                    "get_organization"),
    patch("/api/organizations/:organizationId",                  "update_organization"),
    list("/api/organizations/:organizationId/members",            "list_members", "members"),
    patch("/api/organizations/:organizationId/members/:userId",  "change_member_role"),
    remove("/api/organizations/:organizationId/members/:userId", "remove_member"),
    list("/api/organizations/:organizationId/invitations",        "list_invitations", "invitations"),
    with(Secrets::mints_link, post("/api/organizations/:organizationId/invitations", "invite_member")),
    remove("/api/organizations/:organizationId/invitations/:invitationId", "revoke_invitation"),
    sized(Size::small, with(Secrets::takes_link, post("/api/invitations/accept", "accept_invitation"))),

    list("/api/relationships",                                    "list_relationships", "relationships"),
    post("/api/relationships",                                   "create_relationship"),
    optional_body(post("/api/relationships/:relationshipId/accept",  "accept_relationship")),
    optional_body(post("/api/relationships/:relationshipId/decline", "decline_relationship")),
    optional_body(post("/api/relationships/:relationshipId/end",     "end_relationship")),
    list("/api/investments",   "list_investments", "investments"),
    post("/api/investments",  "create_investment"),
    list("/api/partnerships",  "list_partnerships", "partnerships"),
    post("/api/partnerships", "create_partnership"),
    list("/api/documents",     "list_documents", "documents"),
    post("/api/documents",    "create_document"),
    get("/api/benchmarks",    "get_benchmarks"),
    list("/api/integrations",  "list_integrations", "integrations"),
    post("/api/integrations", "create_integration"),
    with(Secrets::seals_credentials,
         put("/api/integrations/:integrationId/credentials", "store_integration_credentials")),

    list("/api/dashboard/metrics",    "get_metrics", "metrics"),
    list("/api/facts/:kind",          "list_facts", "facts"),
    sized(Size::metrics, post("/api/dashboard/metrics", "create_metrics")),
    costly(optional_body(post("/api/synthetic/generate", "generate_synthetic"))),
    list("/api/synthetic/templates",  "list_templates", "templates"),
    list("/api/synthetic/sessions",   "list_synthetic_sessions", "sessions"),
    costly(repeatable(remove("/api/synthetic/sessions/:sessionId", "remove_synthetic_session"))),
    costly(post("/api/synthetic/templates", "create_template")),
    get("/api/synthetic/templates/:templateId",    "get_template"),
    remove("/api/synthetic/templates/:templateId", "remove_template"),
    costly(get("/api/synthetic/sessions/:sessionId/report", "get_synthetic_report")),
    post("/api/sse/calculate",       "calculate_sse"),
    get("/api/sse/score/:startupId", "get_sse_score"),
    post("/api/gamification/action", "complete_action"),
    get("/api/gamification/profile", "get_gamification_profile"),

    {"GET", "/api/events", Action::events, "get_events", true, Body::none, Size::none, true},

    list("/api/history/:table/:id",       "get_history", "versions"),
    get("/api/ledger/receipt/:changeId", "get_ledger_receipt"),
    get("/api/ledger/digest",            "get_ledger_digest"),
    costly(optional_body(repeatable(post("/api/ledger/verify", "admin_verify_ledger")))),
    get("/api/ledger/verify/:runId",     "admin_get_verification"),

    costly(get("/api/admin/stats", "admin_stats")),
    costly(optional_body(repeatable(post("/api/admin/cleanup", "admin_cleanup")))),
    patch("/api/admin/users/:userId", "admin_update_user"),
    costly(optional_body(post("/api/admin/synthetic/ecosystem", "admin_create_ecosystem"))),
    {"GET", "/api/health", Action::health, "health", false, Body::none, Size::none, true},
    budgeted(Budget::free, shim("/live",  Action::live)),
    budgeted(Budget::free, shim("/ready", Action::ready)),
    shim("/.well-known/jwks.json", Action::jwks),
});
// clang-format on

// --- The search ----------------------------------------------------------------------------------------

struct PathMatch {
    bool matches = false;
    bool undecodable = false;
    Parameters parameters;
};

// Takes the first segment from the front of a pattern.
std::string_view next_segment(std::string_view& pattern) {
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(segment.size() + 1, pattern.size()));
    return segment;
}

// Most patterns differ early, and the table is long: nothing is allocated before a parameter is met.
PathMatch match(std::string_view pattern, const std::vector<std::string_view>& path) {
    PathMatch result;
    const auto slashes = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '/'));
    if (slashes + 1 != path.size()) return result;
    for (const std::string_view part : path) {
        const std::string_view wanted = next_segment(pattern);
        if (!wanted.starts_with(':')) {
            if (wanted != part) return result;
            continue;
        }
        if (part.empty()) return result;
        auto value = percent_decode(part, false);
        result.undecodable = result.undecodable || !value;
        result.parameters.emplace_back(wanted.substr(1), value.value_or(""));
    }
    result.matches = true;
    return result;
}

void allow(std::string& list, std::string_view method) {
    list.append(method).append(method == "GET" ? ", HEAD, " : ", ");
}

// --- The listing ---------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 3> body_words = {"none", "optional", "required"};

// What the shim answers by itself has no function.
std::string listed(const Route& route) {
    const std::string function = *route.function == '\0' ? "null" : json_string(route.function);
    JsonObject line;
    line.text("method", route.method).text("path", route.pattern).raw("function", function);
    line.raw("needsToken", route.needs_token ? "true" : "false");
    line.text("body", body_words[static_cast<std::size_t>(route.body)]);
    return line.str() + '\n';
}

} // namespace

RouteMatch find_route(std::string_view method, std::string_view path) {
    const std::vector<std::string_view> segments = split(path, '/');
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    RouteMatch found;
    for (const Route& route : routes) {
        PathMatch candidate = match(route.pattern, segments);
        if (!candidate.matches) continue;
        allow(found.allow, route.method);
        if (route.method != wanted) continue;
        found.route = &route;
        found.parameters = std::move(candidate.parameters);
        found.undecodable = candidate.undecodable;
    }
    if (!found.allow.empty()) found.allow += "OPTIONS";
    return found;
}

std::span<const Route> all_routes() {
    return routes;
}

std::string routes_listing() {
    std::string lines;
    for (const Route& route : routes)
        lines += listed(route);
    return lines;
}

} // namespace auxeira::api
