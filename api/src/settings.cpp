#include "settings.hpp"

#include "connection_string.hpp"
#include "encoding.hpp"
#include "mail.hpp"
#include "smtp_url.hpp"
#include "socket_address.hpp"
#include "url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace auxeira::api {

namespace {

enum class Kind { integer, text, secret };

constexpr std::int64_t day = 86400;
constexpr std::int64_t mebibyte = 1024L * 1024;
constexpr std::size_t key_bytes = 32;

struct Setting {
    const char* name;
    Kind kind;
    std::string fallback; // empty = none
    bool required;
    std::int64_t minimum; // of a number its value, of a text its length in bytes
    std::int64_t maximum;
    const char* allowed; // for people; of a number the range is printed instead
    const char* meaning;
    bool (*valid)(const std::string&); // of a text, after its length was checked
    void (*store)(Settings&, const std::string&, std::int64_t);
};

bool any_text(const std::string&) {
    return true;
}

bool is_address(const std::string& text) {
    return socket_address(text, 0).has_value();
}

bool are_proxies(const std::string& text) {
    return TrustedProxies::from_list(text).has_value();
}

bool is_limit(const std::string& text) {
    return limit_of(text).has_value();
}

constexpr const char* limit_form = "REQUESTS/SECONDS such as 3000/60, or off";

bool is_conninfo(const std::string& text) {
    return connection_options(text).has_value();
}

bool is_conninfo_or_none(const std::string& text) {
    return text.empty() || is_conninfo(text);
}

bool is_plain(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

constexpr std::array<const char*, 4> level_words = {"debug", "info", "warn", "error"};

bool is_level(const std::string& text) {
    return std::find(level_words.begin(), level_words.end(), text) != level_words.end();
}

Level level_of(const std::string& text) {
    return static_cast<Level>(std::find(level_words.begin(), level_words.end(), text) - level_words.begin());
}

// scheme://host[:port] exactly as a browser sends it: no wildcard, no path, no final slash.
bool is_origin(std::string_view text) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos || scheme == 0 || scheme + 3 == text.size()) return false;
    const std::string_view host = text.substr(scheme + 3);
    return is_plain(std::string(text)) && host.find_first_of("/*?#@") == std::string_view::npos;
}

std::vector<std::string> origins_of(const std::string& text) {
    std::vector<std::string> origins;
    for (const std::string_view origin : split(text, ','))
        if (!origin.empty()) origins.emplace_back(origin);
    return origins;
}

bool are_origins(const std::string& text) {
    const std::vector<std::string> origins = origins_of(text);
    return std::all_of(origins.begin(), origins.end(), is_origin);
}

constexpr const char* secret_form = "at least 32 random bytes";
constexpr const char* key_form = "32 random bytes as base64";

// What was made at random is not the same byte again and again.
bool is_varied(std::string_view bytes) {
    return bytes.find_first_not_of(bytes.substr(0, 1)) != std::string_view::npos;
}

bool is_secret(const std::string& text) {
    return is_varied(text);
}

std::string key_of(const std::string& text) {
    return from_any_base64(text).value_or("");
}

bool is_key(const std::string& text) {
    const std::string key = key_of(text);
    return key.size() == key_bytes && is_varied(key);
}

bool is_page_url(const std::string& text) {
    const std::size_t host = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
    return host != 0 && host < text.size() && text.find_first_of("/:", host) != host && is_plain(text) &&
           text.find_first_of("?#@\"<>\\^`{|}") == std::string::npos;
}

std::string without_final_slash(const std::string& text) {
    return text.substr(0, text.find_last_not_of('/') + 1);
}

bool is_smtp_url_or_none(const std::string& text) {
    return text.empty() || smtp_url(text);
}

bool is_sender_or_none(const std::string& text) {
    return text.empty() || (is_mail_address(text) && is_plain(text));
}

constexpr std::array<const char*, 3> smtp_tls_words = {"required", "optional", "off"};

