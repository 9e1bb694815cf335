// The table of endpoints: what a method and a path find.
#include "routes.hpp"

#include <gtest/gtest.h>

namespace {

using auxeira::api::Action;
using auxeira::api::Body;
using auxeira::api::find_route;
using auxeira::api::Parameters;
using auxeira::api::Secrets;
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

TEST(ApiRoutes, all_methods_have_their_places) {
    EXPECT_STREQ(find_route("PATCH", "/api/organizations/o").route->function, "update_organization");
    EXPECT_STREQ(find_route("DELETE", "/api/auth/sessions/s").route->function, "end_session");
    EXPECT_STREQ(find_route("PUT", "/api/integrations/i/credentials").route->function,
                 "store_integration_credentials");
    EXPECT_EQ(find_route("PUT", "/api/organizations/o").allow, "GET, HEAD, PATCH, OPTIONS");
    EXPECT_EQ(find_route("GET", "/api/integrations/i/credentials").allow, "PUT, OPTIONS");
    EXPECT_EQ(find_route("POST", "/api/organizations/o/members/u").allow, "PATCH, DELETE, OPTIONS");
}

TEST(ApiRoutes, several_parameters_are_told_apart) {
    const auto match = find_route("DELETE", "/api/organizations/o/members/u");
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.parameters, (Parameters{{"organizationId", "o"}, {"userId", "u"}}));
}

TEST(ApiRoutes, secrets_are_taken_care_of) {
    const auto of = [](const char* method, const char* path) {
        return find_route(method, path).route->secrets;
    };
    EXPECT_EQ(of("POST", "/api/organizations/o/invitations"), Secrets::mints_link);
    EXPECT_EQ(of("POST", "/api/auth/verify-email/request"), Secrets::mints_link);
    EXPECT_EQ(of("POST", "/api/auth/verify-email"), Secrets::takes_link);
    EXPECT_EQ(of("POST", "/api/invitations/accept"), Secrets::takes_link);
    EXPECT_EQ(of("PUT", "/api/integrations/i/credentials"), Secrets::seals_credentials);
    EXPECT_EQ(of("POST", "/api/dashboard/metrics"), Secrets::none);
}

TEST(ApiRoutes, links_are_used_by_post_alone) {
    for (const char* path :
         {"/api/auth/verify-email", "/api/auth/password-reset/confirm", "/api/invitations/accept"})
        EXPECT_EQ(find_route("GET", path).allow, "POST, OPTIONS") << path;
}

TEST(ApiRoutes, only_these_need_no_token) {
    for (const char* path :
         {"/api/auth/register", "/api/auth/login", "/api/auth/refresh", "/api/auth/verify-email",
          "/api/auth/password-reset/request", "/api/auth/password-reset/confirm"})
        EXPECT_FALSE(find_route("POST", path).route->needs_token) << path;
    for (const char* path : {"/api/health", "/live", "/ready", "/.well-known/jwks.json"})
        EXPECT_FALSE(find_route("GET", path).route->needs_token) << path;
    for (const char* path :
         {"/api/auth/me", "/api/admin/stats", "/api/gamification/profile", "/api/synthetic/templates",
          "/api/auth/sessions", "/api/organizations", "/api/relationships", "/api/benchmarks"})
        EXPECT_TRUE(find_route("GET", path).route->needs_token) << path;
    for (const char* path :
         {"/api/auth/logout", "/api/admin/cleanup", "/api/gamification/action", "/api/sse/calculate",
          "/api/auth/password", "/api/auth/active-organization", "/api/auth/totp", "/api/auth/totp/confirm",
          "/api/auth/totp/recovery-codes", "/api/auth/totp/disable", "/api/invitations/accept"})
        EXPECT_TRUE(find_route("POST", path).route->needs_token) << path;
}

TEST(ApiRoutes, writing_is_not_repeated_after_a_lost_connection) {
    EXPECT_FALSE(find_route("POST", "/api/gamification/action").route->idempotent);
    EXPECT_FALSE(find_route("POST", "/api/dashboard/metrics").route->idempotent);
    EXPECT_FALSE(find_route("DELETE", "/api/auth/sessions/s").route->idempotent);
    EXPECT_TRUE(find_route("GET", "/api/auth/me").route->idempotent);
}

TEST(ApiRoutes, the_listing_has_a_line_for_each_endpoint) {
    const std::string listing = auxeira::api::routes_listing();
    for (
        const char* line :
        {R"({"method":"GET","path":"/api/auth/me","function":"me","needsToken":true,"body":"none"})",
         R"({"method":"POST","path":"/api/auth/login","function":null,"needsToken":false,"body":"required"})",
         R"({"method":"GET","path":"/live","function":null,"needsToken":false,"body":"none"})"})
        EXPECT_NE(listing.find(line + std::string("\n")), std::string::npos) << line;
}

TEST(ApiRoutes, very_long_paths_are_harmless) {
    EXPECT_TRUE(find_route("GET", std::string(16000, '/')).allow.empty());
}

} // namespace
