#include "request.hpp"

#include "encoding.hpp"

#include <http_parser.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace auxeira::api {

namespace {

constexpr std::string_view head_end = "\r\n\r\n";

// Fields whose second copy another reader could prefer to the first.
constexpr std::array<std::string_view, 7> single_fields = {
    "host", "authorization", "content-length", "transfer-encoding", "content-type", "origin", "expect"};

bool is_token(char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_field_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), is_token);
}

bool is_visible(char c) {
    return c > 0x20 && c < 0x7F;
}

// Digits only: no sign, no list, no white space, and far from overflow.
std::optional<std::uint64_t> content_length(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool digits = !text.empty() && text.front() >= '0' && text.front() <= '9' && text.size() <= 15;
    if (!digits || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

int on_url(http_parser* parser, const char* at, std::size_t length) {
    static_cast<Request*>(parser->data)->target = {at, length};
    return 0;
}

int on_field(http_parser* parser, const char* at, std::size_t length) {
    static_cast<Request*>(parser->data)->headers.push_back({{at, length}, {}});
    return 0;
}

int on_value(http_parser* parser, const char* at, std::size_t length) {
    static_cast<Request*>(parser->data)->headers.back().value = trimmed({at, length});
    return 0;
}

// 1 = no body: the library is never shown one, because Debian's build of it is not strict about chunks
// (it reads `2 CRLF abXY` as a chunk).
int on_head(http_parser* parser) {
    Request& request = *static_cast<Request*>(parser->data);
    request.method = http_method_str(static_cast<http_method>(parser->method));
    request.keep_alive = http_should_keep_alive(parser) != 0;
    return 1;
}

http_parser_settings callbacks() {
    http_parser_settings settings;
    http_parser_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_field;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_head;
    return settings;
}

} // namespace

std::string_view Request::header(std::string_view name) const {
    for (const HeaderField& field : headers)
        if (field.name.size() == name.size() && lower(field.name) == name) return field.value;
    return {};
}

std::size_t Request::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(), [&](const auto& field) {
        return field.name.size() == name.size() && lower(field.name) == name;
    }));
}

std::string Request::list(std::string_view name) const {
    std::string all;
    for (const HeaderField& field : headers)
        if (field.name.size() == name.size() && lower(field.name) == name)
            all.append(all.empty() ? "" : ", ").append(field.value);
    return all;
}

RequestParser::Step RequestParser::feed(std::string_view& input) {
    switch (state_) {
    case State::head:
        return feed_head(input);
    case State::body:
        return request_.chunked ? feed_chunks(input) : feed_body(input);
    case State::decide:
        return Step::head;
    case State::done:
        break;
    }
    return Step::complete;
}

RequestParser::Step RequestParser::refuse(int status, std::string_view code, std::string_view reason) {
    state_ = State::done;
    refusal_ = {status, code, reason};
    return Step::refused;
}

bool RequestParser::refused(int status, std::string_view code, std::string_view reason) {
    refuse(status, code, reason);
    return false;
}

// Collects the whole head first: checks on raw bytes then need no state between pieces.
RequestParser::Step RequestParser::feed_head(std::string_view& input) {
    std::string& head = request_.head;
    const std::size_t before = head.size();
    const std::size_t taken = std::min(input.size(), max_head + head_end.size() - before);
    head.append(input.substr(0, taken));
    if (!skip_leading_line()) return refuse(400, "malformed_request", "request line expected");

    const std::size_t from = std::min(before, head.size());
    const std::size_t end = head.find(head_end, from < 3 ? 0 : from - 3);
    if (end != std::string::npos) {
        const std::size_t excess = head.size() - end - head_end.size();
        input.remove_prefix(taken - excess);
        head.resize(head.size() - excess);
    } else {
        input.remove_prefix(taken);
    }
    if (const char* fault = fault_in_bytes(from)) return refuse(400, "malformed_request", fault);
    if (end != std::string::npos) return head.size() > max_head ? oversized_head() : parse_head();
    return head.size() > max_head ? oversized_head() : Step::more;
}

// RFC 9112, 2.2: one empty line before the request line is skipped.
bool RequestParser::skip_leading_line() {
    std::string& head = request_.head;
    if (head.starts_with("\r\n") && !skipped_line_) {
        head.erase(0, 2);
        skipped_line_ = true;
    }
    if (head.empty() || (head == "\r" && !skipped_line_)) return true;
    return head.front() >= 'A' && head.front() <= 'Z';
}

// Bare CR or LF, NUL and other controls: two readers could see different lines. A final CR may still
// be followed by its LF in the next piece.
const char* RequestParser::fault_in_bytes(std::size_t from) const {
    const std::string& head = request_.head;
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    const auto next = [&](std::size_t i) {
        return std::find_if(head.begin() + static_cast<std::ptrdiff_t>(i), head.end(), is_control) -
               head.begin();
    };
    for (auto i = static_cast<std::size_t>(next(from == 0 ? 0 : from - 1)); i < head.size();
         i = static_cast<std::size_t>(next(i + 1))) {
        const char c = head[i];
        if (c == '\n' && (i == 0 || head[i - 1] != '\r')) return "line feed without carriage return";
        if (c == '\r' && i + 1 < head.size() && head[i + 1] != '\n')
            return "carriage return without line feed";
        if (c != '\r' && c != '\n' && c != '\t') return "control character in the head";
    }
    return nullptr;
}