bool is_smtp_tls(const std::string& text) {
    return std::find(smtp_tls_words.begin(), smtp_tls_words.end(), text) != smtp_tls_words.end();
}

SmtpTls smtp_tls_of(const std::string& text) {
    return static_cast<SmtpTls>(std::find(smtp_tls_words.begin(), smtp_tls_words.end(), text) -
                                smtp_tls_words.begin());
}

// Read while the program may still be root. Empty when it cannot be read.
std::string certificates_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

bool has_certificates_or_none(const std::string& path) {
    return path.empty() || certificates_of(path).find("-----BEGIN CERTIFICATE-----") != std::string::npos;
}

std::string default_workers() {
    return std::to_string(std::clamp(2U * std::thread::hardware_concurrency(), 1U, 64U));
}

// The parameters of the functions that store a value.
#define INTO Settings &s, [[maybe_unused]] const std::string &text, [[maybe_unused]] std::int64_t number

// clang-format off
const std::vector<Setting>& table() {
    static const std::vector<Setting> settings = {
        {"AUXEIRA_PORT", Kind::integer, "8080", false, 0, 65535, "",
         "port to listen on; 0 takes any free one", any_text, [](INTO) { s.port = static_cast<std::uint16_t>(number); }},
        {"AUXEIRA_LISTEN", Kind::text, "127.0.0.1", false, 1, 64, "an IPv4 or IPv6 address",
         "address to listen on", is_address, [](INTO) { s.listen = text; }},
        {"AUXEIRA_METRICS_PORT", Kind::integer, "", false, 0, 65535, "",
         "port of the metrics for Prometheus, at /metrics; 0 takes any free one; none without it", any_text, [](INTO) { s.metrics_port = static_cast<std::uint16_t>(number); }},
        {"AUXEIRA_METRICS_LISTEN", Kind::text, "127.0.0.1", false, 1, 64, "an IPv4 or IPv6 address",
         "address of the metrics; they are for operators and ask for no token", is_address, [](INTO) { s.metrics_listen = text; }},
        {"AUXEIRA_APP_DSN", Kind::secret, "", true, 1, 4096, "a libpq connection string or URI",
         "the database, as the shim's own login", is_conninfo, [](INTO) { s.dsn = text; }},
        {"AUXEIRA_READ_URL", Kind::secret, "", false, 0, 4096, "a libpq connection string or URI",
         "a replica of the database for reads, as the same login; none by default", is_conninfo_or_none, [](INTO) { s.read_dsn = text; }},
        {"AUXEIRA_WORKERS", Kind::integer, default_workers(), false, 1, 64, "",
         "database connections, each with a thread; twice the cores by default", any_text, [](INTO) { s.workers = static_cast<std::size_t>(number); }},
        {"AUXEIRA_QUEUE", Kind::integer, "256", false, 1, 100000, "",
         "requests that may wait for a database connection", any_text, [](INTO) { s.queue = static_cast<std::size_t>(number); }},
        {"AUXEIRA_STATEMENT_TIMEOUT_MS", Kind::integer, "5000", false, 100, 600000, "",
         "longest run of one statement", any_text, [](INTO) { s.statement_timeout = std::chrono::milliseconds(number); }},
        {"AUXEIRA_LINGER_SECONDS", Kind::integer, "0", false, 0, 300, "",
         "once told to stop, how long requests are still taken while /ready says no, so that a proxy sends them elsewhere", any_text, [](INTO) { s.linger = std::chrono::seconds(number); }},
        {"AUXEIRA_JWT_KEY", Kind::secret, "", false, 43, 44, key_form,
         "key that signs access tokens, EdDSA (Ed25519); this or AUXEIRA_JWT_SECRET is required", is_key, [](INTO) { s.jwt_key = key_of(text); }},
        {"AUXEIRA_JWT_SECRET", Kind::secret, "", false, 32, 4096, secret_form,
         "key that signs access tokens, HS256", is_secret, [](INTO) { s.jwt_secret = text; }},
        {"AUXEIRA_JWT_PREVIOUS_KEY", Kind::secret, "", false, 43, 44, key_form,
         "Ed25519 key whose tokens are still accepted after a rotation", is_key, [](INTO) { s.jwt_previous_key = key_of(text); }},
        {"AUXEIRA_JWT_PREVIOUS_SECRET", Kind::secret, "", false, 32, 4096, secret_form,
         "HS256 key whose tokens are still accepted after a rotation", is_secret, [](INTO) { s.jwt_previous_secret = text; }},
        {"AUXEIRA_JWT_ISSUER", Kind::text, "auxeira", false, 1, 200, "visible ASCII",
         "`iss` of the tokens", is_plain, [](INTO) { s.jwt_issuer = text; }},
        {"AUXEIRA_JWT_AUDIENCE", Kind::text, "auxeira-api", false, 1, 200, "visible ASCII",
         "`aud` of the tokens", is_plain, [](INTO) { s.jwt_audience = text; }},
        {"AUXEIRA_JWT_ACCESS_SECONDS", Kind::integer, "900", false, 10, day, "",
         "life of an access token that comes with a refresh token", any_text, [](INTO) { s.access_seconds = number; }},
        {"AUXEIRA_JWT_LEGACY_SECONDS", Kind::integer, "86400", false, 10, 30 * day, "",
         "life of an access token without a refresh token", any_text, [](INTO) { s.legacy_seconds = number; }},
        {"AUXEIRA_JWT_REFRESH_SECONDS", Kind::integer, "2592000", false, 60, 366 * day, "",
         "life of a session that can be refreshed", any_text, [](INTO) { s.refresh_seconds = number; }},
        {"AUXEIRA_JWT_IDLE_SECONDS", Kind::integer, "1209600", false, 60, 366 * day, "",
         "longest time between two refreshes of a session", any_text, [](INTO) { s.idle_seconds = number; }},
        {"AUXEIRA_VAULT_KEY", Kind::secret, "", true, 43, 44, key_form,
         "key that seals what the database must not be able to read", is_key, [](INTO) { s.vault_key = key_of(text); }},
        {"AUXEIRA_VAULT_PREVIOUS_KEY", Kind::secret, "", false, 43, 44, key_form,
         "key that opens what was sealed before a change of keys", is_key, [](INTO) { s.vault_previous_key = key_of(text); }},
        {"AUXEIRA_PUBLIC_URL", Kind::text, "http://127.0.0.1:8080", false, 8, 2000, "an http or https URL without user, query and fragment",
         "where the pages are to which mails link", is_page_url, [](INTO) { s.public_url = without_final_slash(text); }},
        {"AUXEIRA_PASSWORD_LIST", Kind::text, "", false, 0, 4096, "a path",
         "file of common and leaked passwords that nobody may take, one in each line", any_text, [](INTO) { s.password_list = text; }},
        {"AUXEIRA_WEB", Kind::text, "", false, 0, 4096, "a path",
         "directory of the pages to serve; none by default", any_text, [](INTO) { s.web = text; }},
        {"AUXEIRA_SMTP_URL", Kind::text, "", false, 0, 512, "smtp://host[:port] or smtps://host[:port]",
         "server that takes mails; without one they wait in the outbox", is_smtp_url_or_none, [](INTO) { s.smtp.url = text; }},
        {"AUXEIRA_SMTP_USER", Kind::text, "", false, 0, 256, "visible ASCII",
         "user at that server", is_plain, [](INTO) { s.smtp.user = text; }},
        {"AUXEIRA_SMTP_PASSWORD", Kind::secret, "", false, 0, 1024, "the password of AUXEIRA_SMTP_USER",
         "password at that server", any_text, [](INTO) { s.smtp.password = text; }},
        {"AUXEIRA_SMTP_FROM", Kind::text, "", false, 0, 254, "an address such as no-reply@example.com",
         "sender of the mails; required with AUXEIRA_SMTP_URL", is_sender_or_none, [](INTO) { s.smtp.from = text; }},
        {"AUXEIRA_SMTP_TLS", Kind::text, "required", false, 1, 8, "required, optional or off",
         "encryption on the way to that server; off for one on this machine only", is_smtp_tls, [](INTO) { s.smtp.tls = smtp_tls_of(text); }},
        {"AUXEIRA_SMTP_CA", Kind::text, "", false, 0, 4096, "the path of a file with PEM certificates",
         "certificates that vouch for that server, in place of the system's", has_certificates_or_none, [](INTO) { s.smtp.certificates = text.empty() ? "" : certificates_of(text); }},
        {"AUXEIRA_TRUSTED_PROXIES", Kind::text, "", false, 0, 8192, "a comma list of IPv4 or IPv6 addresses and networks such as 127.0.0.1,10.0.0.0/8",
         "proxies whose X-Forwarded-For says where a client is; none by default", are_proxies, [](INTO) { s.trusted_proxies = *TrustedProxies::from_list(text); }},
        {"AUXEIRA_CORS_ORIGINS", Kind::text, "", false, 0, 8192, "a comma list of origins such as https://app.example.com",
         "origins whose pages may call the API; none by default", are_origins, [](INTO) { s.cors_origins = origins_of(text); }},
        {"AUXEIRA_BODY_LIMIT", Kind::integer, "1048576", false, 1024, 64 * mebibyte, "",
         "largest request body in bytes", any_text, [](INTO) { s.body_limit = static_cast<std::size_t>(number); }},
        {"AUXEIRA_METRICS_BODY_LIMIT", Kind::integer, "8388608", false, 1024, 64 * mebibyte, "",
         "largest body of POST /api/dashboard/metrics in bytes", any_text, [](INTO) { s.metrics_body_limit = static_cast<std::size_t>(number); }},
        {"AUXEIRA_MAX_CONNECTIONS", Kind::integer, "10000", false, 1, 1000000, "",
         "client connections at once", any_text, [](INTO) { s.max_connections = static_cast<std::size_t>(number); }},
        {"AUXEIRA_STREAMS", Kind::integer, "2000", false, 0, 100000, "",
         "streams of events at once", any_text, [](INTO) { s.streams.total = static_cast<std::size_t>(number); }},
        {"AUXEIRA_STREAMS_PER_USER", Kind::integer, "10", false, 1, 100000, "",
         "of these, those of one user or API key", any_text, [](INTO) { s.streams.per_user = static_cast<std::size_t>(number); }},
        {"AUXEIRA_HEARTBEAT_SECONDS", Kind::integer, "15", false, 1, 300, "",
         "longest silence in a stream of events", any_text, [](INTO) { s.streams.heartbeat = std::chrono::seconds(number); }},
        {"AUXEIRA_LIMIT_ADDRESS", Kind::text, "3000/60", false, 1, 20, limit_form,
         "requests of one client address (of IPv6, 64 bits of it)", is_limit, [](INTO) { s.limits[0] = *limit_of(text); }},
        {"AUXEIRA_LIMIT_PASSWORD", Kind::text, "60/60", false, 1, 20, limit_form,
         "of these, those that may have a password hashed", is_limit, [](INTO) { s.limits[1] = *limit_of(text); }},
        {"AUXEIRA_LIMIT_USER", Kind::text, "1200/60", false, 1, 20, limit_form,
         "requests of one user or API key", is_limit, [](INTO) { s.limits[2] = *limit_of(text); }},
        {"AUXEIRA_LIMIT_ORGANIZATION", Kind::text, "6000/60", false, 1, 20, limit_form,
         "requests of one organization", is_limit, [](INTO) { s.limits[3] = *limit_of(text); }},
        {"AUXEIRA_LIMIT_COSTLY", Kind::text, "60/60", false, 1, 20, limit_form,
         "of these, those that take the database long: generation, reports, verification", is_limit, [](INTO) { s.limits[4] = *limit_of(text); }},
        {"AUXEIRA_LOG_LEVEL", Kind::text, "info", false, 1, 8, "debug, info, warn or error",
         "least severe lines that are logged", is_level, [](INTO) { s.log_level = level_of(text); }},
        {"AUXEIRA_RUN_AS", Kind::text, "nobody", false, 1, 64, "the name of an unprivileged user",
         "user to become when started as root", is_plain, [](INTO) { s.run_as = text; }},
        {"AUXEIRA_READY_FILE", Kind::text, "", false, 0, 4096, "a path",
         "file that receives the URL once the program listens", any_text, [](INTO) { s.ready_file = text; }},
    };
    return settings;
}
// clang-format on

