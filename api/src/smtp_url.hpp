// smtp://host[:port] and smtps://host[:port], nothing else.
#pragma once

#include <optional>
#include <string>

namespace auxeira::api {

struct SmtpUrl {
    bool is_encrypted; // from the first byte on
    bool is_loopback;
    std::string host;
};

std::optional<SmtpUrl> smtp_url(const std::string& text);

} // namespace auxeira::api
