#include "problem.hpp"

#include "json_object.hpp"
#include "url.hpp"

#include <array>
#include <charconv>

namespace auxeira::api {

namespace {

struct SqlstateRule {
    std::string_view prefix; // a whole SQLSTATE or the beginning of several; the first that fits counts
    int status;
    bool show;        // the message is written by the platform for its users
    bool list_faults; // DETAIL holds one fault in each line
    int retry_after;  // seconds
    std::string_view sentence;
};

// Class ZA is the platform's own (see the SQL API's list of private codes).
// clang-format off
constexpr std::array<SqlstateRule, 22> rules = {{
    {"ZA400", 400, true,  true,  0, "The request is missing something"},
    {"ZA401", 401, true,  false, 0, "A one-time code is needed"},
    {"ZA409", 409, true,  false, 0, "The request conflicts with what is stored"},
    {"ZA412", 412, true,  false, 0, "It has been changed since it was read"},
    {"ZA422", 422, true,  false, 0, "This key came with another request"},
    {"ZA429", 429, true,  false, 60, "Too many requests"},
    {"22023", 422, true,  true,  0, "A value in the request is not acceptable"},
    {"22",    422, false, false, 0, "A value in the request is not acceptable"},
    {"23502", 422, false, false, 0, "A required value is missing"},
    {"23514", 422, false, false, 0, "A value in the request is not acceptable"},
    {"23505", 409, false, false, 0, "The same thing already exists"},
    {"23503", 409, false, false, 0, "The request refers to something that does not exist or is still in use"},
    {"28",    401, true,  false, 0, "Authentication failed"},
    {"42501", 403, false, false, 0, "You are not allowed to do this"},
    {"P0002", 404, true,  false, 0, "Not found"},
    {"40001", 503, false, false, 1, "The service is busy, please try again"},
    {"40P01", 503, false, false, 1, "The service is busy, please try again"},
    {"55P03", 503, false, false, 1, "The service is busy, please try again"},
    {"57014", 504, false, false, 0, "The request took too long"},
    {"53",    503, false, false, 5, "The service is busy, please try again"},
    {"57P0",  503, false, false, 5, "The service is restarting, please try again"},
    {"08",    503, false, false, 5, "The service is restarting, please try again"},
}};
// clang-format on

constexpr int longest_delay = 3600;

// Hints of refusals that are shown all the same: they say what to do, and name nothing.
constexpr std::string_view verify_first = "Verify the e-mail address first.";

const SqlstateRule* rule_for(std::string_view sqlstate) {
    for (const SqlstateRule& rule : rules)
        if (sqlstate.starts_with(rule.prefix)) return &rule;
    return nullptr;
}

// The platform gives the seconds as the detail of ZA429.
int delay_of(std::string_view detail, int otherwise) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(detail.data(), detail.data() + detail.size(), seconds);
    const bool whole = error == std::errc() && end == detail.data() + detail.size();
    return whole && seconds > 0 && seconds <= longest_delay ? seconds : otherwise;
}

std::string errors_json(const std::vector<Fault>& faults) {
    std::string list;
    for (const Fault& fault : faults) {
        list += list.empty() ? '[' : ',';
        list += JsonObject().text("path", fault.path).text("message", fault.message).str();
    }
    return list + ']';
}

std::string header_lines(const Problem& problem) {
    std::string lines;
    if (problem.retry_after > 0) lines += "Retry-After: " + std::to_string(problem.retry_after) + "\r\n";
    if (problem.status == 401)
        lines += problem.invalid_token ? "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
                                       : "WWW-Authenticate: Bearer\r\n";
    return lines;
}

// Where the path of a fault ends: at the first `: ` that is not inside a quoted name.
std::size_t end_of_path(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        if (quoted && line[i] == '\\') {
            ++i;
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && line[i] == ':' && line[i + 1] == ' ') {
            return i;
        }
    }
    return line.find(": ");
}

} // namespace

std::vector<Fault> faults_of(std::string_view detail) {
    std::vector<Fault> faults;
    for (const std::string_view line : split(detail, '\n')) {
        const std::size_t colon = end_of_path(line);
        if (colon == std::string_view::npos) continue;
        faults.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
    }
    return faults;
}

