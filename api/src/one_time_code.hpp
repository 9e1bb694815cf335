// The second factor: time-based codes (RFC 6238) as authenticator apps make them, and recovery codes.
#pragma once

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace auxeira::api {

std::string new_totp_secret();

// As people type it into an app.
std::string base32(std::string_view bytes);

// As apps read it from a QR code.
std::string totp_uri(std::string_view secret, std::string_view account);

// The number of the 30-second step whose code this is, if it is the present one or a neighbour of it. Steps
// let the database refuse a second use.
std::optional<std::int64_t> matching_step(const std::string& secret, const std::string& code,
                                          std::time_t now);

using RecoveryCodes = std::array<std::string, 10>;

// xxxx-xxxx-xxxx-xxxx, 80 bits each, of characters that are not taken for one another.
RecoveryCodes new_recovery_codes();

// SHA-256 of what the user typed, whatever its case, hyphens and blanks; nothing when it is no such code.
std::optional<std::string> recovery_code_hash(std::string_view code);

} // namespace auxeira::api
