// Mails as text: what a reader of RFC 5322 finds in them, and what no field can do to them.
#include "mail.hpp"
#include "settings.hpp"
#include "smtp_url.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sodium.h>

namespace {

using auxeira::api::is_mail_address;
using auxeira::api::Mail;
using auxeira::api::MailError;
using auxeira::api::read_settings;
using auxeira::api::render;
using auxeira::api::SettingsError;
using auxeira::api::smtp_url;

constexpr std::time_t new_year_2026 = 1767225600;

const std::string token = "vt_" + std::string(43, 'A');

std::string rendered(const Mail& mail, const std::string& site = "https://app.example.com") {
    return render(mail, {"no-reply@example.com", site}, new_year_2026);
}

Mail invitation(const std::string& organization) {
    return {"3f0c", "guest@example.org", "invitation",
            R"({"organization": ")" + organization + R"(", "inviter": "ann@example.org", "role": "member"})",
            token};
}

std::string from_base64(const std::string& text) {
    std::string bytes(text.size(), '\0');
    std::size_t length = 0;
    EXPECT_EQ(0, sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                                   text.size(), nullptr, &length, nullptr, sodium_base64_VARIANT_ORIGINAL));
    bytes.resize(length);
    return bytes;
}

// The text of a subject of encoded words or of none.
std::string decoded_words(std::string text) {
    const std::string begin = "=?UTF-8?B?";
    if (text.find(begin) == std::string::npos) return text;
    std::string out;
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
        at += begin.size();
        out += from_base64(text.substr(at, text.find("?=", at) - at));
    }
    return out;
}

std::string decoded_body(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            out += text[i];
        } else {
            const std::string code = text.substr(i + 1, 2);
            if (code != "\r\n") out += static_cast<char>(std::stoi(code, nullptr, 16));
            i += 2;
        }
    }
    return out;
}

struct Parsed {
    std::vector<std::string> names; // of the headers, in their order
    std::map<std::string, std::string> headers;
    std::string body;
};

// Checks the form of the message on the way: line ends, line lengths, seven bits.
Parsed parsed(const std::string& message) {
    Parsed result;
    std::size_t at = 0;
    bool in_body = false;
    std::string body;
    while (at < message.size()) {
        const std::size_t end = message.find("\r\n", at);
        EXPECT_NE(end, std::string::npos) << "the last line has no end";
        const std::string line = message.substr(at, end - at);
        at = end + 2;
        EXPECT_LE(line.size(), 76U) << line;
        EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 0x7F; }))
            << line;
        if (in_body) {
            EXPECT_FALSE(!line.empty() && line.back() == ' ') << line;
            body += line + "\r\n";
        } else if (line.empty()) {
            in_body = true;
        } else if (line[0] == ' ') {
            result.headers[result.names.back()] += line;
        } else {
            const std::size_t colon = line.find(": ");
            result.names.push_back(line.substr(0, colon));
            result.headers[result.names.back()] = line.substr(colon + 2);
        }
    }
    result.body = decoded_body(body);
    return result;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::vector<std::string> header_names = {
    "From",          "To",           "Subject",      "Date",
    "Message-ID",    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "Auto-Submitted"};

TEST(ApiMail, a_message_has_the_headers_that_a_mail_needs) {
    const Parsed mail = parsed(rendered({"3f0c", "ann@example.org", "verify_email", "{}", token}));
    EXPECT_EQ(header_names, mail.names);
    EXPECT_EQ("Auxeira <no-reply@example.com>", mail.headers.at("From"));
    EXPECT_EQ("<ann@example.org>", mail.headers.at("To"));
    EXPECT_EQ("Confirm your e-mail address", mail.headers.at("Subject"));
    EXPECT_EQ("Thu, 01 Jan 2026 00:00:00 +0000", mail.headers.at("Date"));
    EXPECT_EQ("<3f0c@example.com>", mail.headers.at("Message-ID"));
    EXPECT_EQ("text/plain; charset=utf-8", mail.headers.at("Content-Type"));
    EXPECT_EQ("auto-generated", mail.headers.at("Auto-Submitted"));
}

