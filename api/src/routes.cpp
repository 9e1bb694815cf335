#include "routes.hpp"

#include <array>
#include <optional>

namespace auxeira::api {

namespace {

// clang-format off
constexpr std::array<Route, 18> routes = {{
    {"POST", "/api/auth/register",        Action::register_user, "",                         false, Body::required, Size::small,    false},
    {"POST", "/api/auth/login",           Action::login,         "",                         false, Body::required, Size::small,    false},
    {"POST", "/api/auth/refresh",         Action::refresh,       "",                         false, Body::required, Size::small,    false},
    {"POST", "/api/auth/logout",          Action::call,          "logout",                   true,  Body::optional, Size::small,    true},
    {"GET",  "/api/auth/me",              Action::call,          "me",                       true,  Body::none,     Size::none,     true},
    {"GET",  "/api/dashboard/metrics",    Action::call,          "get_metrics",              true,  Body::none,     Size::none,     true},
    {"POST", "/api/dashboard/metrics",    Action::call,          "create_metrics",           true,  Body::required, Size::metrics,  false},
    {"POST", "/api/synthetic/generate",   Action::call,          "generate_synthetic",       true,  Body::optional, Size::standard, false},
    {"GET",  "/api/synthetic/templates",  Action::call,          "list_templates",           true,  Body::none,     Size::none,     true},
    {"POST", "/api/sse/calculate",        Action::call,          "calculate_sse",            true,  Body::required, Size::standard, false},
    {"GET",  "/api/sse/score/:startupId", Action::call,          "get_sse_score",            true,  Body::none,     Size::none,     true},
    {"POST", "/api/gamification/action",  Action::call,          "complete_action",          true,  Body::required, Size::standard, false},
    {"GET",  "/api/gamification/profile", Action::call,          "get_gamification_profile", true,  Body::none,     Size::none,     true},
    {"GET",  "/api/health",               Action::health,        "health",                   false, Body::none,     Size::none,     true},
    {"GET",  "/api/admin/stats",          Action::call,          "admin_stats",              true,  Body::none,     Size::none,     true},
    {"POST", "/api/admin/cleanup",        Action::call,          "admin_cleanup",            true,  Body::optional, Size::standard, true},
    {"GET",  "/live",                     Action::live,          "",                         false, Body::none,     Size::none,     true},
    {"GET",  "/ready",                    Action::ready,         "",                         false, Body::none,     Size::none,     true},
}};
// clang-format on

struct PathMatch {
    bool matches = false;
    bool undecodable = false;
    Parameters parameters;
};

PathMatch match(std::string_view pattern, const std::vector<std::string_view>& path) {
    PathMatch result;
    const std::vector<std::string_view> wanted = split(pattern, '/');
    if (wanted.size() != path.size()) return result;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i].starts_with(':')) {
            if (wanted[i] != path[i]) return result;
            continue;
        }
        if (path[i].empty()) return result;
        auto value = percent_decode(path[i], false);
        result.undecodable = result.undecodable || !value;
        result.parameters.emplace_back(wanted[i].substr(1), value.value_or(""));
    }
    result.matches = true;
    return result;
}

void allow(std::string& list, std::string_view method) {
    list.append(method).append(method == "GET" ? ", HEAD, " : ", ");
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

} // namespace auxeira::api
