// The request parser, fed whole, in halves and byte by byte.
#include "request.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace {

using auxeira::api::Request;
using auxeira::api::RequestParser;
using Step = RequestParser::Step;

constexpr std::size_t body_limit = 100;

// What came of a stream of bytes: the complete requests, then perhaps a refusal.
struct Outcome {
    std::deque<Request> requests;
    int refused = 0; // status
    bool unfinished = false;
};

void feed(Outcome& outcome, std::unique_ptr<RequestParser>& parser, std::string_view input) {
    while (outcome.refused == 0) {
        if (!parser) parser = std::make_unique<RequestParser>(outcome.requests.emplace_back());
        const Step step = parser->feed(input);
        if (step == Step::head && !parser->accept_body(body_limit, true))
            outcome.refused = parser->refusal().status;
        if (step == Step::refused) outcome.refused = parser->refusal().status;
        if (step == Step::complete) parser.reset();
        if (step == Step::more || (step == Step::complete && input.empty())) return;
    }
}

Outcome parse(const std::string& text, std::size_t piece) {
    Outcome outcome;
    std::unique_ptr<RequestParser> parser;
    for (std::size_t i = 0; i < text.size(); i += piece)
        feed(outcome, parser, std::string_view(text).substr(i, piece));
    outcome.unfinished = parser != nullptr && outcome.refused == 0;
    if (parser) outcome.requests.pop_back();
    return outcome;
}

// The same must come out however the bytes are cut.
Outcome parse(const std::string& text) {
    Outcome whole = parse(text, text.size());
    for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
        const Outcome pieces = parse(text, piece);
        EXPECT_EQ(pieces.refused, whole.refused) << "in pieces of " << piece << ": " << text;
        EXPECT_EQ(pieces.requests.size(), whole.requests.size()) << "in pieces of " << piece << ": " << text;
        for (std::size_t i = 0; i < std::min(pieces.requests.size(), whole.requests.size()); ++i)
            EXPECT_EQ(pieces.requests[i].body, whole.requests[i].body) << "in pieces of " << piece;
    }
    return whole;
}

int refused(const std::string& text) {
    return parse(text).refused;
}

std::string post(const std::string& fields, const std::string& body = {}) {
    return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}

std::string get(const std::string& fields = {}) {
    return "GET /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

TEST(ApiRequest, plain_request) {
    const Outcome outcome =
        parse("GET /a/b?c=d&e HTTP/1.1\r\nHost: h\r\nX-Thing:  value \t\r\nEmpty:\r\n\r\n");
    ASSERT_EQ(outcome.requests.size(), 1U);
    const Request& request = outcome.requests.front();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.path, "/a/b");
    EXPECT_EQ(request.query, "c=d&e");
    EXPECT_EQ(request.header("x-thing"), "value");
    EXPECT_EQ(request.count("empty"), 1U);
    EXPECT_EQ(request.header("empty"), "");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(request.has_body());
}

TEST(ApiRequest, keep_alive_follows_version_and_field) {
    EXPECT_FALSE(parse(get("Connection: close\r\n")).requests.front().keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").requests.front().keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").requests.front().keep_alive);
}

TEST(ApiRequest, body_by_length) {
    const Outcome outcome = parse(post("Content-Length: 7\r\n", "{\"a\":1}"));
    ASSERT_EQ(outcome.requests.size(), 1U);
    EXPECT_EQ(outcome.requests.front().body, "{\"a\":1}");
    EXPECT_TRUE(parse(post("Content-Length: 8\r\n", "{\"a\":1}")).unfinished);
}

