#include "opaque_token.hpp"

#include "encoding.hpp"
#include "password.hpp"

namespace auxeira::api {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_characters = 43;

} // namespace

std::string new_opaque_token(std::string_view prefix) {
    return std::string(prefix) + base64url(random_bytes(token_bytes));
}

bool is_opaque_token(std::string_view text, std::string_view prefix) {
    return text.size() == prefix.size() + token_characters && text.starts_with(prefix) &&
           from_base64url(text.substr(prefix.size())).has_value();
}

LinkToken new_link_token(const Vault& vault) {
    const Secret text(new_opaque_token(link_token_prefix));
    return {sha256(text.text()), vault.seal(text.text(), "mail-token")};
}

} // namespace auxeira::api
