#include "mail.hpp"

#include "encoding.hpp"
#include "json.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace auxeira::api {

namespace {

constexpr std::size_t longest_name = 80;          // characters of a field
constexpr std::size_t longest_line = 76;          // RFC 2045
constexpr std::size_t longest_plain_subject = 60; // with its name still within 78
constexpr std::size_t encoded_word_bytes = 39;    // 64 characters: within 76 behind the name

// {name} is a field of the mail; {link} and {site} are known to every text.
struct Template {
    std::string_view name;
    std::string_view subject;
    std::string_view page; // of the link; empty = no link
    std::string_view text;
};

constexpr std::array<Template, 6> templates = {{
    {"verify_email", "Confirm your e-mail address", "/verify-email",
     R"(this address was used to register with Auxeira. To confirm that it is
yours, open this page and press the button:

{link}

The link works for 24 hours.

If this was not you, you can ignore this mail: the address then stays
unconfirmed.)"},

    {"already_registered", "You already have an Auxeira account", "",
     R"(this address was used to register with Auxeira, but you already have an
account with it. Nothing in your account has changed.

If it was you: log in at {site} as usual. If you forgot
your password, you can ask for a new one there.

If this was not you, you can ignore this mail.)"},

    {"reset_password", "Choose a new password", "/reset-password",
     R"(somebody asked for a new password for your Auxeira account. To choose one,
open this page:

{link}

The link works for 30 minutes, and once.

If this was not you, you can ignore this mail: your password stays as it is.)"},

    {"password_changed", "Your password was changed", "",
     R"(the password of your Auxeira account was changed at {at}.
Your other sessions have been ended.

If this was not you, ask for a new password at {site}
at once.)"},

    {"invitation", "Invitation to {organization}", "/invitation",
     R"({inviter} invites you to join "{organization}" on Auxeira.
Your role would be: {role}. To accept, open this page and press the button:

{link}

The link works for 7 days.

If this was not meant for you, you can ignore this mail: you join nothing
by doing nothing.)"},

    {"second_factor_changed", "Your second factor was changed", "",
     R"(the second factor of your Auxeira account was changed at {at}:
{what}.

If this was not you, ask for a new password at {site}
at once.)"},
}};

constexpr std::string_view greeting = "Hello,\n\n";
constexpr std::string_view closing = "\n\nAuxeira\n";

const Template& template_named(const std::string& name) {
    const auto found = std::find_if(templates.begin(), templates.end(),
                                    [&](const Template& candidate) { return candidate.name == name; });
    // A newer process of the service may know it.
    if (found == templates.end()) throw MailError("the template is unknown", false);
    return *found;
}

std::size_t character_size(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (text[size] & 0xC0) == 0x80)
        ++size;
    return size;
}

// Also what ends a line or turns the direction of writing in Unicode. UTF-8 sorts as its characters do.
bool is_control(std::string_view character) {
    const auto within = [&](std::string_view first, std::string_view last) {
        return character >= first && character <= last;
    };
    return character < " " || within("\x7F", "\xC2\x9F") || within("\u2028", "\u202E") ||
           within("\u2066", "\u2069");
}

// One line, with single blanks, not too long.
std::string plain(std::string_view text) {
    if (!is_utf8(text)) return "?";
    std::string out;
    bool blank = false;
    for (std::size_t left = longest_name; !text.empty();) {
        const std::string_view character = text.substr(0, character_size(text));
        text.remove_prefix(character.size());
        if (character == " " || is_control(character)) {
            blank = !out.empty();
            continue;
        }
        if (left-- == 0) return out + "\u2026";
        if (blank) out += ' ';
        blank = false;
        out += character;
    }
    return out;
}

// "2026-08-01T12:34:56.789+00:00" as people read it.
std::string moment(const std::string& text) {
    constexpr std::size_t minutes_end = 16;
    if (text.size() <= minutes_end || text[10] != 'T') return text;
    const std::size_t zone = text.find_first_of("Z+-", minutes_end);
    if (zone == std::string::npos) return text;
    const std::string offset = text.substr(zone);
    const bool is_utc = offset == "Z" || offset == "+00:00";
    return text.substr(0, 10) + ' ' + text.substr(11, 5) + ' ' + (is_utc ? "UTC" : offset);
}

std::string link(const Mail& mail, const MailOrigin& origin, const Template& form) {
    if (mail.token.empty()) throw MailError("the link has no token", true);
    // In the fragment, which browsers send to no server.
    return origin.public_url + std::string(form.page) + "#token=" + mail.token;
}

