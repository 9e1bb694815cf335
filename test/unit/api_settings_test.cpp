// Settings: defaults, ranges, secrets, and messages that name what is wrong.
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

Environment environment(Variables variables) {
    variables.try_emplace("AUXEIRA_APP_DSN", "host=/tmp dbname=x password=hidden");
    variables.try_emplace("AUXEIRA_JWT_SECRET", std::string(32, 's'));
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
    EXPECT_TRUE(settings.cors_origins.empty());
    EXPECT_EQ(settings.body_limit, 1048576U);
    EXPECT_EQ(settings.metrics_body_limit, 8388608U);
    EXPECT_EQ(settings.max_connections, 10000U);
    EXPECT_EQ(settings.run_as, "nobody");
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

TEST(ApiSettings, secrets_are_required_and_long) {
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_SECRET", "(unset)"}}),
              "AUXEIRA_JWT_SECRET is not set; allowed: at least 32 random bytes");
    EXPECT_NE(refusal({{"AUXEIRA_APP_DSN", "(unset)"}}), "accepted");
    EXPECT_NE(refusal({{"AUXEIRA_JWT_SECRET", std::string(31, 's')}}), "accepted");
    EXPECT_NE(refusal({{"AUXEIRA_JWT_SECRET", ""}}), "accepted");
}

TEST(ApiSettings, secrets_are_never_shown) {
    EXPECT_EQ(refusal({{"AUXEIRA_JWT_SECRET", "hunter2"}}).find("hunter2"), std::string::npos);
    EXPECT_EQ(refusal({{"AUXEIRA_APP_DSN", "hunter2 = = x"}}).find("hunter2"), std::string::npos);
    const std::string shown = auxeira::api::settings_in_force(environment({}));
    EXPECT_EQ(shown.find("hidden"), std::string::npos);
    EXPECT_EQ(shown.find("ssss"), std::string::npos);
    EXPECT_NE(shown.find("AUXEIRA_JWT_SECRET=(set)"), std::string::npos);
}

TEST(ApiSettings, secrets_may_come_from_files) {
    const std::string path = testing::TempDir() + "api_settings_secret";
    std::ofstream(path) << std::string(40, 'f') << "\n";
    const Variables from_file = {{"AUXEIRA_JWT_SECRET", "(unset)"}, {"AUXEIRA_JWT_SECRET_FILE", path}};
    EXPECT_EQ(read_settings(environment(from_file)).jwt_secret, std::string(40, 'f'));
    EXPECT_NE(refusal({{"AUXEIRA_JWT_SECRET_FILE", path}}), "accepted") << "both forms at once";
    std::remove(path.c_str());
    EXPECT_NE(refusal(from_file).find(path), std::string::npos);
}

TEST(ApiSettings, help_names_every_variable) {
    const std::string help = auxeira::api::settings_help();
    for (const char* name :
         {"AUXEIRA_PORT", "AUXEIRA_APP_DSN_FILE", "AUXEIRA_JWT_SECRET_FILE", "AUXEIRA_RUN_AS",
          "AUXEIRA_READY_FILE", "AUXEIRA_QUEUE", "AUXEIRA_STATEMENT_TIMEOUT_MS"})
        EXPECT_NE(help.find(name), std::string::npos) << name;
}

} // namespace
