// What a new password may be (OWASP ASVS 5.0, 6.2).
#include "password_rules.hpp"
#include "settings.hpp"

#include <gtest/gtest.h>

#include <malloc.h>

#include <cstdio>
#include <ctime>
#include <fstream>

namespace {

using auxeira::api::PasswordRules;
using auxeira::api::SettingsError;

constexpr const char* too_short = "must have at least 8 characters, and better 15 or more";
constexpr const char* too_long = "must have at most 1024 bytes";
constexpr const char* known = "is among common or leaked passwords";
constexpr const char* own_words = R"(must not consist of your name, organization or "auxeira")";

std::string fault(std::string_view password, const std::vector<std::string>& context = {},
                  const std::vector<std::string>& list = {"Password1", "iloveyou", "sunshine"}) {
    return PasswordRules(list).fault(password, context).value_or("");
}

std::string times(int count, const std::string& text) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += text;
    return out;
}

// In use. None are counted in a build with sanitizers.
std::size_t heap_bytes() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(ApiPasswordRules, length_is_counted_in_characters) {
    EXPECT_EQ(fault("seven77"), too_short);
    EXPECT_EQ(fault(""), too_short);
    EXPECT_EQ(fault("eight888"), "");
    EXPECT_EQ(fault(times(7, "🦀")), too_short);
    EXPECT_EQ(fault(times(8, "🦀")), "");
}

TEST(ApiPasswordRules, the_longest_has_1024_bytes) {
    EXPECT_EQ(fault(std::string(1024, 'x')), "");
    EXPECT_EQ(fault(std::string(1025, 'x')), too_long);
    EXPECT_EQ(fault(times(256, "🦀")), "");
    EXPECT_EQ(fault(times(257, "🦀")), too_long);
}

TEST(ApiPasswordRules, nothing_is_asked_of_the_characters) {
    for (const char* password :
         {"        ", "aaaaaaaa", "12121212", "'\"\\;--\t\n", "пароль да", "ＰＡＳＳword"})
        EXPECT_EQ(fault(password), "") << password;
}

TEST(ApiPasswordRules, common_ones_are_refused_whatever_their_case) {
    for (const char* password : {"Password1", "password1", "PASSWORD1", "ILoveYou", "sunshine"})
        EXPECT_EQ(fault(password), known) << password;
    for (const char* password : {"password12", "password 1", " sunshine", "sunshine "})
        EXPECT_EQ(fault(password), "") << password;
}

TEST(ApiPasswordRules, the_product_is_no_password) {
    for (const char* password : {"auxeira1", "Auxeira!", "auxeiraAUXEIRA", "12auxeira345"})
        EXPECT_EQ(fault(password), own_words) << password;
    EXPECT_EQ(fault("auxeira123456"), "");
    EXPECT_EQ(fault("auxeira with more behind it"), "");
}

TEST(ApiPasswordRules, neither_is_the_user_nor_the_organization) {
    const std::vector<std::string> context = {"Jane.Founder@acme.example", "Acme Rockets Ltd", ""};
    for (const char* password :
         {"jane.founder", "JANE.FOUNDER1", "founderjane", "acmerockets", "Acme Rockets 1", "rocketsacme12",
          "acme-rockets!", "auxeira-acme", "founder12345"})
        EXPECT_EQ(fault(password, context), own_words) << password;
    for (const char* password : {"acme landed on the moon", "founder123456", "examples of rain"})
        EXPECT_EQ(fault(password, context), "") << password;
}

TEST(ApiPasswordRules, short_words_of_the_context_do_not_count) {
    EXPECT_EQ(fault("banana1a", {"a@b.example", "AB Co"}), "");
    EXPECT_EQ(fault("bob12345", {"bob@b.example"}), "");
}

TEST(ApiPasswordRules, the_list_is_a_file) {
    const std::string path = testing::TempDir() + "api_password_list";
    std::ofstream(path) << "LetMeIn99\r\n\n#hashtag#\nlast-line";
    const PasswordRules rules = PasswordRules::from_file(path);
    for (const char* password : {"letmein99", "#hashtag#", "last-line"})
        EXPECT_EQ(rules.fault(password, {}), known) << password;
    std::remove(path.c_str());
}

TEST(ApiPasswordRules, a_million_leaked_ones_are_known_fast_and_in_little_memory) {
    const std::string path = testing::TempDir() + "api_password_million";
    constexpr int count = 1'000'000;
    {
        std::ofstream file(path);
        for (int i = 0; i < count; ++i)
            file << "Leaked password " << i << '\n';
    }
    const std::size_t bytes = heap_bytes();
    const std::clock_t started = std::clock();
    const PasswordRules rules = PasswordRules::from_file(path);
    EXPECT_LT((std::clock() - started) / CLOCKS_PER_SEC, 10);
    EXPECT_LE(heap_bytes() - bytes, 17U * count);
    for (const char* password : {"leaked password 0", "Leaked password 500000", "LEAKED PASSWORD 999999"})
        EXPECT_EQ(rules.fault(password, {}), known) << password;
    for (int i = count; i < count + 100'000; ++i)
        ASSERT_EQ(rules.fault("leaked password " + std::to_string(i), {}), std::nullopt) << i;
    std::remove(path.c_str());
}

TEST(ApiPasswordRules, a_list_that_cannot_be_read_stops_the_start) {
    for (const std::string& path : {std::string("/nonexistent/list"), testing::TempDir()}) {
        try {
            PasswordRules::from_file(path);
            ADD_FAILURE() << path << " was accepted";
        } catch (const SettingsError& error) {
            EXPECT_EQ(error.what(), "AUXEIRA_PASSWORD_LIST=" + path + " cannot be read");
        }
    }
    EXPECT_EQ(PasswordRules::from_file("").fault("password1", {}), std::nullopt);
}

} // namespace
