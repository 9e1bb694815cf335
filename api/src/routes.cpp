#include "routes.hpp"

#include "json_object.hpp"

#include <algorithm>
#include <array>

namespace auxeira::api {

namespace {

constexpr auto routes = std::to_array<Route>({
// Made of api/openapi.json by api/routes.cmake.
#include "routes_table.inc"
});

// --- The search ----------------------------------------------------------------------------------------

struct PathMatch {
    bool matches = false;
    bool undecodable = false;
    Parameters parameters;
};

// What can be told of a pattern beforehand: the table is long, and most of it is passed over by this alone.
struct Shape {
    std::string_view beginning; // up to the first parameter
    std::size_t segments = 0;
};

constexpr Shape shape_of(std::string_view pattern) {
    const auto slashes = static_cast<std::size_t>(std::ranges::count(pattern, '/'));
    return {pattern.substr(0, pattern.find(':')), slashes + 1};
}

constexpr auto shapes = [] {
    std::array<Shape, routes.size()> all{};
    std::ranges::transform(routes, all.begin(), shape_of, &Route::pattern);
    return all;
}();

// Takes the first segment from the front of a pattern.
std::string_view next_segment(std::string_view& pattern) {
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(segment.size() + 1, pattern.size()));
    return segment;
}

// With as many segments on both sides.
PathMatch match(std::string_view pattern, const std::vector<std::string_view>& path) {
    PathMatch result;
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
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const Route& route = routes[i];
        if (shapes[i].segments != segments.size() || !path.starts_with(shapes[i].beginning)) continue;
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