TEST(ApiRequest, body_in_chunks) {
    const Outcome outcome =
        parse(post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n0A\r\n0123456789\r\n0\r\n\r\n") + get());
    ASSERT_EQ(outcome.requests.size(), 2U);
    EXPECT_EQ(outcome.requests.front().body, "ab0123456789");
}

TEST(ApiRequest, malformed_chunks_are_refused) {
    for (const char* body :
         {"2;ext=1\r\nab\r\n0\r\n\r\n", "2 \r\nab\r\n0\r\n\r\n", " 2\r\nab\r\n0\r\n\r\n",
          "0x2\r\nab\r\n0\r\n\r\n", "+2\r\nab\r\n0\r\n\r\n", "-2\r\nab\r\n", "\r\nab\r\n", "g\r\n",
          "2\nab\n0\n\n", "2\r\nabXY0\r\n\r\n", "2\r\nabc\r\n0\r\n\r\n", "2\r\r\n", "0\r\nTrailer: x\r\n\r\n",
          "0\r\n\n", "000000002\r\nab\r\n", "fffffffffffffffff\r\n"})
        EXPECT_EQ(refused(post("Transfer-Encoding: chunked\r\n", body)), 400) << body;
}

TEST(ApiRequest, size_of_a_chunk_is_checked_before_its_data) {
    EXPECT_EQ(refused(post("Transfer-Encoding: chunked\r\n", "65\r\n")), 413);
    EXPECT_EQ(refused(post("Transfer-Encoding: chunked\r\n", "ffffffff\r\n")), 413);
    EXPECT_EQ(refused(post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n64\r\n")), 413) << "in sum";
    EXPECT_EQ(refused(post("Transfer-Encoding: chunked\r\n", "64\r\n")), 0);
}

TEST(ApiRequest, length_is_checked_before_the_body) {
    EXPECT_EQ(refused(post("Content-Length: 100\r\n")), 0);
    EXPECT_EQ(refused(post("Content-Length: 101\r\n")), 413);
    EXPECT_EQ(refused(post("Content-Length: 10000000000\r\n")), 413);
}

TEST(ApiRequest, unclear_length_is_refused) {
    for (const char* fields :
         {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n",
          "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "Content-Length: +2\r\n",
          "Content-Length: -2\r\n", "Content-Length: 2, 2\r\n", "Content-Length: 2abc\r\n",
          "Content-Length: 0x2\r\n", "Content-Length: \r\n", "Content-Length: 2 2\r\n",
          "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: gzip\r\n",
          "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: xchunked\r\n",
          "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding:\r\n"})
        EXPECT_EQ(refused(post(fields, "2\r\n{}\r\n0\r\n\r\n")), 400) << fields;
    EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(ApiRequest, head_lines_are_strict) {
    for (const char* text : {"GET /x HTTP/1.1\nHost: h\n\n",
                             "GET /x HTTP/1.1\r\nHost: h\nA: b\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost: h\rA: b\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
                             "GET /x HTTP/1.1\r\n Host: h\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost : h\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost: h\r\nA\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost: h\r\nA b: c\r\n\r\n",
                             "GET /x HTTP/1.1\r\nHost: h\r\nA(: c\r\n\r\n",
                             "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /x  HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /x HTTP/1.1 \r\nHost: h\r\n\r\n",
                             "GET\t/x\tHTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /x\r\n\r\n",
                             "get /x HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET x HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n",
                             "GET /x#y HTTP/1.1\r\nHost: h\r\n\r\n",
                             "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
                             "\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n",
                             "\x16\x03\x01\x02",
                             "GET /x HTTP/1.1\r\nHost: h\r\nA: \x01\r\n\r\n"})
        EXPECT_EQ(refused(text), 400) << text;
}

TEST(ApiRequest, nul_is_refused) {
    using namespace std::string_literals;
    EXPECT_EQ(refused("GET /x HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n"s), 400);
    EXPECT_EQ(refused("GET /\0x HTTP/1.1\r\nHost: h\r\n\r\n"s), 400);
    EXPECT_EQ(refused("\0"s), 400);
}

TEST(ApiRequest, only_two_versions_are_spoken) {
    for (const char* version : {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/1.", "HTTP/11", "HTTP/1.10",
                                "http/1.1", "HTTQ/1.1", "XHTTP/1.1"})
        EXPECT_EQ(refused(std::string("GET /x ") + version + "\r\nHost: h\r\n\r\n"), 505) << version;
}

TEST(ApiRequest, unknown_methods_are_refused) {
    EXPECT_EQ(refused("FOO /x HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
    EXPECT_EQ(refused("TRACE /x HTTP/1.1\r\nHost: h\r\n\r\n"), 0) << "known, and refused by the routes";
}

TEST(ApiRequest, some_fields_may_come_only_once) {
    EXPECT_EQ(refused("GET /x HTTP/1.1\r\n\r\n"), 400) << "no Host";
    EXPECT_EQ(refused(get("Host: h\r\n")), 400);
    EXPECT_EQ(refused(get("Authorization: a\r\nauthorization: a\r\n")), 400);
    EXPECT_EQ(refused(get("Content-Type: a\r\nContent-Type: a\r\n")), 400);
    EXPECT_EQ(refused(get("Origin: a\r\nOrigin: b\r\n")), 400);
    EXPECT_EQ(refused(get("Accept: a\r\nAccept: b\r\n")), 0);
}

TEST(ApiRequest, legal_oddities_are_accepted) {
    for (const char* fields :
         {"Cookie: a\r\n", "Cache-Control: immutable\r\n", "Date: yesterday\r\n", "Accept: ;;,\r\n",
          "Content-Type:\r\n", "X: \xff\xfe\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n"})
        EXPECT_EQ(refused(get(fields)), 0) << fields;
    EXPECT_EQ(parse("\r\n" + get()).requests.size(), 1U) << "one empty line before a request";
    EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").requests.size(), 1U);
}

TEST(ApiRequest, expectations) {
    EXPECT_TRUE(
        parse(post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x")).requests.front().expects_continue);
    EXPECT_FALSE(parse("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").requests.front().expects_continue);
    EXPECT_EQ(refused(post("Expect: 200-ok\r\n")), 417);
}

TEST(ApiRequest, sizes_of_the_head_are_limited) {
    const auto target = [](std::size_t length) {
        return "GET /" + std::string(length - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
    };
    EXPECT_EQ(refused(target(RequestParser::max_target)), 0);
    EXPECT_EQ(refused(target(RequestParser::max_target + 1)), 414);
    EXPECT_EQ(refused(target(20000)), 414);
    EXPECT_EQ(refused(std::string(100000, 'A')), 414);
    const auto head = [](std::size_t length) {
        return get("A: " + std::string(length - get("A: \r\n").size(), 'a') + "\r\n");
    };
    EXPECT_EQ(refused(head(RequestParser::max_head)), 0);
    EXPECT_EQ(refused(head(RequestParser::max_head + 1)), 431);
    EXPECT_EQ(refused(head(RequestParser::max_head + 5)), 431);
    EXPECT_EQ(refused(head(100000)), 431);
}

TEST(ApiRequest, number_of_fields_is_limited) {
    const auto fields = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 1; i < count; ++i)
            text += "A: b\r\n";
        return get(text);
    };
    EXPECT_EQ(refused(fields(RequestParser::max_fields)), 0);
    EXPECT_EQ(refused(fields(RequestParser::max_fields + 1)), 431);
}

TEST(ApiRequest, pipelined_requests_come_in_order) {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + get();
    const Outcome outcome = parse(text);
    ASSERT_EQ(outcome.requests.size(), 40U);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(outcome.requests[2 * i].path, "/" + std::to_string(i));
}

TEST(ApiRequest, nothing_after_a_refusal_is_read) {
    const Outcome outcome = parse(get() + post("Content-Length: 101\r\n") + get());
    EXPECT_EQ(outcome.refused, 413);
    EXPECT_EQ(outcome.requests.size(), 1U);
}

TEST(ApiRequest, unwanted_body_is_read_but_not_kept) {
    Request request;
    RequestParser parser(request);
    const std::string text = post("Content-Length: 5\r\n", "abcde") + "GET";
    std::string_view input = text;
    EXPECT_EQ(parser.feed(input), Step::head);
    EXPECT_TRUE(parser.accept_body(body_limit, false));
    EXPECT_EQ(parser.feed(input), Step::complete);
    EXPECT_EQ(request.body, "");
    EXPECT_EQ(input, "GET");
}

} // namespace
