// Mails as text: what was put in the outbox becomes an RFC 5322 message. Plain text only, so that nothing in
// it can act, and no value of a field can add a header or a line.
#pragma once

#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>

namespace auxeira::api {

// What the outbox holds.
struct Mail {
    std::string id; // the same at every try
    std::string recipient;
    std::string template_name;
    std::string fields; // a JSON object
    std::string token;  // of the link; empty where the mail has none
};

struct MailOrigin {
    std::string from;       // an address
    std::string public_url; // where the pages are
};

// Why a mail was not sent, and whether it is of no use to try again. The text names no recipient.
class MailError : public std::runtime_error {
public:
    MailError(const std::string& reason, bool is_permanent)
        : std::runtime_error(reason), is_permanent_(is_permanent) {}

    bool is_permanent() const { return is_permanent_; }

private:
    bool is_permanent_;
};

// local@domain, of characters that can stand in a header and in a command of SMTP as they are.
bool is_mail_address(std::string_view text);

// The whole message with CRLF line ends. Throws MailError.
std::string render(const Mail& mail, const MailOrigin& origin, std::time_t now);

} // namespace auxeira::api
