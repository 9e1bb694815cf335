#include "api_key.hpp"

#include "encoding.hpp"

#include <algorithm>

namespace auxeira::api {

namespace {

constexpr std::string_view mark = "ak_";

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_prefix(std::string_view text) {
    return text.size() >= 8 && text.size() <= 16 && std::all_of(text.begin(), text.end(), is_alphanumeric);
}

bool is_secret(std::string_view text) {
    const auto base64url_digit = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
    return text.size() >= 43 && text.size() <= 64 && std::all_of(text.begin(), text.end(), base64url_digit);
}

} // namespace

std::optional<Identity> api_key_identity(std::string_view text) {
    if (!text.starts_with(mark)) return std::nullopt;
    const std::size_t end = text.find('_', mark.size());
    if (end == std::string_view::npos) return std::nullopt;
    if (!is_prefix(text.substr(mark.size(), end - mark.size())) || !is_secret(text.substr(end + 1)))
        return std::nullopt;
    Identity identity;
    identity.key_hash = hex(sha256(text));
    identity.key_prefix = text.substr(0, end);
    return identity;
}

} // namespace auxeira::api