TEST(ApiMail, every_template_says_what_it_is_for) {
    const std::string at = R"({"at": "2026-08-01T12:34:56.789+00:00", "what": "recovery codes renewed"})";
    const struct {
        const char* name;
        std::string fields;
        std::vector<std::string> parts;
    } cases[] = {
        {"verify_email", "{}", {"/verify-email#token=" + token, "24 hours"}},
        {"already_registered", "{}", {"already have an\r\naccount", "https://app.example.com"}},
        {"reset_password", "{}", {"/reset-password#token=" + token, "30 minutes"}},
        {"password_changed", at, {"2026-08-01 12:34 UTC"}},
        {"invitation",
         R"({"organization": "Acme", "inviter": "bob@example.org", "role": "viewer"})",
         {"/invitation#token=" + token, "\"Acme\"", "bob@example.org", "viewer", "7 days"}},
        {"second_factor_changed", at, {"2026-08-01 12:34 UTC", "recovery codes renewed"}},
    };
    for (const auto& [name, fields, parts] : cases) {
        const std::string body = parsed(rendered({"1", "a@b.example", name, fields, token})).body;
        for (const std::string& part : parts)
            EXPECT_TRUE(contains(body, part)) << name << ": " << part << "\n" << body;
        EXPECT_TRUE(contains(body, "If this was not")) << name;
        EXPECT_FALSE(contains(body, "{")) << body;
        EXPECT_EQ(contains(body, token), contains(body, "The link works")) << name;
    }
}

TEST(ApiMail, the_link_stands_alone_and_whole_however_long_it_is) {
    const std::string site = "https://app.example.com/" + std::string(500, 'p');
    const std::string body = parsed(rendered(invitation("Acme"), site)).body;
    EXPECT_TRUE(contains(body, "\r\n" + site + "/invitation#token=" + token + "\r\n")) << body;
}

TEST(ApiMail, no_field_can_add_a_header_or_a_line) {
    for (const char* name :
         {R"(x\r\nBcc: all@example.com)", R"(x\nBcc: all@example.com)", R"(x\rBcc: all@example.com)",
          R"(x\r\n\r\n<b>new body</b>)", R"(x\u0085Bcc: y)", R"(x\u2028Bcc: y)", R"(x\u000b\u000cBcc: y)",
          "x\xC2\x85"
          "Bcc: y",
          "x\xE2\x80\xA9"
          "Bcc: y",
          R"(x\t\u007fBcc: y)", R"(x\u001b[2J)"}) {
        const Parsed mail = parsed(rendered(invitation(name)));
        const Parsed harmless = parsed(rendered(invitation("Acme")));
        EXPECT_EQ(header_names, mail.names) << name;
        EXPECT_EQ(std::count(harmless.body.begin(), harmless.body.end(), '\n'),
                  std::count(mail.body.begin(), mail.body.end(), '\n'))
            << name;
        const std::string subject = decoded_words(mail.headers.at("Subject"));
        EXPECT_TRUE(subject.starts_with("Invitation to x ")) << subject;
        EXPECT_FALSE(contains(mail.body, "\x1b") || contains(mail.body, "\xE2\x80\xA9")) << name;
    }
}

TEST(ApiMail, no_field_can_turn_the_direction_of_writing_or_stand_for_the_link) {
    EXPECT_TRUE(contains(parsed(rendered(invitation(R"(a\u202eb\u2066c)"))).body, "\"a b c\""));
    Mail mail = invitation("{link} {site} {nothing} {");
    EXPECT_TRUE(contains(parsed(rendered(mail)).body, "\"{link} {site} {nothing} {\""));
    mail.fields = R"({"link": "https://evil.example", "site": "https://evil.example"})";
    mail.template_name = "reset_password";
    EXPECT_FALSE(contains(rendered(mail), "evil"));
}

TEST(ApiMail, names_of_other_alphabets_arrive) {
    for (const std::string name : {"Müller & Söhne", "株式会社アウクセイラ", "🚀🚀🚀", "Ελληνικά",
                                   "a name of plain letters that makes a subject too long for one line"}) {
        const Parsed mail = parsed(rendered(invitation(name)));
        EXPECT_EQ("Invitation to " + name, decoded_words(mail.headers.at("Subject")));
        EXPECT_TRUE(contains(mail.body, '"' + name + '"')) << mail.body;
    }
    EXPECT_EQ("Invitation to =?utf-8?q?x?=",
              decoded_words(parsed(rendered(invitation("=?utf-8?q?x?="))).headers.at("Subject")));
    EXPECT_TRUE(contains(rendered(invitation("=?utf-8?q?x?=")), "=?UTF-8?B?"));
}

// Each encoded word must be readable by itself.
TEST(ApiMail, encoded_words_hold_whole_characters) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
        std::string name(shift, 'x');
        for (int i = 0; i < 60; ++i)
            name += "🚀";
        const std::string subject = parsed(rendered(invitation(name))).headers.at("Subject");
        for (std::size_t at = 0; (at = subject.find("?B?", at)) != std::string::npos;) {
            at += 3;
            const std::string word = from_base64(subject.substr(at, subject.find("?=", at) - at));
            EXPECT_EQ('\xF0', word[word.size() - 4]);
        }
        EXPECT_EQ("Invitation to " + name, decoded_words(subject));
    }
}