// The values for the names in braces.
Parameters values_of(const Mail& mail, const MailOrigin& origin, const Template& form) {
    if (check_object(mail.fields)) throw MailError("the fields are not a JSON object", true);
    Parameters values;
    for (const JsonMember& member : members(mail.fields)) {
        const std::string value = plain(string_value(member.value).value_or(std::string(member.value)));
        values.emplace_back(member.name, member.name == "at" ? moment(value) : value);
    }
    values.emplace_back("site", origin.public_url);
    if (!form.page.empty()) values.emplace_back("link", link(mail, origin, form));
    return values;
}

const std::string& value_of(const Parameters& values, std::string_view name) {
    // The last of two, so that no field can stand for the link.
    const auto found =
        std::find_if(values.rbegin(), values.rend(), [&](const auto& value) { return value.first == name; });
    if (found == values.rend()) throw MailError("field " + std::string(name) + " is missing", false);
    return found->second;
}

// In one pass, so that braces in a value stay what they are.
std::string filled(std::string_view text, const Parameters& values) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = std::min(text.find('{', at), text.size());
        out += text.substr(at, open - at);
        if (open == text.size()) break;
        const std::size_t close = text.find('}', open);
        out += value_of(values, text.substr(open + 1, close - open - 1));
        at = close + 1;
    }
    return out;
}

std::string base64(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // the terminating NUL
    return text;
}

bool is_visible_ascii(char c) {
    return c > ' ' && c < '\x7F';
}

// RFC 2047: words of whole characters, one on each line.
std::string encoded_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t size = 0;
        while (size < text.size()) {
            const std::size_t next = size + character_size(text.substr(size));
            if (next > encoded_word_bytes) break;
            size = next;
        }
        out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(0, size)) + "?=";
        text.remove_prefix(size);
    }
    return out;
}

// A plain subject that looks encoded is encoded too, so that it is shown as it is.
std::string subject(const std::string& text) {
    const bool is_ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || is_visible_ascii(c); });
    const bool is_simple =
        is_ascii && text.size() <= longest_plain_subject && text.find("=?") == std::string::npos;
    return is_simple ? text : encoded_words(text);
}

// RFC 2045. A blank at the end of a line would get lost on the way.
std::string quoted_printable_line(std::string_view line) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    std::size_t width = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const auto byte = static_cast<unsigned char>(c);
        const bool is_literal = (is_visible_ascii(c) && c != '=') || (c == ' ' && i + 1 < line.size());
        const std::size_t size = is_literal ? 1 : 3;
        if (width + size > longest_line - 1) {
            out += "=\r\n";
            width = 0;
        }
        out += is_literal ? std::string(1, c) : std::string{'=', digits[byte >> 4U], digits[byte & 0xFU]};
        width += size;
    }
    return out + "\r\n";
}

std::string quoted_printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        const bool has_end = text[end] == '\n';
        out += quoted_printable_line(text.substr(0, has_end ? end : text.size()));
        text.remove_prefix(end + 1);
    }
    return out;
}

// RFC 5322, UTC. The program never sets a locale, so the names are English.
std::string date(std::time_t now) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    return {text.data(), length};
}

} // namespace

bool is_mail_address(std::string_view text) {
    constexpr std::string_view special = " \"(),:;<>[\\]";
    const std::size_t at = text.find('@');
    if (at == 0 || at == std::string_view::npos || at + 1 == text.size() || text.size() > 254) return false;
    if (text.find('@', at + 1) != std::string_view::npos || !is_utf8(text)) return false;
    for (; !text.empty(); text.remove_prefix(character_size(text)))
        if (special.find(text.front()) != std::string_view::npos ||
            is_control(text.substr(0, character_size(text))))
            return false;
    return true;
}

std::string render(const Mail& mail, const MailOrigin& origin, std::time_t now) {
    if (!is_mail_address(mail.recipient)) throw MailError("the recipient is not an address", true);
    const Template& form = template_named(mail.template_name);
    const Parameters values = values_of(mail, origin, form);
    const std::string text = std::string(greeting) + filled(form.text, values) + std::string(closing);
    return "From: Auxeira <" + origin.from + ">\r\nTo: <" + mail.recipient +
           ">\r\nSubject: " + subject(filled(form.subject, values)) + "\r\nDate: " + date(now) +
           "\r\nMessage-ID: <" + mail.id + origin.from.substr(origin.from.find('@')) +
           ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8"
           "\r\nContent-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n" +
           quoted_printable(text);
}

} // namespace auxeira::api
