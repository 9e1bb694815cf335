#include "response.hpp"

#include <http_parser.h>

#include <array>
#include <ctime>

namespace auxeira::api {

namespace {

// Browsers heed the last line when it came through a proxy with TLS.
constexpr std::string_view constant_lines = "X-Content-Type-Options: nosniff\r\n"
                                            "Cross-Origin-Opener-Policy: same-origin\r\n"
                                            "Referrer-Policy: no-referrer\r\n"
                                            "Strict-Transport-Security: max-age=31536000\r\n";

// Formatted once a second by each thread.
std::string_view date_line() {
    thread_local std::time_t second = 0;
    thread_local std::array<char, 48> line{};
    thread_local std::size_t length = 0;
    const std::time_t now = std::time(nullptr);
    if (now != second) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        length = std::strftime(line.data(), line.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        second = now;
    }
    return {line.data(), length};
}

} // namespace

std::string_view reason_phrase(int status) {
    return http_status_str(static_cast<http_status>(status));
}

std::string response_head(const Response& response, bool keep_alive, std::string_view more) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
    head.reserve(512 + response.headers.size() + more.size());
    head.append(reason_phrase(response.status)).append("\r\n").append(date_line());
    // RFC 9110, 8.6: a 204 has no length, and of a 304 it would be that of the body which is not sent.
    if (response.status != 204 && response.status != 304) {
        head.append("Content-Type: ").append(response.content_type);
        if (!response.is_stream)
            head.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
        head.append("\r\n");
    }
    head.append("Cache-Control: ").append(response.caching).append("\r\n");
    head.append("Content-Security-Policy: ").append(response.policy).append("\r\n");
    head.append(constant_lines).append(more).append(response.headers);
    head.append(keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
    return head;
}

} // namespace auxeira::api
