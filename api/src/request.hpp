// One HTTP request and the parser that reads it from whatever pieces the network delivers.
#pragma once

#include "chunks.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

struct HeaderField {
    std::string_view name;
    std::string_view value;
};

struct Request {
    Request() = default;
    Request(const Request&) = delete; // the views below point into `head`
    Request& operator=(const Request&) = delete;

    // Value of the first field with this lower-case name, empty when there is none.
    std::string_view header(std::string_view lower_case_name) const;
    std::size_t count(std::string_view lower_case_name) const;
    // The values of all fields of this name as one list (RFC 9110, 5.3).
    std::string list(std::string_view lower_case_name) const;

    std::string head;
    std::string method;
    std::string_view target;
    std::string_view path;
    std::string_view query;
    std::vector<HeaderField> headers;
    std::uint64_t content_length = 0;
    bool chunked = false;
    bool keep_alive = false;
    bool expects_continue = false;
    std::string body;

    bool has_body() const { return chunked || content_length > 0; }
};

// A request that cannot be understood or is too large; the connection is closed after the answer.
struct Refusal {
    int status = 400;
    std::string_view code;
    std::string_view reason;
};

// Works in two stages, so that its owner can decide about the body before any of it is read:
// feed() until `head`, accept_body(), feed() until `complete`.
class RequestParser {
public:
    enum class Step { more, head, complete, refused };

    static constexpr std::size_t max_head = 8192;
    static constexpr std::size_t max_target = 4096;
    static constexpr std::size_t max_fields = 100;

    explicit RequestParser(Request& request) : request_(request) {}

    // Takes from the front of the input and leaves what belongs to the next request.
    Step feed(std::string_view& input);

    // What is not stored is read and thrown away, so that the connection can go on after the answer.
    // False when the declared length exceeds the limit.
    bool accept_body(std::size_t limit, bool store);

    const Refusal& refusal() const { return refusal_; }

private:
    enum class State { head, decide, body, done };

    Step feed_head(std::string_view& input);
    Step feed_body(std::string_view& input);
    Step feed_chunks(std::string_view& input);
    Step parse_head();
    Step refuse(int status, std::string_view code, std::string_view reason);
    bool refused(int status, std::string_view code, std::string_view reason); // always false

    bool skip_leading_line();
    const char* fault_in_bytes(std::size_t from) const;
    Step oversized_head();
    bool request_line_is_strict(std::string_view line);
    bool fields_are_strict(std::string_view lines);
    bool run_library_parser();
    bool target_is_plain();
    bool framing_is_clear();
    bool fields_are_known();

    Request& request_;
    Refusal refusal_;
    State state_ = State::head;
    bool skipped_line_ = false;
    bool http10_ = false;
    std::size_t limit_ = 0;
    bool store_ = true;
    std::uint64_t remaining_ = 0;
    ChunkDecoder chunks_;
};

} // namespace auxeira::api
