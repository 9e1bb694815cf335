// What the database gets of requests that hold secrets or need one.
#include "api_request.hpp"
#include "encoding.hpp"
#include "json.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

using auxeira::api::api_request;
using auxeira::api::Exchange;
using auxeira::api::Vault;

const Vault vault(std::string(32, 'k'));

struct Result {
    int status = 0; // of the refusal
    std::map<std::string, std::string> members;
    std::string last(const char* name) const { return members.count(name) ? members.at(name) : "none"; }
};

Result request(const char* method, const char* path, const std::string& body,
               const auxeira::api::Parameters& query = {}) {
    Exchange exchange("127.0.0.1");
    exchange.match = auxeira::api::find_route(method, path);
    exchange.match.parameters.insert(exchange.match.parameters.begin(), query.begin(), query.end());
    exchange.request.body = body;
    const auto made = api_request(exchange, vault);
    if (made.problem) return {made.problem->status, {}};
    Result result;
    for (const auto& member : auxeira::api::members(made.text))
        result.members[member.name] =
            auxeira::api::string_value(member.value).value_or(std::string(member.value));
    return result;
}

std::string opened(const std::string& sealed, const char* context) {
    return vault.open(auxeira::api::from_hex(sealed).value_or(""), context).value_or("(nothing)");
}

TEST(ApiSealing, a_new_link_is_made_by_the_shim_alone) {
    const char* body = R"({"email":"a@b.example","tokenHash":"mine","tokenSealed":"mine"})";
    const auto made = request("POST", "/api/organizations/o/invitations", body, {{"tokenHash", "mine too"}});
    const std::string token = opened(made.last("tokenSealed"), "mail-token");
    EXPECT_EQ(token.size(), 46U);
    EXPECT_EQ(token.substr(0, 3), "vt_");
    EXPECT_EQ(made.last("tokenHash"), auxeira::api::hex(auxeira::api::sha256(token)));
    EXPECT_EQ(made.last("email"), "a@b.example");
    EXPECT_EQ(made.last("organizationId"), "o");
}

TEST(ApiSealing, a_link_needs_no_body) {
    EXPECT_EQ(request("POST", "/api/auth/verify-email/request", "").last("tokenHash").size(), 64U);
}

TEST(ApiSealing, credentials_are_sealed_as_written) {
    const auto made = request("PUT", "/api/integrations/i/credentials",
                              R"({"credentials":{"key":"s3cret","n":1.0},"sealedCredentials":"mine"})");
    EXPECT_EQ(made.last("credentials"), "none");
    EXPECT_EQ(made.last("integrationId"), "i");
    EXPECT_EQ(opened(made.last("sealedCredentials"), "integration-credentials"),
              R"({"key":"s3cret","n":1.0})");
    EXPECT_EQ(opened(made.last("sealedCredentials"), "mail-token"), "(nothing)");
}

TEST(ApiSealing, credentials_are_an_object) {
    const auto status = [](const char* body) {
        return request("PUT", "/api/integrations/i/credentials", body).status;
    };
    for (const char* body : {"{}", R"({"credentials":null})", "", "[]"})
        EXPECT_EQ(status(body), 400) << body;
    for (const char* body : {R"({"credentials":"s3cret"})", R"({"credentials":[]})", R"({"credentials":1})"})
        EXPECT_EQ(status(body), 422) << body;
    EXPECT_EQ(status(R"({"credentials":{"a":1},"cr\u0065dentials":{"b":2}})"), 400);
}

TEST(ApiSealing, malformed_tokens_of_links_are_refused_here) {
    const auto status = [](const std::string& token) {
        return request("POST", "/api/auth/verify-email", R"({"token":")" + token + "\"}").status;
    };
    EXPECT_EQ(status("vt_" + std::string(43, 'A')), 0);
    for (const std::string& token :
         {std::string(), "vt_" + std::string(42, 'A'), "vt_" + std::string(44, 'A'),
          "vt_" + std::string(42, 'A') + "B", "rt_" + std::string(43, 'A'), "VT_" + std::string(43, 'A'),
          "vt_" + std::string(43, '=')})
        EXPECT_EQ(status(token), 422) << token;
    EXPECT_EQ(request("POST", "/api/auth/verify-email", "{}").status, 400);
    EXPECT_EQ(request("POST", "/api/auth/verify-email", R"({"token":["vt_"]})").status, 422);
}

} // namespace
