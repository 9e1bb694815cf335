// Text forms of bytes: base64 (RFC 4648), hexadecimal, UUID, UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

std::string base64url(std::string_view bytes);

// Nothing when there is padding, white space, a foreign character or a set trailing bit.
std::optional<std::string> from_base64url(std::string_view text);

// Any of the usual forms, as people and their tools write keys: either alphabet, with padding or without.
std::optional<std::string> from_any_base64(std::string_view text);

std::string hex(std::string_view bytes);

std::optional<std::string> from_hex(std::string_view text);

// The text form of a bytea parameter.
std::string bytea(std::string_view bytes);

std::string random_bytes(std::size_t count);

// So many bytes in hex, for ids that tell things apart and keep no secret: from a stock that each thread has,
// for which the kernel is asked once in a while.
std::string random_id(std::size_t bytes);

std::string sha256(std::string_view bytes);

bool is_uuid(std::string_view text);

bool is_utf8(std::string_view text);

// The first bytes, without the part of a character that the limit would cut.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

// Characters, not bytes; the text must be valid UTF-8.
std::size_t utf8_length(std::string_view text);

std::string lower(std::string_view text);

} // namespace auxeira::api
