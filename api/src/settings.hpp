// What the program is told by its environment. One table drives reading, --help and --check-config.
#pragma once

#include "client_address.hpp"
#include "log.hpp"
#include "streams.hpp"
#include "token_buckets.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace auxeira::api {

enum class SmtpTls { required, optional, off };

struct SmtpSettings {
    std::string url; // empty = mail waits in the outbox
    std::string user;
    std::string password;
    std::string from;
    SmtpTls tls = SmtpTls::required;
    std::string certificates; // PEM; empty = the system's
};

struct Settings {
    std::uint16_t port = 0;
    std::string listen;
    std::optional<std::uint16_t> metrics_port; // none = no metrics
    std::string metrics_listen;
    std::string dsn;
    std::string read_dsn; // of a replica; empty = none
    std::size_t workers = 0;
    std::size_t queue = 0;
    std::chrono::milliseconds statement_timeout{};
    std::chrono::seconds linger{}; // between being told to stop and refusing connections
    // Of the signing key one form is set, of the previous one at most one.
    std::string jwt_key; // 32 bytes, as the other keys
    std::string jwt_secret;
    std::string jwt_previous_key;
    std::string jwt_previous_secret;
    std::string jwt_issuer;
    std::string jwt_audience;
    std::int64_t access_seconds = 0;
    std::int64_t legacy_seconds = 0;
    std::int64_t refresh_seconds = 0;
    std::int64_t idle_seconds = 0;
    std::string vault_key;
    std::string vault_previous_key; // empty = none
    std::string public_url;         // without a final slash
    std::string password_list;      // a path; empty = no list
    std::string web;                // a directory; empty = none
    SmtpSettings smtp;
    TrustedProxies trusted_proxies;
    std::vector<std::string> cors_origins;
    std::size_t body_limit = 0;
    std::size_t metrics_body_limit = 0;
    std::size_t max_connections = 0;
    StreamLimits streams;
    std::array<Limit, 5> limits; // in the order of Policy
    Level log_level = Level::info;
    std::string run_as;
    std::string ready_file;
};

// Names the variable, the value (never a secret's) and what is allowed.
class SettingsError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// How a variable is looked up: nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

Environment process_environment();

// Whether a variable is one of the settings, or names the file of a secret.
bool is_setting(const std::string& name);

Settings read_settings(const Environment& environment);

// The files of secrets that this user cannot read, as NAME=path: what root has read before it became another
// user cannot be read again.
std::vector<std::string> unreadable_files(const Environment& environment);

// For --help: every variable with its default, its range and its meaning.
std::string settings_help();

// For --check-config: every variable with the value in force; of a secret only whether it is set.
std::string settings_in_force(const Environment& environment);

} // namespace auxeira::api
