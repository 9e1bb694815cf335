// The table of endpoints: what a method and a path find.
#include "routes.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::Action;
using auxeira::api::Body;
using auxeira::api::find_route;
using auxeira::api::Size;

TEST(ApiRoutes, fixed_paths_are_found) {
    const auto match = find_route("GET", "/api/dashboard/metrics");
    ASSERT_NE(match.route, nullptr);
    EXPECT_STREQ(match.route->function, "get_metrics");
    EXPECT_TRUE(match.route->needs_token);
    EXPECT_EQ(match.allow, "GET, HEAD, POST, OPTIONS");
    EXPECT_STREQ(find_route("POST", "/api/dashboard/metrics").route->function, "create_metrics");
    EXPECT_EQ(find_route("POST", "/api/dashboard/metrics").route->size, Size::metrics);
}

TEST(ApiRoutes, head_finds_get) {
    ASSERT_NE(find_route("HEAD", "/live").route, nullptr);
    EXPECT_EQ(find_route("HEAD", "/live").route->action, Action::live);
    EXPECT_EQ(find_route("HEAD", "/api/sse/calculate").route, nullptr);
}

TEST(ApiRoutes, parameters_are_decoded) {
    const auto match = find_route("GET", "/api/sse/score/a%2Fb%20c");
    ASSERT_NE(match.route, nullptr);
    const auxeira::api::Parameters expected = {{"startupId", "a/b c"}};
    EXPECT_EQ(match.parameters, expected);
    EXPECT_TRUE(find_route("GET", "/api/sse/score/%00").undecodable);
}

TEST(ApiRoutes, near_misses_are_not_found) {
    for (const char* path :
         {"/", "", "*", "/api", "/api/", "/live/", "//live", "/LIVE", "/api/sse/score/", "/api/sse/score",
          "/api/sse/score/a/b", "/api/auth/../live", "/%6Cive", "/api/auth/me/"})
        EXPECT_TRUE(find_route("GET", path).allow.empty()) << path;
}

TEST(ApiRoutes, other_methods_are_told_what_is_allowed) {
    const auto match = find_route("DELETE", "/api/auth/login");
    EXPECT_EQ(match.route, nullptr);
    EXPECT_EQ(match.allow, "POST, OPTIONS");
}

TEST(ApiRoutes, only_these_need_no_token) {
    for (const char* path : {"/api/auth/register", "/api/auth/login", "/api/auth/refresh"})
        EXPECT_FALSE(find_route("POST", path).route->needs_token) << path;
    for (const char* path : {"/api/health", "/live", "/ready"})
        EXPECT_FALSE(find_route("GET", path).route->needs_token) << path;
    for (const char* path :
         {"/api/auth/me", "/api/admin/stats", "/api/gamification/profile", "/api/synthetic/templates"})
        EXPECT_TRUE(find_route("GET", path).route->needs_token) << path;
    for (const char* path :
         {"/api/auth/logout", "/api/admin/cleanup", "/api/gamification/action", "/api/sse/calculate"})
        EXPECT_TRUE(find_route("POST", path).route->needs_token) << path;
}

TEST(ApiRoutes, writing_is_not_repeated_after_a_lost_connection) {
    EXPECT_FALSE(find_route("POST", "/api/gamification/action").route->idempotent);
    EXPECT_FALSE(find_route("POST", "/api/dashboard/metrics").route->idempotent);
    EXPECT_TRUE(find_route("GET", "/api/auth/me").route->idempotent);
}

TEST(ApiRoutes, very_long_paths_are_harmless) {
    EXPECT_TRUE(find_route("GET", std::string(16000, '/')).allow.empty());
}

} // namespace
