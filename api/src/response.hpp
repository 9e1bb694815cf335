// What is answered, and its bytes. Every header line is written here, none by a library.
#pragma once

#include <string>
#include <string_view>

namespace auxeira::api {

inline constexpr std::string_view json_type = "application/json; charset=utf-8";
inline constexpr std::string_view csv_type = "text/csv; charset=utf-8; header=present";
inline constexpr std::string_view stream_type = "text/event-stream; charset=utf-8";
inline constexpr std::string_view problem_type = "application/problem+json; charset=utf-8";

// For answers that are data: never a page or a frame.
inline constexpr std::string_view data_policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
// For pages: of what came from here, and nothing that is written into them. Pictures are also drawn by style
// sheets.
inline constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

struct Response {
    int status = 200;
    std::string body = {};
    std::string_view content_type = json_type;
    std::string_view caching = "no-store";
    std::string_view policy = data_policy; // of contents
    std::string headers = {};              // further lines, each with its CRLF
    bool close = false;
    bool is_stream = false;    // its body has no end yet
    std::string sqlstate = {}; // for the log
    std::string code = {};     // of a problem, for the figures
    std::string etag = {};     // of the body before it is compressed, without quotes
};

std::string_view reason_phrase(int status);

// 501 and 505 tell of the client's request: whoever sends nonsense must not raise an alarm.
constexpr bool is_own_failure(int status) {
    return status >= 500 && status != 501 && status != 505;
}

// The head as sent. `more` holds lines that belong to the request (its id, CORS).
std::string response_head(const Response& response, bool keep_alive, std::string_view more);

} // namespace auxeira::api