#undef INTO

std::string range(const Setting& setting) {
    if (setting.kind != Kind::integer) return setting.allowed;
    return std::to_string(setting.minimum) + " to " + std::to_string(setting.maximum);
}

[[noreturn]] void refuse(const Setting& setting, const std::string& value) {
    const bool hidden = setting.kind == Kind::secret;
    throw SettingsError(std::string(setting.name) +
                        (hidden ? " has a wrong value" : "=" + value + " is wrong") +
                        "; allowed: " + range(setting));
}

std::string file_content(const std::string& variable, const std::string& path) {
    if (std::filesystem::is_directory(path))
        throw SettingsError(variable + "=" + path + " is a directory; allowed: a file");
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) throw SettingsError(variable + "=" + path + " cannot be read");
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r'))
        content.pop_back();
    return content;
}

// The value as set, from the variable or from the file that its _FILE form names.
std::optional<std::string> lookup(const Setting& setting, const Environment& environment) {
    std::optional<std::string> value = environment(setting.name);
    if (setting.kind != Kind::secret) return value;
    const std::string file_variable = std::string(setting.name) + "_FILE";
    const std::optional<std::string> path = environment(file_variable);
    if (!path) return value;
    if (value)
        throw SettingsError(std::string(setting.name) + " and " + file_variable +
                            " are both set; allowed: one");
    return file_content(file_variable, *path);
}

