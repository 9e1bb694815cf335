#include "api_request.hpp"

#include "encoding.hpp"
#include "fields.hpp"
#include "json.hpp"
#include "opaque_token.hpp"

namespace auxeira::api {

namespace {

ApiRequest refused(Problem problem) {
    return {.text = {}, .problem = std::move(problem)};
}

// Behind the client's own members and parameters, so that these win.
ApiRequest with_new_link(std::string_view body, Parameters additions, const Vault& vault) {
    const LinkToken link = new_link_token(vault);
    additions.emplace_back("tokenHash", hex(link.hash));
    additions.emplace_back("tokenSealed", hex(link.sealed));
    return {splice(body, additions)};
}

// What is no token of a link need not be looked up.
ApiRequest with_link(std::string_view body, const Parameters& additions) {
    Fields fields(body);
    const SecretPtr token = fields.secret("token");
    if (auto problem = fields.problem()) return refused(*problem);
    if (!is_opaque_token(token->text(), link_token_prefix)) return refused(unusable_link());
    return {splice(body, additions)};
}

ApiRequest with_sealed_credentials(std::string_view body, Parameters additions, const Vault& vault) {
    Fields fields(body);
    const std::string_view credentials = fields.object("credentials");
    if (auto problem = fields.problem()) return refused(*problem);
    additions.emplace_back("sealedCredentials", hex(vault.seal(credentials, "integration-credentials")));
    return {splice(fields.without({"credentials"}), additions)};
}

} // namespace

ApiRequest api_request(const Exchange& exchange, const Vault& vault) {
    const Route& route = *exchange.match.route;
    const Parameters& additions = exchange.match.parameters;
    const std::string& given = exchange.request.body;
    if (!given.empty() || route.body == Body::required)
        if (const auto fault = check_object(given)) return refused(malformed_json(*fault));
    const std::string_view body = route.body == Body::none || given.empty() ? "{}" : std::string_view(given);
    switch (route.secrets) {
    case Secrets::mints_link:
        return with_new_link(body, additions, vault);
    case Secrets::takes_link:
        return with_link(body, additions);
    case Secrets::seals_credentials:
        return with_sealed_credentials(body, additions, vault);
    case Secrets::none:
        break;
    }
    return {additions.empty() ? std::string(body) : splice(body, additions)};
}

} // namespace auxeira::api
