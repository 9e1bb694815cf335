// Settings: defaults, ranges, secrets, and messages that name what is wrong.
#include "encoding.hpp"
#include "settings.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace {

using auxeira::api::Environment;
using auxeira::api::read_settings;
using auxeira::api::SettingsError;

using Variables = std::map<std::string, std::string>;

const std::string key = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"; // 32 bytes
const std::string vault_key = "ZGlmZmVyZW50IHNlY3JldCBieXRlcyBvZiB0aGUgdiE=";
const std::string secret = "a secret of thirty-two bytes: yes";

Environment environment(Variables variables) {
    variables.try_emplace("AUXEIRA_APP_DSN", "host=/tmp dbname=x password=hidden");
    variables.try_emplace("AUXEIRA_VAULT_KEY", vault_key);
    if (!variables.contains("AUXEIRA_JWT_SECRET")) variables.try_emplace("AUXEIRA_JWT_KEY", key);
    return [variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end() || found->second == "(unset)") return std::nullopt;
        return found->second;
    };
}

std::string refusal(const Variables& variables) {
    try {
        read_settings(environment(variables));
    } catch (const SettingsError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(ApiSettings, defaults_are_the_documented_ones) {
    const auto settings = read_settings(environment({}));
    EXPECT_EQ(settings.port, 8080);
    EXPECT_EQ(settings.listen, "127.0.0.1");
    EXPECT_GE(settings.workers, 1U);
    EXPECT_EQ(settings.queue, 256U);
    EXPECT_EQ(settings.statement_timeout.count(), 5000);
    EXPECT_EQ(settings.jwt_issuer, "auxeira");
    EXPECT_EQ(settings.jwt_audience, "auxeira-api");
    EXPECT_EQ(settings.access_seconds, 900);
    EXPECT_EQ(settings.legacy_seconds, 86400);
    EXPECT_EQ(settings.refresh_seconds, 2592000);
    EXPECT_EQ(settings.idle_seconds, 1209600);
    EXPECT_EQ(settings.public_url, "http://127.0.0.1:8080");
    EXPECT_TRUE(settings.cors_origins.empty());
    EXPECT_EQ(settings.body_limit, 1048576U);
    EXPECT_EQ(settings.metrics_body_limit, 8388608U);
    EXPECT_EQ(settings.max_connections, 10000U);
    EXPECT_EQ(settings.run_as, "nobody");
    EXPECT_EQ(settings.password_list, "");
}

TEST(ApiSettings, numbers_have_ranges) {
    EXPECT_EQ(refusal({{"AUXEIRA_PORT", "65536"}}), "AUXEIRA_PORT=65536 is wrong; allowed: 0 to 65535");
    for (const char* value : {"", " 1", "1 ", "-1", "+1", "0x10", "1e3", "80a", "99999999999999999999"})
        EXPECT_NE(refusal({{"AUXEIRA_PORT", value}}), "accepted") << value;
    EXPECT_EQ(refusal({{"AUXEIRA_PORT", "0"}}), "accepted");
    EXPECT_NE(refusal({{"AUXEIRA_WORKERS", "0"}}), "accepted");
    EXPECT_NE(refusal({{"AUXEIRA_WORKERS", "65"}}), "accepted");
}

TEST(ApiSettings, words_have_a_list) {
    EXPECT_EQ(refusal({{"AUXEIRA_LOG_LEVEL", "loud"}}),
              "AUXEIRA_LOG_LEVEL=loud is wrong; allowed: debug, info, warn or error");
    EXPECT_EQ(read_settings(environment({{"AUXEIRA_LOG_LEVEL", "error"}})).log_level,
              auxeira::api::Level::error);
}

TEST(ApiSettings, addresses_are_numeric) {
    for (const char* value : {"0.0.0.0", "::", "::1", "127.0.0.1"})
        EXPECT_EQ(refusal({{"AUXEIRA_LISTEN", value}}), "accepted") << value;
    for (const char* value : {"", "localhost", "1.2.3", "[::1]"})
        EXPECT_NE(refusal({{"AUXEIRA_LISTEN", value}}), "accepted") << value;
}

TEST(ApiSettings, origins_are_exact) {
    const auto settings =
        read_settings(environment({{"AUXEIRA_CORS_ORIGINS", "https://a.example,http://localhost:3000"}}));
    EXPECT_EQ(settings.cors_origins,
              (std::vector<std::string>{"https://a.example", "http://localhost:3000"}));
    for (const char* value : {"*", "https://*.example", "https://a.example/", "a.example", "null",
                              "https://a.example, https://b", "https://", "https://user@a"})
        EXPECT_NE(refusal({{"AUXEIRA_CORS_ORIGINS", value}}), "accepted") << value;
}

TEST(ApiSettings, proxies_are_addresses_and_networks) {
    EXPECT_TRUE(read_settings(environment({})).trusted_proxies.empty());
    EXPECT_FALSE(
        read_settings(environment({{"AUXEIRA_TRUSTED_PROXIES", "::1,10.0.0.0/8"}})).trusted_proxies.empty());
    EXPECT_EQ(refusal({{"AUXEIRA_TRUSTED_PROXIES", ""}}), "accepted");
    EXPECT_EQ(
        refusal({{"AUXEIRA_TRUSTED_PROXIES", "proxy.example"}}),
        "AUXEIRA_TRUSTED_PROXIES=proxy.example is wrong; allowed: a comma list of IPv4 or IPv6 addresses and "
        "networks such as 127.0.0.1,10.0.0.0/8");
}

TEST(ApiSettings, the_database_on_another_machine_is_verified) {
    EXPECT_EQ(refusal({{"AUXEIRA_APP_DSN", "host=db.example password=hidden sslmode=require"}}),
              "AUXEIRA_APP_DSN leads to db.example with sslmode=require; allowed: sslmode=verify-full or "
              "verify-ca for a server on another machine");
    EXPECT_EQ(refusal({{"AUXEIRA_APP_DSN", "host=db.example sslmode=verify-full"}}), "accepted");
    EXPECT_EQ(refusal({{"AUXEIRA_APP_DSN", "host=127.0.0.1"}}), "accepted");
    EXPECT_EQ(
        refusal({{"AUXEIRA_READ_URL", "host=replica.example"}}),
        "AUXEIRA_READ_URL leads to replica.example with sslmode=prefer; allowed: sslmode=verify-full or "
        "verify-ca for a server on another machine");
    EXPECT_EQ(refusal({{"AUXEIRA_READ_URL", ""}}), "accepted");
}

TEST(ApiSettings, public_url_is_a_page) {
    for (const char* value : {"https://app.example", "http://localhost:3000", "https://example.com/auxeira"})
        EXPECT_EQ(read_settings(environment({{"AUXEIRA_PUBLIC_URL", value}})).public_url, value);
    EXPECT_EQ(read_settings(environment({{"AUXEIRA_PUBLIC_URL", "https://app.example/x//"}})).public_url,
              "https://app.example/x");
    for (const char* value : {"", "app.example", "ftp://app.example", "https://", "https:///x", "https://:80",
                              "https://a?x", "https://a#x", "https://user@a", "https://a b",
                              "https://a\r\nX: y", "javascript://x", "https://a/\"x"})
        EXPECT_NE(refusal({{"AUXEIRA_PUBLIC_URL", value}}), "accepted") << value;
}

// --- Secrets ----------------------------------------------------------------------------------------------

TEST(ApiSettings, one_signing_key_is_required) {
    const std::string names = "AUXEIRA_JWT_KEY and AUXEIRA_JWT_SECRET are ";
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_KEY", "(unset)"}}), names + "not set; allowed: exactly one of them");
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_KEY", key}, {"AUXEIRA_JWT_SECRET", secret}}),
              names + "both set; allowed: exactly one of them");
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_SECRET", secret}}), "accepted");
}

TEST(ApiSettings, one_previous_key_at_most) {
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_PREVIOUS_KEY", vault_key}}), "accepted");
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_PREVIOUS_SECRET", secret}}), "accepted");
    EXPECT_NE(refusal({{"AUXEIRA_JWT_PREVIOUS_KEY", vault_key}, {"AUXEIRA_JWT_PREVIOUS_SECRET", secret}}),
              "accepted");
}

TEST(ApiSettings, keys_are_32_bytes_of_base64) {
    const std::string bytes = *auxeira::api::from_base64url(key);
    for (const char* name :
         {"AUXEIRA_JWT_KEY", "AUXEIRA_JWT_PREVIOUS_KEY", "AUXEIRA_VAULT_KEY", "AUXEIRA_VAULT_PREVIOUS_KEY"}) {
        for (const std::string& value :
             {key, key + "=", std::string("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")})
            EXPECT_EQ(refusal({{name, value}}), "accepted") << name << ' ' << value;
        for (const std::string& value :
             {std::string(), bytes, auxeira::api::hex(bytes), key.substr(1), key + "A",
              key + "==", key + "\nx", std::string("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf_A="),
              std::string(42, 'x') + "!", key.substr(0, 42) + "B"})
            EXPECT_EQ(refusal({{name, value}}),
                      std::string(name) + " has a wrong value; allowed: 32 random bytes as base64")
                << value;
    }
    EXPECT_EQ(read_settings(environment({})).jwt_key, bytes);
}

TEST(ApiSettings, RFC8725_3_5_secrets_are_long) {
    for (const char* name : {"AUXEIRA_JWT_SECRET", "AUXEIRA_JWT_PREVIOUS_SECRET"}) {
        EXPECT_EQ(refusal({{name, secret.substr(0, 31)}}),
                  std::string(name) + " has a wrong value; allowed: at least 32 random bytes");
        EXPECT_NE(refusal({{name, ""}}), "accepted");
        EXPECT_EQ(refusal({{name, secret.substr(0, 32)}}), "accepted");
    }
}

TEST(ApiSettings, RFC8725_3_5_secrets_are_not_one_byte_again_and_again) {
    for (const char* name : {"AUXEIRA_JWT_SECRET", "AUXEIRA_JWT_PREVIOUS_SECRET"})
        EXPECT_NE(refusal({{name, std::string(40, 's')}}), "accepted") << name;
    for (const char* name : {"AUXEIRA_JWT_KEY", "AUXEIRA_VAULT_KEY"})
        for (const char byte : {'\0', 'k', '\xFF'})
            EXPECT_NE(refusal({{name, auxeira::api::base64url(std::string(32, byte))}}), "accepted") << name;
}

TEST(ApiSettings, others_are_required) {
    EXPECT_EQ(refusal({{"AUXEIRA_VAULT_KEY", "(unset)"}}),
              "AUXEIRA_VAULT_KEY is not set; allowed: 32 random bytes as base64");
    EXPECT_NE(refusal({{"AUXEIRA_APP_DSN", "(unset)"}}), "accepted");
}

TEST(ApiSettings, secrets_are_never_shown) {
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_SECRET", "hunter2"}}).find("hunter2"), std::string::npos);
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_KEY", "hunter2"}}).find("hunter2"), std::string::npos);
    EXPECT_EQ(refusal({{"AUXEIRA_APP_DSN", "hunter2 = = x"}}).find("hunter2"), std::string::npos);
    const std::string shown = auxeira::api::settings_in_force(environment({}));
    EXPECT_EQ(shown.find("hidden"), std::string::npos);
    EXPECT_EQ(shown.find(key), std::string::npos);
    EXPECT_EQ(shown.find(vault_key), std::string::npos);
    EXPECT_NE(shown.find("AUXEIRA_JWT_KEY=(set)"), std::string::npos);
}

TEST(ApiSettings, secrets_may_come_from_files) {
    const std::string path = testing::TempDir() + "api_settings_secret";
    std::ofstream(path) << secret << "\n";
    const Variables from_file = {{"AUXEIRA_JWT_KEY", "(unset)"}, {"AUXEIRA_JWT_SECRET_FILE", path}};
    EXPECT_EQ(read_settings(environment(from_file)).jwt_secret, secret);
    EXPECT_NE(refusal({{"AUXEIRA_JWT_SECRET", secret}, {"AUXEIRA_JWT_SECRET_FILE", path}}), "accepted")
        << "both forms at once";
    EXPECT_NE(refusal({{"AUXEIRA_JWT_SECRET_FILE", path}}), "accepted") << "beside a key";
    std::remove(path.c_str());
    EXPECT_NE(refusal(from_file).find(path), std::string::npos);
}

TEST(ApiSettings, help_names_every_variable) {
    const std::string help = auxeira::api::settings_help();
    for (const char* name :
         {"AUXEIRA_PORT", "AUXEIRA_APP_DSN_FILE", "AUXEIRA_JWT_SECRET_FILE", "AUXEIRA_JWT_KEY_FILE",
          "AUXEIRA_VAULT_KEY_FILE", "AUXEIRA_RUN_AS", "AUXEIRA_READY_FILE", "AUXEIRA_PASSWORD_LIST",
          "AUXEIRA_QUEUE", "AUXEIRA_STATEMENT_TIMEOUT_MS"})
        EXPECT_NE(help.find(name), std::string::npos) << name;
}

} // namespace