void store_integer(Settings& settings, const Setting& setting, const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || number < setting.minimum || number > setting.maximum) refuse(setting, text);
    setting.store(settings, text, number);
}

void store_text(Settings& settings, const Setting& setting, const std::string& text) {
    const auto length = static_cast<std::int64_t>(text.size());
    if (length < setting.minimum || length > setting.maximum || !setting.valid(text)) refuse(setting, text);
    setting.store(settings, text, 0);
}

void read(Settings& settings, const Setting& setting, const Environment& environment) {
    const std::optional<std::string> given = lookup(setting, environment);
    if (!given && setting.required)
        throw SettingsError(std::string(setting.name) + " is not set; allowed: " + range(setting));
    if (!given && setting.fallback.empty()) return;
    const std::string text = given.value_or(setting.fallback);
    setting.kind == Kind::integer ? store_integer(settings, setting, text)
                                  : store_text(settings, setting, text);
}

// Two current keys would leave open which one signs.
void check_signing_keys(const Settings& settings) {
    const bool key = !settings.jwt_key.empty();
    const bool secret = !settings.jwt_secret.empty();
    if (key == secret)
        throw SettingsError(std::string("AUXEIRA_JWT_KEY and AUXEIRA_JWT_SECRET are ") +
                            (key ? "both set" : "not set") + "; allowed: exactly one of them");
    if (!settings.jwt_previous_key.empty() && !settings.jwt_previous_secret.empty())
        throw SettingsError("AUXEIRA_JWT_PREVIOUS_KEY and AUXEIRA_JWT_PREVIOUS_SECRET are both set; "
                            "allowed: at most one of them");
}

