// Text forms of bytes: base64url (RFC 4648, no padding, strict), hexadecimal, UUID.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

std::string base64url(std::string_view bytes);

// Nothing when there is padding, white space, a foreign character or a set trailing bit.
std::optional<std::string> from_base64url(std::string_view text);

std::string hex(std::string_view bytes);

// The text form of a bytea parameter.
std::string bytea(std::string_view bytes);

std::string random_bytes(std::size_t count);

std::string sha256(std::string_view bytes);

bool is_uuid(std::string_view text);

bool is_utf8(std::string_view text);

// Characters, not bytes; the text must be valid UTF-8.
std::size_t utf8_length(std::string_view text);

std::string lower(std::string_view text);

} // namespace auxeira::api