Problem problem_of(const DatabaseError& error) {
    const SqlstateRule* rule = rule_for(error.sqlstate);
    if (rule == nullptr) return internal_error();
    Problem problem{.status = rule->status, .code = error.sqlstate, .error = std::string(rule->sentence)};
    problem.retry_after = rule->status == 429 ? delay_of(error.detail, rule->retry_after) : rule->retry_after;
    // Neither a wrong password nor a missing code is the fault of a token.
    problem.invalid_token = rule->status == 401 && error.sqlstate != "28P01" && error.sqlstate != "ZA401";
    if (!rule->show && error.hint == verify_first) problem.detail = problem.error + ". " + error.hint;
    if (!rule->show) return problem;
    problem.error = error.message;
    problem.detail = error.hint.empty() ? error.message : error.message + ". " + error.hint;
    if (rule->list_faults) problem.errors = faults_of(error.detail);
    return problem;
}

Problem unavailable() {
    return {.status = 503,
            .code = "database_unavailable",
            .error = "The database is not available, please try again",
            .retry_after = 5};
}

Problem overloaded() {
    return {.status = 503,
            .code = "overloaded",
            .error = "The service is busy, please try again",
            .retry_after = 1};
}

Problem internal_error() {
    return {.status = 500, .code = "internal_error", .error = "Internal server error"};
}

Problem nothing_here() {
    return {.status = 404, .code = "not_found", .error = "There is nothing here"};
}

Problem unauthenticated() {
    return {.status = 401, .code = "authentication_required", .error = "Authentication required"};
}

Problem invalid_token() {
    return {
        .status = 401, .code = "invalid_token", .error = "Invalid or expired token", .invalid_token = true};
}

Problem wrong_credentials() {
    return {.status = 401, .code = "28P01", .error = "Invalid credentials"};
}

Problem code_needed() {
    return {.status = 401, .code = "totp_required", .error = "A one-time code is needed"};
}

Problem too_many_attempts(int retry_after) {
    return {.status = 429,
            .code = "too_many_attempts",
            .error = "Too many attempts, please try again later",
            .retry_after = retry_after};
}

Problem forbidden() {
    return {.status = 403, .code = "42501", .error = "You are not allowed to do this"};
}

Problem malformed_json(const JsonFault& fault) {
    return {.status = 400,
            .code = "malformed_json",
            .error = "Malformed JSON at line " + std::to_string(fault.line) + ", byte " +
                     std::to_string(fault.byte) + ": " + fault.reason};
}

Problem missing_fields(const std::vector<std::string>& names) {
    Problem problem{.status = 400, .code = "ZA400", .error = "Missing required field: " + names.front()};
    for (const std::string& name : names)
        problem.errors.push_back({name, "is required"});
    return problem;
}

Problem unacceptable(std::vector<Fault> faults) {
    const std::string first = faults.front().path + " " + faults.front().message;
    return {.status = 422, .code = "22023", .error = first, .errors = std::move(faults)};
}

Problem unusable_link() {
    const std::string fault = "it has been used, has expired or never was";
    return {.status = 422,
            .code = "22023",
            .error = "invalid request: token: " + fault,
            .errors = {{"token", fault}}};
}

Response to_response(const Problem& problem, std::string_view path, std::string_view request_id) {
    JsonObject body;
    body.text("type", "about:blank").text("title", reason_phrase(problem.status));
    body.number("status", problem.status);
    body.text("detail", problem.detail.empty() ? problem.error : problem.detail);
    if (!path.empty()) body.text("instance", path);
    body.text("code", problem.code).text("error", problem.error).text("requestId", request_id);
    if (!problem.errors.empty()) body.raw("errors", errors_json(problem.errors));
    Response response{.status = problem.status, .body = body.str(), .content_type = problem_type};
    response.headers = header_lines(problem);
    response.close = problem.must_close;
    response.code = problem.code;
    return response;
}

} // namespace auxeira::api