// What everybody's data go through is encrypted, and ends at the server that is meant.
void check_database(const std::string& variable, const std::string& dsn) {
    const std::optional<UnverifiedServer> server = unverified_server(dsn);
    if (server)
        throw SettingsError(variable + " leads to " + server->host + " with sslmode=" + server->sslmode +
                            "; allowed: sslmode=verify-full or verify-ca for a server on another machine");
}

// Neither a password nor the link of a mail goes over a network in the clear unless that was asked for.
void check_smtp(const SmtpSettings& smtp) {
    if (smtp.url.empty()) return;
    const SmtpUrl server = *smtp_url(smtp.url);
    const auto refuse_tls = [&](const std::string& why) {
        throw SettingsError(std::string("AUXEIRA_SMTP_TLS=") +
                            smtp_tls_words[static_cast<std::size_t>(smtp.tls)] +
                            " is wrong with AUXEIRA_SMTP_URL=" + smtp.url + "; allowed: " + why);
    };
    if (smtp.from.empty())
        throw SettingsError("AUXEIRA_SMTP_FROM is not set; allowed: an address such as no-reply@example.com");
    if (smtp.user.empty() != smtp.password.empty())
        throw SettingsError(
            "of AUXEIRA_SMTP_USER and AUXEIRA_SMTP_PASSWORD one is set; allowed: both or none");
    if (smtp.tls == SmtpTls::off && (server.is_encrypted || !server.is_loopback))
        refuse_tls("required or optional, and off for smtp:// on this machine");
    if (smtp.tls == SmtpTls::optional && !smtp.user.empty() && !server.is_loopback)
        refuse_tls("required, for a server that gets a password");
}

} // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