TEST(ApiMail, names_that_are_too_long_are_shortened_between_characters) {
    std::string name;
    for (int i = 0; i < 2000; ++i)
        name += "ä";
    const Parsed mail = parsed(rendered(invitation(name)));
    EXPECT_EQ("Invitation to " + name.substr(0, 160) + "…", decoded_words(mail.headers.at("Subject")));
    EXPECT_EQ("Invitation to " + name.substr(0, 160),
              decoded_words(parsed(rendered(invitation(name.substr(0, 160)))).headers.at("Subject")));
    EXPECT_EQ("Invitation to a b",
              parsed(rendered(invitation("  a " + std::string(500, ' ') + "b  "))).headers.at("Subject"));
}

TEST(ApiMail, times_are_shown_as_people_read_them) {
    const auto shown = [](const std::string& at) {
        const std::string body =
            parsed(rendered({"1", "a@b.example", "password_changed", R"({"at": ")" + at + R"("})", ""})).body;
        const std::size_t begin = body.find("changed at ") + 11;
        return body.substr(begin, body.find(".\r\n", begin) - begin);
    };
    EXPECT_EQ("2026-08-01 12:34 UTC", shown("2026-08-01T12:34:56Z"));
    EXPECT_EQ("2026-08-01 12:34 UTC", shown("2026-08-01T12:34:56.123456+00:00"));
    EXPECT_EQ("2026-08-01 12:34 +05:30", shown("2026-08-01T12:34:56+05:30"));
    EXPECT_EQ("2026-08-01 12:34 -03:00", shown("2026-08-01T12:34-03:00"));
    EXPECT_EQ("yesterday", shown("yesterday"));
    EXPECT_EQ("2026-08-01T12:34", shown("2026-08-01T12:34"));
}

TEST(ApiMail, what_cannot_be_written_is_refused_and_says_for_how_long) {
    const Mail good = invitation("Acme");
    const auto refused = [](const Mail& mail) -> std::string {
        try {
            return rendered(mail);
        } catch (const MailError& error) {
            return (error.is_permanent() ? "for ever: " : "for now: ") + std::string(error.what());
        }
    };
    Mail mail = good;
    mail.token = "";
    EXPECT_EQ("for ever: the link has no token", refused(mail));
    mail = good;
    mail.template_name = "birthday";
    EXPECT_EQ("for now: the template is unknown", refused(mail));
    mail = good;
    mail.fields = R"({"organization": "Acme", "role": "member"})";
    EXPECT_EQ("for now: field inviter is missing", refused(mail));
    for (const char* fields : {"", "[]", "null", "{", R"({"a":1} x)"}) {
        mail.fields = fields;
        EXPECT_EQ("for ever: the fields are not a JSON object", refused(mail)) << fields;
    }
    mail = good;
    mail.recipient = "a@b.example>\r\nBcc: <c@d.example";
    EXPECT_EQ("for ever: the recipient is not an address", refused(mail));
}

TEST(ApiMail, values_of_other_kinds_are_shown_as_they_are) {
    const Parsed mail = parsed(rendered(
        {"1", "a@b.example", "second_factor_changed", R"({"at": null, "what": {"n": [1, "<b>"]}})", ""}));
    EXPECT_TRUE(contains(mail.body, "changed at null:\r\n{\"n\": [1, \"<b>\"]}.")) << mail.body;
}

TEST(ApiMail, addresses) {
    for (const char* text : {"a@b", "first.last+tag@example.org", "o'neil@example.org", "用户@例子.example",
                             "x@xn--fsqu00a.example", "a-b_c=d!#$%&*/?^`{|}~@example.org"})
        EXPECT_TRUE(is_mail_address(text)) << text;
    for (const std::string& text :
         {std::string(), std::string("a"), std::string("@b"), std::string("a@"), std::string("a@b@c"),
          std::string("a b@c"), std::string("a@b\r\nDATA"), std::string("a@b\n"), std::string("<a@b>"),
          std::string("a@b,c@d"), std::string("\"a\"@b"), std::string("a@b\0", 4), std::string("a@\xFF"),
          std::string("a\u2028@b"), std::string("a\xC2\x85@b"), std::string("a:b@c"),
          std::string("a@[127.0.0.1]"), std::string(250, 'a') + "@b.example"})
        EXPECT_FALSE(is_mail_address(text)) << text;
}

