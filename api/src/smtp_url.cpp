#include "smtp_url.hpp"

#include "socket_address.hpp"

#include <curl/curl.h>

#include <memory>

namespace auxeira::api {

namespace {

// Empty when the URL has no such part.
std::string part(CURLU* url, CURLUPart which) {
    char* found = nullptr;
    if (curl_url_get(url, which, &found, 0) != CURLUE_OK) return "";
    const std::unique_ptr<char, decltype(&curl_free)> text(found, curl_free);
    return text.get();
}

} // namespace

std::optional<SmtpUrl> smtp_url(const std::string& text) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return std::nullopt;
    const std::string scheme = part(url.get(), CURLUPART_SCHEME);
    const std::string host = part(url.get(), CURLUPART_HOST);
    const std::string port = part(url.get(), CURLUPART_PORT);
    // What was not understood, a user or a path for instance, would be missing here.
    const std::string understood = scheme + "://" + host + (port.empty() ? "" : ':' + port);
    if ((scheme != "smtp" && scheme != "smtps") || understood != text || port == "0") return std::nullopt;
    return SmtpUrl{scheme == "smtps", host == "[::1]" || is_loopback(host), host};
}

} // namespace auxeira::api
