// The file of settings: what it says where the environment says nothing, and what it must not say.
#include "settings_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>

namespace {

using auxeira::api::Environment;
using auxeira::api::SettingsError;
using auxeira::api::with_settings_file;

class ApiSettingsFile : public testing::Test {
protected:
    void write(const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
    ~ApiSettingsFile() override { std::remove(path.c_str()); }

    Environment environment() {
        return [this](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
        };
    }

    std::string fault() {
        try {
            with_settings_file(environment());
        } catch (const SettingsError& error) {
            return error.what();
        }
        return "";
    }

    const std::string path = testing::TempDir() + "api_settings_file_test." + std::to_string(getpid());
    std::map<std::string, std::string> variables = {{"AUXEIRA_SETTINGS_FILE", path}};
};

TEST_F(ApiSettingsFile, speaks_where_the_environment_is_silent) {
    write("# a comment\n\nAUXEIRA_LOG_LEVEL=debug\r\nAUXEIRA_JWT_ISSUER=a=b\nAUXEIRA_JWT_KEY_FILE=/x");
    variables["AUXEIRA_PORT"] = "1";
    const Environment both = with_settings_file(environment());
    EXPECT_EQ(both("AUXEIRA_LOG_LEVEL"), "debug");
    EXPECT_EQ(both("AUXEIRA_JWT_ISSUER"), "a=b");
    EXPECT_EQ(both("AUXEIRA_JWT_KEY_FILE"), "/x");
    EXPECT_EQ(both("AUXEIRA_PORT"), "1");
    EXPECT_EQ(both("AUXEIRA_LISTEN"), std::nullopt);
}

TEST_F(ApiSettingsFile, the_environment_comes_first) {
    write("AUXEIRA_LOG_LEVEL=debug\n");
    variables["AUXEIRA_LOG_LEVEL"] = "error";
    EXPECT_EQ(with_settings_file(environment())("AUXEIRA_LOG_LEVEL"), "error");
}

TEST_F(ApiSettingsFile, is_not_needed) {
    variables.clear();
    EXPECT_EQ(with_settings_file(environment())("AUXEIRA_PORT"), std::nullopt);
}

TEST_F(ApiSettingsFile, says_which_line_is_wrong_and_never_a_value) {
    const std::string start = "AUXEIRA_SETTINGS_FILE=" + path + ' ';
    EXPECT_EQ(fault(), start + "cannot be read");
    write("AUXEIRA_PORT=1\nsecret");
    EXPECT_EQ(fault(), start + "has in line 2 no NAME=value");
    write("\nAUXEIRA_PROT=secret\n");
    EXPECT_EQ(fault(), start + "has in line 2 a name that is none: AUXEIRA_PROT");
    write("AUXEIRA_PORT_FILE=secret\n");
    EXPECT_EQ(fault(), start + "has in line 1 a name that is none: AUXEIRA_PORT_FILE");
    write("AUXEIRA_PORT=1\nAUXEIRA_PORT=secret\n");
    EXPECT_EQ(fault(), start + "has in line 2 a second AUXEIRA_PORT");
    variables["AUXEIRA_SETTINGS_FILE"] = testing::TempDir();
    EXPECT_NE(fault().find("is a directory"), std::string::npos);
}

} // namespace