TEST(ApiMail, servers) {
    for (const char* text : {"smtp://localhost", "smtp://localhost:2525", "smtp://127.0.0.1:25",
                             "smtp://127.255.0.9", "smtp://[::1]:25"})
        EXPECT_TRUE(smtp_url(text) && smtp_url(text)->is_loopback) << text;
    for (const char* text :
         {"smtp://mail.example.com", "smtps://mail.example.com:465", "smtp://10.0.0.1",
          "smtp://127.example.com", "smtp://localhost.example.com", "smtp://[2001:db8::1]:25"})
        EXPECT_TRUE(smtp_url(text) && !smtp_url(text)->is_loopback) << text;
    for (const char* text :
         {"", "localhost", "localhost:25", "http://localhost", "SMTP://localhost", "smtp://",
          "smtp://user@localhost", "smtp://user:password@localhost", "smtp://localhost/",
          "smtp://localhost/path", "smtp://localhost?x", "smtp://localhost#x", "smtp://localhost:0",
          "smtp://localhost:70000", "smtp://localhost:", "smtp://local host", "smtp://localhost\r\n",
          "smtp://local%0ahost"})
        EXPECT_FALSE(smtp_url(text)) << text;
}

// --- The settings ---------------------------------------------------------------------------------------

using Variables = std::map<std::string, std::string>;

// What is wrong with the settings of a mail server, beside those that every start needs.
std::string refusal(Variables variables) {
    variables.insert({{"AUXEIRA_APP_DSN", "dbname=x"},
                      {"AUXEIRA_JWT_SECRET", "a secret of thirty-two bytes: yes"},
                      {"AUXEIRA_VAULT_KEY", "ZGlmZmVyZW50IHNlY3JldCBieXRlcyBvZiB0aGUgdiE="}});
    try {
        read_settings([&](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
        });
        return "accepted";
    } catch (const SettingsError& error) {
        return error.what();
    }
}

std::string refusal(const std::string& url, Variables others) {
    others.insert({{"AUXEIRA_SMTP_URL", url}, {"AUXEIRA_SMTP_FROM", "no-reply@example.com"}});
    return refusal(others);
}

TEST(ApiMail, settings_of_a_server_go_together) {
    EXPECT_EQ("accepted", refusal("", {}));
    EXPECT_EQ("accepted", refusal("smtp://mail.example.com", {}));
    EXPECT_EQ("AUXEIRA_SMTP_FROM is not set; allowed: an address such as no-reply@example.com",
              refusal({{"AUXEIRA_SMTP_URL", "smtp://mail.example.com"}}));
    EXPECT_EQ(
        "AUXEIRA_SMTP_URL=mail.example.com is wrong; allowed: smtp://host[:port] or smtps://host[:port]",
        refusal("mail.example.com", {}));
    for (const char* from :
         {"nobody", "Auxeira <a@b.example>", "a@b.example\r\nBcc: c@d.example", "ä@b.example"})
        EXPECT_NE("accepted", refusal("smtp://mail.example.com", {{"AUXEIRA_SMTP_FROM", from}})) << from;
    for (const char* name : {"AUXEIRA_SMTP_USER", "AUXEIRA_SMTP_PASSWORD"})
        EXPECT_EQ("of AUXEIRA_SMTP_USER and AUXEIRA_SMTP_PASSWORD one is set; allowed: both or none",
                  refusal("smtp://mail.example.com", {{name, "x"}}));
    for (const char* path : {"/nowhere", "/", "/dev/null"})
        EXPECT_NE("accepted", refusal("smtp://mail.example.com", {{"AUXEIRA_SMTP_CA", path}})) << path;
}

TEST(ApiMail, nothing_goes_over_a_network_in_the_clear_by_mistake) {
    const Variables login = {{"AUXEIRA_SMTP_USER", "u"}, {"AUXEIRA_SMTP_PASSWORD", "p"}};
    const auto with_tls = [&](const std::string& url, const std::string& tls, Variables others = {}) {
        others["AUXEIRA_SMTP_TLS"] = tls;
        return refusal(url, others);
    };
    for (const char* url : {"smtp://localhost:25", "smtp://127.0.0.1", "smtp://[::1]"})
        for (const char* tls : {"required", "optional", "off"})
            EXPECT_EQ("accepted", with_tls(url, tls, login)) << url << ' ' << tls;
    for (const char* url : {"smtp://mail.example.com", "smtp://10.0.0.1", "smtp://127.example.com"}) {
        EXPECT_EQ("accepted", with_tls(url, "required", login)) << url;
        EXPECT_EQ("accepted", with_tls(url, "optional")) << url;
        EXPECT_EQ(std::string("AUXEIRA_SMTP_TLS=optional is wrong with AUXEIRA_SMTP_URL=") + url +
                      "; allowed: required, for a server that gets a password",
                  with_tls(url, "optional", login));
        EXPECT_EQ(std::string("AUXEIRA_SMTP_TLS=off is wrong with AUXEIRA_SMTP_URL=") + url +
                      "; allowed: required or optional, and off for smtp:// on this machine",
                  with_tls(url, "off"));
    }
    EXPECT_NE("accepted", with_tls("smtps://localhost", "off"));
    EXPECT_NE("accepted", with_tls("smtp://localhost", "no"));
}

} // namespace
