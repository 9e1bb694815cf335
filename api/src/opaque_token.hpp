// Tokens that are not signed but looked up: refresh tokens, and those in the links of mails. The database has
// their SHA-256 alone.
#pragma once

#include "vault.hpp"

#include <string>
#include <string_view>

namespace auxeira::api {

inline constexpr std::string_view refresh_token_prefix = "rt_";
inline constexpr std::string_view link_token_prefix = "vt_";

// 256 random bits behind the prefix.
std::string new_opaque_token(std::string_view prefix);

bool is_opaque_token(std::string_view text, std::string_view prefix);

// What the database keeps of a new link until its mail has been sent.
struct LinkToken {
    std::string hash;
    std::string sealed;
};

LinkToken new_link_token(const Vault& vault);

} // namespace auxeira::api