bool is_setting(const std::string& name) {
    return std::any_of(table().begin(), table().end(), [&](const Setting& setting) {
        return name == setting.name ||
               (setting.kind == Kind::secret && name == std::string(setting.name) + "_FILE");
    });
}

Settings read_settings(const Environment& environment) {
    Settings settings;
    for (const Setting& setting : table())
        read(settings, setting, environment);
    check_database("AUXEIRA_APP_DSN", settings.dsn);
    if (!settings.read_dsn.empty()) check_database("AUXEIRA_READ_URL", settings.read_dsn);
    check_smtp(settings.smtp);
    check_signing_keys(settings);
    return settings;
}

std::vector<std::string> unreadable_files(const Environment& environment) {
    std::vector<std::string> unreadable;
    for (const Setting& setting : table()) {
        const std::string variable = std::string(setting.name) + "_FILE";
        const std::optional<std::string> path =
            setting.kind == Kind::secret ? environment(variable) : std::nullopt;
        if (path && ::access(path->c_str(), R_OK) != 0) unreadable.push_back(variable + '=' + *path);
    }
    return unreadable;
}

std::string settings_help() {
    std::string text =
        "  AUXEIRA_SETTINGS_FILE\n      file with a NAME=value in each line, for what is not set in the "
        "environment; SIGHUP reads it again\n      allowed: a path; default: none\n";
    for (const Setting& setting : table()) {
        text += "  " + std::string(setting.name) +
                (setting.kind == Kind::secret ? " or " + std::string(setting.name) + "_FILE" : "");
        text += "\n      " + std::string(setting.meaning) + "\n      allowed: " + range(setting);
        text += setting.required
                    ? "; required\n"
                    : "; default: " + (setting.fallback.empty() ? "none" : setting.fallback) + "\n";
    }
    return text;
}

std::string settings_in_force(const Environment& environment) {
    std::string text;
    for (const Setting& setting : table()) {
        const std::optional<std::string> given = lookup(setting, environment);
        const bool hidden = setting.kind == Kind::secret;
        text += std::string(setting.name) + '=' +
                (hidden && given ? "(set)" : given.value_or(setting.fallback)) + '\n';
    }
    return text;
}

} // namespace auxeira::api
