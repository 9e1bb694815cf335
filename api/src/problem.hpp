// Failures as problem+json (RFC 9457), and the table from SQLSTATE to HTTP status.
#pragma once

#include "json.hpp"
#include "response.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

// The fields of a failed statement.
struct DatabaseError {
    std::string sqlstate;
    std::string message;
    std::string detail;
    std::string hint;
};

struct Fault {
    std::string path;
    std::string message;
};

struct Problem {
    int status = 500;
    std::string code; // SQLSTATE or a stable word
    std::string error;
    std::string detail = {}; // the error again when empty
    std::vector<Fault> errors = {};
    int retry_after = 0;        // seconds, 0 = no such header
    bool invalid_token = false; // for WWW-Authenticate
    bool must_close = false;
};

// Only messages that the platform itself writes are shown; any other text could name tables or carry values.
Problem problem_of(const DatabaseError& error);

// The `path: message` lines of a DETAIL field.
std::vector<Fault> faults_of(std::string_view detail);

// Answers that several places give.
Problem unavailable();
Problem overloaded();
Problem internal_error();
Problem nothing_here();
Problem unauthenticated();
Problem invalid_token();
Problem wrong_credentials();
Problem code_needed();                      // of a second factor
Problem too_many_attempts(int retry_after); // seconds
Problem forbidden();
Problem unusable_link(); // in the words of the SQL API
Problem malformed_json(const JsonFault& fault);
Problem missing_fields(const std::vector<std::string>& names);
Problem unacceptable(std::vector<Fault> faults);

Response to_response(const Problem& problem, std::string_view path, std::string_view request_id);

} // namespace auxeira::api