RequestParser::Step RequestParser::oversized_head() {
    const std::size_t line = request_.head.find('\r');
    if (line == std::string::npos || line > max_target + 32)
        return refuse(414, "uri_too_long", "request target is longer than 4096 bytes");
    return refuse(431, "header_too_large", "header section is larger than 8192 bytes");
}

RequestParser::Step RequestParser::parse_head() {
    const std::string_view lines(request_.head.data(), request_.head.size() - head_end.size());
    const std::size_t line = std::min(lines.find("\r\n"), lines.size());
    const bool clear = request_line_is_strict(lines.substr(0, line)) &&
                       fields_are_strict(lines.substr(std::min(line + 2, lines.size()))) &&
                       run_library_parser() && target_is_plain() && framing_is_clear() && fields_are_known();
    if (!clear) return Step::refused;
    const std::size_t mark = request_.target.find('?');
    request_.path = request_.target.substr(0, mark);
    if (mark != std::string_view::npos) request_.query = request_.target.substr(mark + 1);
    state_ = State::decide;
    return Step::head;
}

// What the library would let pass (RFC 9112, 3): several spaces, other versions, a target of any length.
bool RequestParser::request_line_is_strict(std::string_view line) {
    const auto blanks = std::count_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; });
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (blanks != 2 || first == std::string_view::npos || first == last)
        return refused(400, "malformed_request", "request line is not `METHOD target HTTP/1.1`");
    if (last - first - 1 > max_target)
        return refused(414, "uri_too_long", "request target is longer than 4096 bytes");
    const std::string_view version = line.substr(last + 1);
    http10_ = version == "HTTP/1.0";
    if (http10_ || version == "HTTP/1.1") return true;
    return refused(505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
}

// RFC 9112, 5: no white space around a name, no folded lines (they begin with white space).
bool RequestParser::fields_are_strict(std::string_view lines) {
    std::size_t fields = 0;
    while (!lines.empty()) {
        const std::string_view field = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(std::min(field.size() + 2, lines.size()));
        if (++fields > max_fields) return refused(431, "header_too_large", "more than 100 header fields");
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos || !is_field_name(field.substr(0, colon)))
            return refused(400, "malformed_request", "malformed header field name");
    }
    return true;
}

bool RequestParser::run_library_parser() {
    static const http_parser_settings settings = callbacks();
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &request_;
    const std::string& head = request_.head;
    const std::size_t parsed = http_parser_execute(&parser, &settings, head.data(), head.size());
    const auto error = HTTP_PARSER_ERRNO(&parser);
    if (error == HPE_INVALID_METHOD) return refused(501, "unknown_method", "unknown request method");
    if (error == HPE_OK && parsed == head.size()) return true;
    return refused(400, "malformed_request", "malformed request head");
}

bool RequestParser::target_is_plain() {
    const std::string_view target = request_.target;
    const bool visible = std::all_of(target.begin(), target.end(), is_visible);
    const bool origin_form = target.starts_with('/') || (target == "*" && request_.method == "OPTIONS");
    if (visible && origin_form && target.find('#') == std::string_view::npos) return true;
    return refused(400, "malformed_request", "request target must be a path in visible ASCII");
}

// Exactly one way to see where the body ends, or no answer but 400 (RFC 9112, 6.3 and 11.2).
bool RequestParser::framing_is_clear() {
    for (const std::string_view name : single_fields)
        if (request_.count(name) > 1)
            return refused(400, "malformed_request", "header field given more than once");
    const bool has_length = request_.count("content-length") == 1;
    const auto length = content_length(request_.header("content-length"));
    request_.chunked = request_.count("transfer-encoding") == 1;
    request_.content_length = length.value_or(0);
    const bool known_coding = lower(request_.header("transfer-encoding")) == "chunked" && !http10_;
    if ((has_length && !length) || (request_.chunked && (has_length || !known_coding)))
        return refused(400, "malformed_request", "unclear message length");
    return true;
}

bool RequestParser::fields_are_known() {
    if (!http10_ && request_.header("host").empty())
        return refused(400, "malformed_request", "one Host field is required");
    const std::string expectation = lower(request_.header("expect"));
    request_.expects_continue = expectation == "100-continue" && !http10_;
    if (expectation.empty() || expectation == "100-continue") return true;
    return refused(417, "expectation_failed", "only `Expect: 100-continue` is understood");
}

bool RequestParser::accept_body(std::size_t limit, bool store) {
    limit_ = limit;
    store_ = store;
    remaining_ = request_.content_length;
    state_ = request_.has_body() ? State::body : State::done;
    if (request_.content_length <= limit) return true;
    return refused(413, "body_too_large", "request body is larger than this endpoint allows");
}

RequestParser::Step RequestParser::feed_body(std::string_view& input) {
    const std::size_t length = std::min<std::uint64_t>(remaining_, input.size());
    if (store_) request_.body.append(input.substr(0, length));
    input.remove_prefix(length);
    remaining_ -= length;
    if (remaining_ > 0) return Step::more;
    state_ = State::done;
    return Step::complete;
}

RequestParser::Step RequestParser::feed_chunks(std::string_view& input) {
    switch (chunks_.feed(input, request_.body, limit_, store_)) {
    case ChunkDecoder::Step::more:
        return Step::more;
    case ChunkDecoder::Step::complete:
        state_ = State::done;
        return Step::complete;
    case ChunkDecoder::Step::too_large:
        return refuse(413, "body_too_large", "request body is larger than this endpoint allows");
    case ChunkDecoder::Step::malformed:
        break;
    }
    return refuse(400, "malformed_request", "malformed chunked body");
}

} // namespace auxeira::api
